#include "extension/telemetry_metrics/push.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "extension/telemetry_metrics/own_page.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/registry.h"

namespace otelpipe::own_metrics {
namespace {

constexpr std::string_view kProcessScope = "go.opentelemetry.io/collector/service";

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

absl::Status PositiveMillis(const char* name, int64_t value) {
  return value > 0 ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrCat("'", name, "' must be greater than 0"));
}

}  // namespace

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
  f.OneOf("temporality_preference", &OtlpTarget::temporality_preference, {"", "cumulative"}, "only cumulative metrics are sent, not ",
          "cumulative.");
  f.Unsupported("headers_list", "write headers");
  f.Unsupported("default_histogram_aggregation", "histograms have fixed bounds");
  f.Validate([](const OtlpTarget& t) { return PositiveMillis("timeout", t.timeout); });
}

void PushExporter::Describe(Fields<PushExporter>& f) {
  f.Optional("otlp", &PushExporter::otlp, "Sends OTLP.");
  f.Unsupported("console", "use a pull reader and look at its page");
  f.Validate([](const PushExporter& e) { return e.otlp ? absl::OkStatus() : absl::InvalidArgumentError("no valid metric exporter"); });
}

void Periodic::Describe(Fields<Periodic>& f) {
  f.Optional("interval", &Periodic::interval, "Time between two sendings in milliseconds.");
  f.Optional("timeout", &Periodic::timeout, "Limit of one sending in milliseconds.");
  f.Optional("exporter", &Periodic::exporter, "Who sends.");
  f.Unsupported("producers", "there are no other producers");
  f.Validate([](const Periodic& p) -> absl::Status {
    OTELPIPE_RETURN_IF_ERROR(PositiveMillis("interval", p.interval));
    OTELPIPE_RETURN_IF_ERROR(PositiveMillis("timeout", p.timeout));
    return p.exporter ? absl::OkStatus() : absl::InvalidArgumentError("no valid metric exporter");
  });
}

