#include "exporter/prometheus/prometheus.h"

#include "absl/strings/ascii.h"
#include "otelpipe/component/register.h"
#include "shared/exposition/reply.h"

namespace otelpipe {
namespace {

prometheus::SeriesStore::Options StoreOptions(const PrometheusExporter::Config& config) {
  prometheus::SeriesStore::Options options;
  options.naming.name_space = config.name_space;
  options.naming.add_suffixes = config.add_metric_suffixes;
  for (const auto& [name, value] : config.const_labels) {
    options.naming.const_labels.emplace_back(name, value);
  }
  options.resource_labels = config.resource_to_telemetry_conversion.enabled;
  return options;
}

}  // namespace

void PrometheusExporter::ResourceConversion::Describe(Fields<ResourceConversion>& f) {
  f.Optional("enabled", &ResourceConversion::enabled, "Copy the resource's attributes to labels of every series.");
}

void PrometheusExporter::Config::Describe(Fields<Config>& f) {
  f.Inline(&Config::http);
  f.Optional("namespace", &Config::name_space, "First word of every metric's name.");
  f.Optional("const_labels", &Config::const_labels, "Labels added to every series.");
  f.Optional("send_timestamps", &Config::send_timestamps, "Show the times of the points.");
  f.Optional("metric_expiration", &Config::metric_expiration, "Series that were not updated for so long vanish.");
  f.Optional("resource_to_telemetry_conversion", &Config::resource_to_telemetry_conversion,
             "Resource attributes as labels.");
  f.Optional("enable_open_metrics", &Config::enable_open_metrics, "Write OpenMetrics to scrapers that ask for it.");
  f.Optional("add_metric_suffixes", &Config::add_metric_suffixes, "Show unit and kind in the names.");
  f.Validate([](const Config& c) {
    return absl::StripAsciiWhitespace(c.http.endpoint).empty()
               ? absl::InvalidArgumentError("expecting a non-blank address to run the Prometheus metrics handler")
               : absl::OkStatus();
  });
}

PrometheusExporter::PrometheusExporter(Config config, Context context)
    : config_(std::move(config)),
      context_(std::move(context)),
      store_(StoreOptions(config_), context_.log),
      counters_(context_),
      server_(config_.http, context_,
              [this](HttpServerRequest& request, HttpResponder responder) { Answer(request, std::move(responder)); }) {}

absl::Status PrometheusExporter::Start(Host& host) { return server_.Start(host); }

void PrometheusExporter::Shutdown(ShutdownDone done) { server_.Shutdown(std::move(done)); }

void PrometheusExporter::Consume(Batch batch, Done done) {
  absl::StatusOr<const MetricsData*> data = batch.ReadMetrics();
  const int64_t now = context_.loop->MonotonicNanos();
  if (data.ok()) {
    // Series vanish at a scrape, as in the reference; where nobody scrapes they must not pile up.
    const int64_t patience = absl::ToInt64Nanoseconds(2 * config_.metric_expiration);
    if (now - swept_ > patience) Expire(now);
    store_.Add(**data, now);
  }
  counters_.Count(Signal::kMetrics, batch.records(), data.status());
  done.Finished(data.status());
}

void PrometheusExporter::Expire(int64_t now) {
  swept_ = now;
  store_.Expire(now - absl::ToInt64Nanoseconds(config_.metric_expiration));
}

void PrometheusExporter::Answer(const HttpServerRequest& request, HttpResponder responder) {
  if (request.path != "/metrics") return responder.Send(HttpReply::Text(404, "404 page not found\n"));
  Expire(context_.loop->MonotonicNanos());
  const exposition::Format format = exposition::Negotiate(request.Header("Accept"), config_.enable_open_metrics);
  responder.Send(exposition::PageReply(request, format, store_.Write(format, config_.send_timestamps), gzip_));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(exporter, prometheus, registry) { return registry.AddExporter<otelpipe::PrometheusExporter>(); }
