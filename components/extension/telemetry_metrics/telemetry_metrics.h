// telemetry_metrics: shows the service's own metrics on pages that Prometheus scrapes, and sends them by OTLP. The service makes it from
// `service.telemetry.metrics`; nobody lists it under `extensions`.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extension/telemetry_metrics/own_page.h"
#include "extension/telemetry_metrics/push.h"
#include "extension/telemetry_metrics/views.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/compression/compression.h"
#include "shared/http/http_server.h"

namespace otelpipe {

class TelemetryMetrics final : public Extension {
 public:
  static constexpr std::string_view kType = "telemetry_metrics";

  struct ConstantLabels {
    std::vector<std::string> included;  // empty: all
    std::vector<std::string> excluded;
    static void Describe(Fields<ConstantLabels>& f);
  };
  struct PrometheusBlock {
    std::optional<std::string> host;
    std::optional<int64_t> port;
    bool without_scope_info = false;
    bool without_units = false;
    bool without_type_suffix = false;
    std::optional<ConstantLabels> with_resource_constant_labels;
    static void Describe(Fields<PrometheusBlock>& f);
  };
  struct PullExporter {
    std::optional<PrometheusBlock> prometheus;
    static void Describe(Fields<PullExporter>& f);
  };
  struct Pull {
    std::optional<PullExporter> exporter;
    static void Describe(Fields<Pull>& f);
  };
  struct Reader {
    std::optional<Pull> pull;
    std::optional<own_metrics::Periodic> periodic;
    static void Describe(Fields<Reader>& f);
  };
  struct Config {
    std::string level = "normal";
    std::vector<Reader> readers;
    std::vector<own_metrics::View> views;
    std::string address;          // older form of one reader with the default reader's names
    bool default_reader = false;  // localhost:8888 when no other is given; a taken port is no failure
    std::map<std::string, std::string> resource;
    static void Describe(Fields<Config>& f);
  };

  TelemetryMetrics(Config config, Context context);
  // `failed to create SDK: binding address ... for Prometheus exporter: listen tcp ...: bind: address already in use`.
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  // The bound ports, in the order of the readers.
  std::vector<int> ports() const;

 private:
  struct Server {
    std::string endpoint;
    bool may_fail = false;
    own_metrics::ReaderOptions options;
    std::unique_ptr<HttpServer> http;
  };
  void AddPusher(const own_metrics::Periodic& periodic);
  void AddServer(std::string endpoint, own_metrics::ReaderOptions options, bool may_fail);
  own_metrics::ReaderOptions DefaultOptions() const;
  // What there is to show, after the views.
  std::pair<std::vector<MetricSample>, std::vector<own_metrics::ProcessSample>> Read();
  void Answer(const Server& server, const HttpServerRequest& request, HttpResponder responder);

  const Config config_;
  const Context context_;
  const std::vector<std::pair<std::string, std::string>> resource_;
  own_metrics::ProcessStats process_;
  Compressor gzip_{Compression::kGzip};
  const uint64_t started_nanos_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<std::unique_ptr<own_metrics::PushReader>> pushers_;
};

}  // namespace otelpipe