std::pair<std::string, ConfigNode> ExporterFor(const OtlpTarget& target) {
  const bool http = target.protocol == "http/protobuf";
  ConfigNode node = EmptyMap(), tls = EmptyMap(), queue = EmptyMap();
  std::string endpoint = target.endpoint;
  if (http) {
    if (!absl::StrContains(endpoint, "://")) endpoint = absl::StrCat(target.insecure.value_or(false) ? "http://" : "https://", endpoint);
    const size_t path = endpoint.find('/', endpoint.find("://") + 3);
    if (path == std::string::npos) {
      endpoint += "/v1/metrics";
    } else if (path + 1 == endpoint.size()) {
      endpoint += "v1/metrics";
    }
    Put(node, "metrics_endpoint", Text(std::move(endpoint)));
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
  // The next sending has all of it again, so nothing is queued.
  Put(queue, "enabled", Flag(false));
  ConfigNode retry = queue;
  Put(node, "sending_queue", std::move(queue));
  Put(node, "retry_on_failure", std::move(retry));
  return {http ? "otlphttp" : "otlp", std::move(node)};
}

Batch OwnBatch(const std::vector<MetricSample>& samples, const std::vector<ProcessSample>& process,
               const std::vector<std::pair<std::string, std::string>>& resource, std::string_view level, uint64_t start_nanos,
               uint64_t now_nanos) {
  auto data = std::make_unique<MetricsData>();
  Arena& arena = data->arena;
  ResourceMetrics& all = data->resources.Add(arena);
  for (const auto& [key, value] : resource) all.resource.attributes.Set(arena, arena.Copy(key), Value::Str(arena.Copy(value)));
  // Instruments by scope and name; the samples of one are its points.
  std::map<std::string, std::map<std::string, std::vector<const MetricSample*>>> scopes;
  for (const MetricSample& s : samples) {
    if (ShownAtLevel(s.name, level)) scopes[s.scope][s.name].push_back(&s);
  }
  scopes[std::string(kProcessScope)];
  all.scopes.Reserve(arena, scopes.size());
  auto begin = [&](ScopeMetrics& scope, std::string_view name, std::string_view help, std::string_view unit, MetricType type) -> Metric& {
    Metric& m = scope.records.Add(arena);
    m.name = arena.Copy(name);
    m.description = arena.Copy(help);
    m.unit = arena.Copy(unit);
    m.type = type;
    if (type != MetricType::kGauge) m.aggregation_temporality = 2;
    m.is_monotonic = type == MetricType::kSum;
    return m;
  };
  auto fill = [&](auto& point, const Labels& labels) {
    for (const auto& [key, value] : labels) point.attributes.Set(arena, arena.Copy(key), Value::Str(arena.Copy(value)));
    point.start_time_unix_nano = start_nanos;
    point.time_unix_nano = now_nanos;
  };
  for (const auto& [scope_name, instruments] : scopes) {
    ScopeMetrics& scope = all.scopes.Add(arena);
    scope.scope.name = arena.Copy(scope_name);
    for (const auto& [name, points] : instruments) {
      const MetricSample& first = *points[0];
      const MetricType type = first.type == MetricSample::Type::kCounter ? MetricType::kSum
                              : first.type == MetricSample::Type::kGauge ? MetricType::kGauge
                                                                         : MetricType::kHistogram;
      Metric& m = begin(scope, name, first.help, first.unit, type);
      for (const MetricSample* s : points) {
        if (type == MetricType::kHistogram) {
          HistogramDataPoint& p = m.histogram_points.Add(arena);
          fill(p, s->labels);
          p.count = s->histogram.count;
          p.sum = s->histogram.sum;
          p.has_sum = true;
          for (uint64_t n : s->histogram.counts) p.bucket_counts.Add(arena) = n;
          for (double b : s->histogram.bounds) p.explicit_bounds.Add(arena) = b;
        } else {
          NumberDataPoint& p = m.number_points.Add(arena);
          fill(p, s->labels);
          p.value_kind = NumberKind::kInt;
          p.as_int = s->value;
        }
      }
    }
    if (scope_name != kProcessScope) continue;
    for (const ProcessSample& s : process) {
      Metric& m = begin(scope, s.name, s.help, s.unit, s.counter ? MetricType::kSum : MetricType::kGauge);
      NumberDataPoint& p = m.number_points.Add(arena);
      fill(p, {});
      p.value_kind = NumberKind::kDouble;
      p.as_double = s.value;
    }
  }
  return Batch::FromMetrics(std::move(data));
}

PushReader::PushReader(Periodic config, Context context, std::function<Batch()> read)
    : config_(std::move(config)), context_(std::move(context)), read_(std::move(read)) {}

PushReader::~PushReader() { *alive_ = false; }

absl::Status PushReader::Start(Host& host) {
  auto [type, node] = ExporterFor(*config_.exporter->otlp);
  const ComponentFactory* factory =
      context_.registry != nullptr ? context_.registry->Find(ComponentKind::kExporter, type) : nullptr;
  if (factory == nullptr) return absl::NotFoundError(absl::StrCat("own metrics cannot be sent: this program has no exporter ", type));
  std::vector<ConfigError> errors;
  DecodeContext decode(&errors, "", "");
  decode.registry = context_.registry;
  const AnyConfig config = factory->decode(node, decode);
  if (decode.error_count() > 0) return ConfigErrorsToStatus(errors);
  Context its = context_;
  its.id = {type, "own_metrics"};
  its.kind = ComponentKind::kExporter;
  its.signal = Signal::kMetrics;
  its.metrics = &uncounted_;
  OTELPIPE_ASSIGN_OR_RETURN(exporter_, factory->make_exporter(config, std::move(its)));
  OTELPIPE_RETURN_IF_ERROR(exporter_->Start(host));
  Tick();
  return absl::OkStatus();
}

void PushReader::Tick() {
  timer_ = context_.loop->After(absl::Milliseconds(config_.interval), [this] {
    Send([] {});
    Tick();
  });
}

void PushReader::Send(std::function<void()> then) {
  exporter_->Consume(read_(), Done::OnFinished([log = context_.log, then = std::move(then)](const absl::Status& status) {
    if (!status.ok()) log.Error("failed to upload metrics", {{"error", status}});
    then();
  }));
}

void PushReader::Shutdown(std::function<void()> done) {
  timer_ = Timer();
  if (exporter_ == nullptr) return done();
  // A peer that does not answer may not hold up the end: its time is bounded.
  auto finish = std::make_shared<std::function<void()>>(std::move(done));
  auto stop = [this, alive = alive_, finish] {
    if (!*alive || !*finish) return;
    auto call = std::exchange(*finish, nullptr);
    timer_ = Timer();
    exporter_->Shutdown([call = std::move(call)] { call(); });
  };
  timer_ = context_.loop->After(absl::Milliseconds(std::min<int64_t>(config_.timeout, 5000)), stop);
  Send([loop = context_.loop, stop] { loop->Post(stop); });
}

}  // namespace otelpipe::own_metrics
