#include "shared/own_telemetry/target.h"

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/registry.h"

namespace otelpipe::own_telemetry {
namespace {

ConfigNode Text(std::string text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kString;
  node.text = std::move(text);
  return node;
}
ConfigNode Flag(bool value) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kBool;
  node.boolean = value;
  node.text = value ? "true" : "false";
  return node;
}
ConfigNode EmptyMap() {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kMap;
  return node;
}
void Put(ConfigNode& map, std::string key, ConfigNode value) { map.entries.push_back({std::move(key), {}, std::move(value)}); }

}  // namespace

absl::Status PositiveMillis(const char* name, int64_t value) {
  return value > 0 ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrCat("'", name, "' must be greater than 0"));
}

void Header::Describe(Fields<Header>& f) {
  f.Required("name", &Header::name, "Name of the header.");
  f.Optional("value", &Header::value, "Its value.");
}

void DecodeField(const ConfigNode& node, Headers& out, DecodeContext& context) {
  if (node.is_map()) {
    std::map<std::string, std::string> plain;
    DecodeField(node, plain, context);
    for (auto& [name, value] : plain) out.all.push_back({name, std::move(value)});
  } else {
    DecodeField(node, out.all, context);
  }
}

void OtlpTarget::Describe(Fields<OtlpTarget>& f) {
  f.OneOf("protocol", &OtlpTarget::protocol, {"http/protobuf", "grpc", "grpc/protobuf"}, "unsupported protocol ", "How to send.");
  f.Required("endpoint", &OtlpTarget::endpoint, "Where to send, as URL.");
  f.Optional("headers", &OtlpTarget::headers, "Headers of each request: a list of name and value, or a map.");
  f.OneOf("compression", &OtlpTarget::compression, {"", "none", "gzip"}, "unsupported compression ", "none or gzip.");
  f.Optional("timeout", &OtlpTarget::timeout, "Limit of one request in milliseconds.");
  f.Optional("insecure", &OtlpTarget::insecure, "No TLS; without it the scheme of the endpoint says so.");
  f.Optional("certificate", &OtlpTarget::certificate, "Trust roots of the peer, PEM file.");
  f.Optional("client_certificate", &OtlpTarget::client_certificate, "Own certificate, PEM file.");
  f.Optional("client_key", &OtlpTarget::client_key, "Its key, PEM file.");
  f.Unsupported("headers_list", "write headers");
  f.Validate([](const OtlpTarget& t) { return PositiveMillis("timeout", t.timeout); });
}

void ConsoleTarget::Describe(Fields<ConsoleTarget>&) {}

std::pair<std::string, ConfigNode> ExporterFor(const OtlpTarget& target, Signal signal) {
  const bool http = target.protocol == "http/protobuf";
  const bool logs = signal == Signal::kLogs;
  ConfigNode node = EmptyMap(), tls = EmptyMap(), queue = EmptyMap();
  std::string endpoint = target.endpoint;
  if (http) {
    const char* const path_of_signal = logs ? "v1/logs" : "v1/metrics";
    if (!absl::StrContains(endpoint, "://")) endpoint = absl::StrCat(target.insecure.value_or(false) ? "http://" : "https://", endpoint);
    const size_t path = endpoint.find('/', endpoint.find("://") + 3);
    if (path == std::string::npos) {
      absl::StrAppend(&endpoint, "/", path_of_signal);
    } else if (path + 1 == endpoint.size()) {
      endpoint += path_of_signal;
    }
    Put(node, logs ? "logs_endpoint" : "metrics_endpoint", Text(std::move(endpoint)));
  } else {
    Put(tls, "insecure", Flag(target.insecure.value_or(absl::StartsWith(endpoint, "http://"))));
    Put(node, "endpoint", Text(std::move(endpoint)));
  }
  if (!target.certificate.empty()) Put(tls, "ca_file", Text(target.certificate));
  if (!target.client_certificate.empty()) Put(tls, "cert_file", Text(target.client_certificate));
  if (!target.client_key.empty()) Put(tls, "key_file", Text(target.client_key));
  Put(node, "tls", std::move(tls));
  ConfigNode headers = EmptyMap();
  for (const Header& h : target.headers.all) Put(headers, h.name, Text(h.value));
  if (!headers.entries.empty()) Put(node, "headers", std::move(headers));
  Put(node, "compression", Text(target.compression.empty() ? "none" : target.compression));
  Put(node, "timeout", Text(absl::StrCat(target.timeout, "ms")));
  // Metrics are all there again in the next sending, so they are neither queued nor sent twice. Log lines have a queue before the exporter; one request is
  // tried again for a minute, as the SDK of the reference does.
  Put(queue, "enabled", Flag(false));
  ConfigNode retry = EmptyMap();
  Put(retry, "enabled", Flag(logs));
  if (logs) Put(retry, "max_elapsed_time", Text("1m"));
  Put(node, "sending_queue", std::move(queue));
  Put(node, "retry_on_failure", std::move(retry));
  return {http ? "otlphttp" : "otlp", std::move(node)};
}

absl::StatusOr<std::unique_ptr<Exporter>> MakeOwnExporter(const OtlpTarget& target, Signal signal, const Context& context, Metrics* uncounted) {
  const char* const what = signal == Signal::kLogs ? "logs" : "metrics";
  auto [type, node] = ExporterFor(target, signal);
  const ComponentFactory* factory = context.registry != nullptr ? context.registry->Find(ComponentKind::kExporter, type) : nullptr;
  if (factory == nullptr) return absl::NotFoundError(absl::StrCat("own ", what, " cannot be sent: this program has no exporter ", type));
  std::vector<ConfigError> errors;
  DecodeContext decode(&errors, "", "");
  decode.registry = context.registry;
  const AnyConfig config = factory->decode(node, decode);
  if (decode.error_count() > 0) return ConfigErrorsToStatus(errors);
  Context its = context;
  its.id = {type, absl::StrCat("own_", what)};
  its.kind = ComponentKind::kExporter;
  its.signal = signal;
  its.metrics = uncounted;
  return factory->make_exporter(config, std::move(its));
}

}  // namespace otelpipe::own_telemetry
