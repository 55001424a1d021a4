#include "extension/pprof/pprof.h"

#include "otelpipe/component/register.h"

namespace otelpipe {
namespace {

HttpServerConfig ServerConfig(const std::string& endpoint) {
  HttpServerConfig config;
  config.endpoint = endpoint;
  return config;
}

}  // namespace

void Pprof::Config::Describe(Fields<Config>& f) {
  f.Optional("endpoint", &Config::endpoint, "host:port to listen on.");
  f.Optional("block_profile_fraction", &Config::block_profile_fraction, "Accepted, no effect.");
  f.Optional("mutex_profile_fraction", &Config::mutex_profile_fraction, "Accepted, no effect.");
  f.Optional("save_to_file", &Config::save_to_file, "Accepted, no effect.");
  f.Ignored("dialer", "nothing is dialled");
}

Pprof::Pprof(Config config, Context context)
    : config_(std::move(config)),
      context_(std::move(context)),
      server_(ServerConfig(config_.endpoint), context_, [](HttpServerRequest&, HttpResponder responder) {
        responder.Send(HttpReply::Text(404, "There are no Go profiles here; profile the process with perf or gdb.\n"));
      }) {}

absl::Status Pprof::Init() {
  return config_.endpoint.empty()
             ? absl::InvalidArgumentError("\"endpoint\" is required when using the \"pprof\" extension")
             : absl::OkStatus();
}

absl::Status Pprof::Start(Host& host) {
  context_.log.Warn("pprof serves no profiles: its requests are answered 404", {{"endpoint", config_.endpoint}});
  const absl::Status status = server_.Start(host);
  // A service must not fail for the sake of a page that says no.
  if (!status.ok()) context_.log.Warn("pprof does not listen", {{"error", status}});
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(extension, pprof, registry) { return registry.AddExtension<otelpipe::Pprof>(); }
