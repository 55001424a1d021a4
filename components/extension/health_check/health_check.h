// health_check: an HTTP answer that says whether the pipelines are running, for probes.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/http/http_server.h"

namespace otelpipe {

// Answers 200 from PipelinesReady to PipelinesNotReady, else 503. Bodies are the reference's (healthcheckextension v0.130.0).
class HealthCheck final : public Extension {
 public:
  static constexpr std::string_view kType = "health_check";

  struct ResponseBody {
    std::string healthy;
    std::string unhealthy;
    static void Describe(Fields<ResponseBody>& f);
  };
  // Checked and otherwise without effect, as in the reference.
  struct CheckPipeline {
    bool enabled = false;
    std::string interval = "5m";
    int64_t exporter_failure_threshold = 5;
    static void Describe(Fields<CheckPipeline>& f);
  };
  struct Config {
    HttpServerConfig http;
    std::string path = "/";
    std::optional<ResponseBody> response_body;
    CheckPipeline check_collector_pipeline;
    static void Describe(Fields<Config>& f);
  };
  static Config DefaultConfig();

  HealthCheck(Config config, Context context);
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  void PipelinesReady() override;
  void PipelinesNotReady() override;
  int port() const { return server_.port(); }

 private:
  HttpReply Answer(const HttpServerRequest& request) const;

  const Config config_;
  const Context context_;
  HttpServer server_;
  bool ready_ = false;
  absl::Time up_since_ = absl::InfinitePast();
};

}  // namespace otelpipe
