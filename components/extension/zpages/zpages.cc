#include "extension/zpages/zpages.h"

#include <cstdio>

#include "absl/time/time.h"
#include "extension/zpages/pages.h"
#include "otelpipe/component/register.h"
#include "otelpipe/gates.h"

namespace otelpipe {
namespace {

HttpReply Page(std::string text) { return HttpReply::Make(200, "text/html; charset=utf-8", std::move(text)); }

// The arguments of this process, as far as the system tells.
std::vector<std::string> CommandLine() {
  std::vector<std::string> out;
  std::FILE* file = std::fopen("/proc/self/cmdline", "re");
  if (file == nullptr) return out;
  std::string text;
  char block[4096];
  size_t n;
  while ((n = std::fread(block, 1, sizeof block, file)) > 0) text.append(block, n);
  std::fclose(file);
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\0', at);
    out.push_back(text.substr(at, end - at));
    if (end == text.npos) break;
    at = end + 1;
  }
  return out;
}

}  // namespace

void ZPages::Expvar::Describe(Fields<Expvar>& f) { f.Optional("enabled", &Expvar::enabled, "Serve /debug/expvarz."); }

void ZPages::Config::Describe(Fields<Config>& f) {
  f.Inline(&Config::http);
  f.Optional("expvar", &Config::expvar, "The page of variables.");
  f.Validate([](const Config& c) {
    return c.http.endpoint.empty()
               ? absl::InvalidArgumentError("\"endpoint\" is required when using the \"zpages\" extension")
               : absl::OkStatus();
  });
}

ZPages::Config ZPages::DefaultConfig() {
  Config c;
  c.http.endpoint = "localhost:55679";
  return c;
}

ZPages::ZPages(Config config, Context context)
    : config_(std::move(config)),
      context_(std::move(context)),
      server_(config_.http, context_,
              [this](HttpServerRequest& request, HttpResponder responder) { responder.Send(Answer(request.path)); }) {}

absl::Status ZPages::Start(Host& host) {
  host_ = &host;
  started_ = context_.loop->Now();
  context_.log.Info("Starting zPages extension", {{"endpoint", config_.http.endpoint}});
  return server_.Start(host);
}

void ZPages::Shutdown(ShutdownDone done) { server_.Shutdown(std::move(done)); }

HttpReply ZPages::Answer(std::string_view path) {
  if (path == "/debug/servicez") {
    return Page(
        zpages::ServicePage({context_.service_name, context_.service_version,
                             absl::FormatTime(absl::RFC3339_sec, started_, absl::UTCTimeZone()),
                             absl::FormatDuration(absl::Trunc(context_.loop->Now() - started_, absl::Seconds(1)))}));
  }
  if (path == "/debug/pipelinez") return Page(zpages::PipelinePage(host_->Pipelines()));
  if (path == "/debug/extensionz") {
    std::vector<std::string> ids;
    for (const auto& [id, extension] : host_->Extensions()) ids.push_back(id.ToString());
    return Page(zpages::ExtensionPage(ids));
  }
  if (path == "/debug/featurez") {
    std::vector<zpages::GateRow> rows;
    for (const FeatureGate& g : FeatureGates()) {
      rows.push_back(
          {std::string(g.id), std::string(g.description), std::string(g.stage), context_.gate_enabled(g.id)});
    }
    return Page(zpages::FeaturePage(rows));
  }
  if (path == "/debug/tracez") return Page(zpages::TracePage());
  if (path == "/debug/expvarz" && config_.expvar.enabled) {
    std::vector<MetricSample> samples;
    if (context_.metrics != nullptr) samples = context_.metrics->Read();
    return HttpReply::Make(200, "application/json; charset=utf-8", zpages::VariablesJson(CommandLine(), samples));
  }
  return HttpReply::Text(404, "404 page not found\n");
}

}  // namespace otelpipe

OTELPIPE_REGISTER(extension, zpages, registry) { return registry.AddExtension<otelpipe::ZPages>(); }
