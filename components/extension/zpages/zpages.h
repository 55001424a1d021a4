// zpages: plain pages about the running service: what it is, its pipelines, extensions and feature gates.
#pragma once

#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/http/http_server.h"

namespace otelpipe {

// /debug/servicez, pipelinez, extensionz, featurez, tracez, and expvarz when asked for; everything else is 404.
class ZPages final : public Extension {
 public:
  static constexpr std::string_view kType = "zpages";
  struct Expvar {
    bool enabled = false;
    static void Describe(Fields<Expvar>& f);
  };
  struct Config {
    HttpServerConfig http;
    Expvar expvar;
    static void Describe(Fields<Config>& f);
  };
  static Config DefaultConfig();

  ZPages(Config config, Context context);
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  int port() const { return server_.port(); }

 private:
  HttpReply Answer(std::string_view path);

  const Config config_;
  const Context context_;
  HttpServer server_;
  Host* host_ = nullptr;
  absl::Time started_;
};

}  // namespace otelpipe
