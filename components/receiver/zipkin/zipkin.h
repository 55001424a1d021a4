// Receiver `zipkin`: takes spans from Zipkin's clients over HTTP: JSON and protobuf of version 2, JSON of version 1.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/http/http_server.h"

namespace otelpipe {

class ZipkinReceiver final : public Receiver {
 public:
  static constexpr std::string_view kType = "zipkin";
  static constexpr std::array kSignals = {Signal::kTraces};
  static constexpr std::string_view kStability = "alpha";
  struct Config {
    HttpServerConfig http;
    bool parse_string_tags = false;
    static void Describe(Fields<Config>& f);
  };
  static Config DefaultConfig();

  ZipkinReceiver(Config config, Context context) : config_(std::move(config)), context_(std::move(context)) {}

  void SetOutput(Signal, Consumer* next) override { next_ = next; }
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;

  // The bound port, 0 before Start.
  int port() const { return server_ ? server_->port() : 0; }

 private:
  struct Counters {
    Counter* accepted = nullptr;
    Counter* refused = nullptr;
  };
  void Handle(HttpServerRequest& request, HttpResponder responder);
  Counters CountersOf(std::string_view transport);

  const Config config_;
  Context context_;
  Consumer* next_ = nullptr;
  std::unique_ptr<HttpServer> server_;
  std::map<std::string, Counters, std::less<>> counters_;
};

}  // namespace otelpipe
