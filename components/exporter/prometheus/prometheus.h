// Exporter `prometheus`: shows the last value of every series on an HTTP page that Prometheus scrapes.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "exporter/prometheus/series_store.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/exporter_counters.h"
#include "otelpipe/component/fields.h"
#include "shared/compression/compression.h"
#include "shared/http/http_server.h"

namespace otelpipe {

// Batches are taken at once and for good; nothing is sent from here. The page is at /metrics.
class PrometheusExporter final : public Exporter {
 public:
  static constexpr std::string_view kType = "prometheus";
  static constexpr std::string_view kStability = "beta";
  static constexpr std::array kSignals = {Signal::kMetrics};

  struct ResourceConversion {
    bool enabled = false;
    static void Describe(Fields<ResourceConversion>& f);
  };
  struct Config {
    HttpServerConfig http;
    std::string name_space;
    std::map<std::string, std::string> const_labels;
    bool send_timestamps = false;
    absl::Duration metric_expiration = absl::Minutes(5);
    ResourceConversion resource_to_telemetry_conversion;
    bool enable_open_metrics = false;
    bool add_metric_suffixes = true;
    static void Describe(Fields<Config>& f);
  };

  PrometheusExporter(Config config, Context context);
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  void Consume(Batch batch, Done done) override;
  int port() const { return server_.port(); }

 private:
  void Answer(const HttpServerRequest& request, HttpResponder responder);
  void Expire(int64_t now);

  const Config config_;
  const Context context_;
  prometheus::SeriesStore store_;
  ExporterCounters counters_;
  Compressor gzip_{Compression::kGzip};
  HttpServer server_;
  int64_t swept_ = 0;
};

}  // namespace otelpipe
