#include "extension/health_check/health_check.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"
#include "otelpipe/timeparse/duration.h"

namespace otelpipe {
namespace {

// RFC 3339 with as many digits of the fraction as it has.
std::string GoTime(absl::Time t) {
  if (t == absl::InfinitePast()) return "0001-01-01T00:00:00Z";
  std::string text = absl::FormatTime("%Y-%m-%dT%H:%M:%E*S", t, absl::UTCTimeZone());
  return text + "Z";
}

}  // namespace

void HealthCheck::ResponseBody::Describe(Fields<ResponseBody>& f) {
  f.Optional("healthy", &ResponseBody::healthy, "Body of the answer 200.");
  f.Optional("unhealthy", &ResponseBody::unhealthy, "Body of the answer 503.");
}

void HealthCheck::CheckPipeline::Describe(Fields<CheckPipeline>& f) {
  f.Optional("enabled", &CheckPipeline::enabled, "Accepted; without effect, as in the reference.");
  f.Optional("interval", &CheckPipeline::interval, "Checked to be a duration.");
  f.Optional("exporter_failure_threshold", &CheckPipeline::exporter_failure_threshold, "Checked to be positive.");
  f.Validate([](const CheckPipeline& c) -> absl::Status {
    if (auto interval = timeparse::ParseGoDuration(c.interval); !interval.ok()) return interval.status();
    if (c.exporter_failure_threshold <= 0) {
      return absl::InvalidArgumentError("bad config: exporter_failure_threshold expects a positive number");
    }
    return absl::OkStatus();
  });
}

void HealthCheck::Config::Describe(Fields<Config>& f) {
  f.Inline(&Config::http);
  f.Optional("path", &Config::path, "The path that is answered; / answers every path.");
  f.Optional("response_body", &Config::response_body, "Own bodies instead of the JSON ones.");
  f.Optional("check_collector_pipeline", &Config::check_collector_pipeline, "Accepted; without effect, as in the reference.");
  f.Validate([](const Config& c) -> absl::Status {
    if (c.http.endpoint.empty()) return absl::InvalidArgumentError("bad config: endpoint must be specified");
    if (c.path.empty() || c.path[0] != '/') return absl::InvalidArgumentError("bad config: path must start with /");
    return absl::OkStatus();
  });
}

HealthCheck::Config HealthCheck::DefaultConfig() {
  Config c;
  c.http.endpoint = "localhost:13133";
  return c;
}

HealthCheck::HealthCheck(Config config, Context context)
    : config_(std::move(config)),
      context_(context),
      server_(config_.http, context, [this](HttpServerRequest& request, HttpResponder responder) {
        responder.Send(Answer(request));
      }) {}

absl::Status HealthCheck::Start(Host& host) {
  context_.log.Info("Starting health_check extension", {{"endpoint", config_.http.endpoint}});
  return server_.Start(host);
}

void HealthCheck::Shutdown(ShutdownDone done) { server_.Shutdown(std::move(done)); }

void HealthCheck::PipelinesReady() {
  ready_ = true;
  up_since_ = context_.loop->Now();
  context_.log.Info("Health Check state change", {{"status", "ready"}});
}

void HealthCheck::PipelinesNotReady() {
  ready_ = false;
  up_since_ = absl::InfinitePast();
  context_.log.Info("Health Check state change", {{"status", "unavailable"}});
}

HttpReply HealthCheck::Answer(const HttpServerRequest& request) const {
  if (config_.path != "/" && request.path != config_.path) return HttpReply::Text(404, "404 page not found\n");
  const int status = ready_ ? 200 : 503;
  if (config_.response_body.has_value()) {
    return HttpReply::Make(status, "text/plain; charset=utf-8",
                           ready_ ? config_.response_body->healthy : config_.response_body->unhealthy);
  }
  std::string uptime;
  if (ready_) uptime = timeparse::FormatGoDuration(absl::ToInt64Nanoseconds(context_.loop->Now() - up_since_));
  return HttpReply::Make(status, "application/json",
                         absl::StrCat("{\"status\":\"", ready_ ? "Server available" : "Server not available", "\",\"upSince\":\"",
                                      GoTime(up_since_), "\",\"uptime\":\"", uptime, "\"}"));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(extension, health_check, registry) { return registry.AddExtension<otelpipe::HealthCheck>(); }
