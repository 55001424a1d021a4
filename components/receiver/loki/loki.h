// Receiver `loki`: takes the pushes of Loki clients (promtail, the `loki` exporter) over HTTP.
// POST /loki/api/v1/push and /api/prom/push; the conversion is in shared/loki/push_reader.h.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/http/http_server.h"

namespace otelpipe {

class LokiReceiver final : public Receiver {
 public:
  static constexpr std::string_view kType = "loki";
  static constexpr std::array kSignals = {Signal::kLogs};
  static constexpr std::string_view kStability = "alpha";
  struct Protocols {
    std::optional<HttpServerConfig> http;
    static void Describe(Fields<Protocols>& f);
  };
  struct Config {
    Protocols protocols;
    bool use_incoming_timestamp = false;
    static void Describe(Fields<Config>& f);
  };

  LokiReceiver(Config config, Context context) : config_(std::move(config)), context_(std::move(context)) {}

  void SetOutput(Signal, Consumer* next) override { next_ = next; }
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;

  // The bound port, 0 before Start.
  int port() const { return server_ ? server_->port() : 0; }

 private:
  void Handle(HttpServerRequest& request, HttpResponder responder);

  const Config config_;
  Context context_;
  Consumer* next_ = nullptr;
  std::unique_ptr<HttpServer> server_;
  Counter* accepted_ = nullptr;
  Counter* refused_ = nullptr;
};

// `http:` without a value means the defaults.
void DecodeField(const ConfigNode& node, LokiReceiver::Protocols& out, DecodeContext& context);

}  // namespace otelpipe
