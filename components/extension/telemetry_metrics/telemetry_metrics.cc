#include "extension/telemetry_metrics/telemetry_metrics.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "shared/exposition/reply.h"

namespace otelpipe {
namespace {

constexpr char kLocalhostGate[] = "telemetry.UseLocalHostAsDefaultMetricsAddress";

std::string JoinHostPort(const std::string& host, int64_t port) {
  return host.find(':') != host.npos ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

bool Has(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

void TelemetryMetrics::ConstantLabels::Describe(Fields<ConstantLabels>& f) {
  f.Optional("included", &ConstantLabels::included, "Resource attributes that become labels; empty: all.");
  f.Optional("excluded", &ConstantLabels::excluded, "Resource attributes that do not.");
  f.Validate([](const ConstantLabels& c) -> absl::Status {
    for (const std::string& name : c.included) {
      if (Has(c.excluded, name)) {
        return absl::InvalidArgumentError(absl::StrCat("attribute cannot be in both include and exclude list: ", name));
      }
    }
    return absl::OkStatus();
  });
}

void TelemetryMetrics::PrometheusBlock::Describe(Fields<PrometheusBlock>& f) {
  using C = PrometheusBlock;
  f.Optional("host", &C::host, "Where to listen.");
  f.Optional("port", &C::port, "Where to listen; 0 takes a free port.");
  f.Optional("without_scope_info", &C::without_scope_info, "Leave out the labels otel_scope_*.");
  f.Optional("without_units", &C::without_units, "Leave the unit out of the names.");
  f.Optional("without_type_suffix", &C::without_type_suffix, "Leave `_total` out of the names.");
  f.Optional("with_resource_constant_labels", &C::with_resource_constant_labels,
             "Resource attributes as labels of every series.");
  f.Validate([](const C& c) -> absl::Status {
    if (!c.host) return absl::InvalidArgumentError("host must be specified");
    if (!c.port) return absl::InvalidArgumentError("port must be specified");
    if (*c.port < 0 || *c.port > 65535) return absl::InvalidArgumentError(absl::StrCat("invalid port ", *c.port));
    return absl::OkStatus();
  });
}

void TelemetryMetrics::PullExporter::Describe(Fields<PullExporter>& f) {
  f.Optional("prometheus", &PullExporter::prometheus, "A page for Prometheus.");
  f.Validate([](const PullExporter& e) {
    return e.prometheus ? absl::OkStatus() : absl::InvalidArgumentError("no valid metric exporter");
  });
}

void TelemetryMetrics::Pull::Describe(Fields<Pull>& f) {
  f.Optional("exporter", &Pull::exporter, "How the page looks.");
  f.Validate([](const Pull& p) {
    return p.exporter ? absl::OkStatus() : absl::InvalidArgumentError("no valid metric exporter");
  });
}

void TelemetryMetrics::Reader::Describe(Fields<Reader>& f) {
  f.Optional("pull", &Reader::pull, "Somebody fetches the metrics.");
  f.Optional("periodic", &Reader::periodic, "The metrics are sent.");
  f.Validate([](const Reader& r) -> absl::Status {
    if (r.pull && r.periodic) return absl::InvalidArgumentError("a reader is either pull or periodic");
    return r.pull || r.periodic ? absl::OkStatus() : absl::InvalidArgumentError("no valid metric reader");
  });
}

void TelemetryMetrics::Config::Describe(Fields<Config>& f) {
  f.OneOf("level", &Config::level, {"none", "basic", "normal", "detailed"}, "unknown metrics level ",
          "How much is shown.", true);
  f.Optional("readers", &Config::readers, "Who reads the metrics.");
  f.Optional("views", &Config::views, "Renames, drops and trims metrics; needs the level detailed.");
  f.Optional("address", &Config::address, "Older form of one reader: host:port.");
  f.Optional("default_reader", &Config::default_reader, "Listen on localhost:8888 when no reader is given.");
  f.Optional("resource", &Config::resource, "Attributes that name this instance.");
  f.Validate([](const Config& c) -> absl::Status {
    if (c.address.empty()) return absl::OkStatus();
    const size_t colon = c.address.rfind(':');
    int port = -1;
    if (colon == c.address.npos || !absl::SimpleAtoi(c.address.substr(colon + 1), &port) || port < 0 || port > 65535) {
      return absl::InvalidArgumentError(absl::StrCat("'address' expected host:port, got \"", c.address, "\""));
    }
    return absl::OkStatus();
  });
}

TelemetryMetrics::TelemetryMetrics(Config config, Context context)
    : config_(std::move(config)),
      context_(std::move(context)),
      resource_(config_.resource.begin(), config_.resource.end()),
      process_(context_.loop->MonotonicNanos()),
      started_nanos_(static_cast<uint64_t>(absl::ToUnixNanos(context_.loop->Now()))) {
  if (config_.level == "none") return;
  for (const Reader& reader : config_.readers) {
    if (reader.periodic) {
      AddPusher(*reader.periodic);
      continue;
    }
    const PrometheusBlock& p = *reader.pull->exporter->prometheus;
    own_metrics::ReaderOptions options;
    options.with_scope = !p.without_scope_info;
    options.with_units = !p.without_units;
    options.with_type_suffix = !p.without_type_suffix;
    if (p.with_resource_constant_labels) {
      const ConstantLabels& labels = *p.with_resource_constant_labels;
      for (const auto& attribute : resource_) {
        const bool in = labels.included.empty() || Has(labels.included, attribute.first);
        if (in && !Has(labels.excluded, attribute.first)) options.resource_labels.push_back(attribute);
      }
    }
    AddServer(JoinHostPort(*p.host, *p.port), std::move(options), false);
  }
  if (!config_.address.empty()) AddServer(config_.address, DefaultOptions(), false);
  if (servers_.empty() && pushers_.empty() && config_.default_reader) {
    AddServer(context_.gate_enabled(kLocalhostGate) ? "localhost:8888" : ":8888", DefaultOptions(), true);
  }
}

void TelemetryMetrics::AddPusher(const own_metrics::Periodic& periodic) {
  pushers_.push_back(std::make_unique<own_metrics::PushReader>(periodic, context_, [this](own_metrics::Deltas* deltas) {
    auto [samples, process] = Read();
    return own_metrics::OwnBatch(std::move(samples), std::move(process), resource_, config_.level, started_nanos_,
                                 static_cast<uint64_t>(absl::ToUnixNanos(context_.loop->Now())), deltas);
  }));
}

own_metrics::ReaderOptions TelemetryMetrics::DefaultOptions() const {
  own_metrics::ReaderOptions options;
  options.with_units = false;
  options.with_type_suffix = false;
  options.resource_labels = resource_;
  return options;
}

void TelemetryMetrics::AddServer(std::string endpoint, own_metrics::ReaderOptions options, bool may_fail) {
  auto server = std::make_unique<Server>();
  server->endpoint = endpoint;
  server->may_fail = may_fail;
  server->options = std::move(options);
  HttpServerConfig http;
  http.endpoint = std::move(endpoint);
  server->http = std::make_unique<HttpServer>(
      http, context_,
      [this, s = server.get()](HttpServerRequest& request, HttpResponder r) { Answer(*s, request, std::move(r)); });
  servers_.push_back(std::move(server));
}

absl::Status TelemetryMetrics::Start(Host& host) {
  for (auto& server : servers_) {
    absl::Status status = server->http->Start(host);
    if (status.ok()) continue;
    status = Annotate(status, absl::StrCat("binding address ", server->endpoint, " for Prometheus exporter: "));
    if (!server->may_fail) return Annotate(status, "failed to create SDK: ");
    // Nobody asked for this page by name, and a second agent on the machine is no mistake.
    context_.log.Warn("Own metrics are not exposed", {{"error", status}});
  }
  for (auto& pusher : pushers_) {
    if (absl::Status status = pusher->Start(host); !status.ok()) return Annotate(status, "failed to create SDK: ");
  }
  return absl::OkStatus();
}

void TelemetryMetrics::Shutdown(ShutdownDone done) {
  auto left = std::make_shared<size_t>(servers_.size() + pushers_.size());
  if (*left == 0) return done();
  auto shared_done = std::make_shared<ShutdownDone>(std::move(done));
  for (auto& server : servers_) {
    server->http->Shutdown([left, shared_done] {
      if (--*left == 0) (*shared_done)();
    });
  }
  for (auto& pusher : pushers_) {
    pusher->Shutdown([left, shared_done] {
      if (--*left == 0) (*shared_done)();
    });
  }
}

std::vector<int> TelemetryMetrics::ports() const {
  std::vector<int> out;
  for (const auto& server : servers_) out.push_back(server->http->port());
  return out;
}

std::pair<std::vector<MetricSample>, std::vector<own_metrics::ProcessSample>> TelemetryMetrics::Read() {
  std::vector<MetricSample> samples;
  if (context_.metrics != nullptr) samples = context_.metrics->Read();
  std::vector<own_metrics::ProcessSample> process = process_.Read(context_.loop->MonotonicNanos());
  own_metrics::ApplyViews(config_.views, samples, process);
  return {std::move(samples), std::move(process)};
}

void TelemetryMetrics::Answer(const Server& server, const HttpServerRequest& request, HttpResponder responder) {
  if (request.path != "/metrics") return responder.Send(HttpReply::Text(404, "404 page not found\n"));
  const auto [samples, process] = Read();
  responder.Send(exposition::PageReply(request, exposition::Format::kText,
                                       own_metrics::OwnPage(samples, process, resource_, config_.level, server.options), gzip_));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(extension, telemetry_metrics, registry) {
  return registry.AddExtension<otelpipe::TelemetryMetrics>();
}
