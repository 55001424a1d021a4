#include "otelpipe/service.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "graph/graph.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/metrics_level.h"
#include "otelpipe/gates.h"
#include "otelpipe/version.h"
#include "runtime/runtime.h"
#include "service/old_operators.h"
#include "service/service_impl.h"
#include "service/settings.h"

namespace otelpipe {
namespace {

std::string RandomUuid() {
  std::random_device random;
  unsigned char b[16];
  for (int i = 0; i < 16; i += 4) {
    const unsigned int r = random();
    std::memcpy(b + i, &r, 4);
  }
  b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
  char text[40];
  std::snprintf(text, sizeof text, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
                b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
  return text;
}

bool SourceOrder(const ConfigError& a, const ConfigError& b) {
  return std::tie(a.location.file, a.location.line, a.location.column) <
         std::tie(b.location.file, b.location.line, b.location.column);
}

bool SameError(const ConfigError& a, const ConfigError& b) {
  return a.warning == b.warning && a.ToString() == b.ToString();
}

}  // namespace

Service::Impl::Impl(ServiceOptions options) : options_(std::move(options)) {
  if (options_.version.empty()) options_.version = OTELPIPE_VERSION;
}

Service::Impl::~Impl() {
  // Components may touch the loop until they are gone; the runtime's threads have ended by then.
  if (runtime_ != nullptr) runtime_->Stop();
  graph_.reset();
  extensions_.clear();
  own_metrics_.reset();
  own_logs_.reset();
}

Context Service::Impl::MakeContext(const ComponentId& id, ComponentKind kind, Signal signal, const std::string& pipeline) {
  Context c;
  c.id = id;
  c.kind = kind;
  c.loop = &runtime_->loop();
  c.metrics = &metrics_;
  c.registry = registry_;
  c.service_name = options_.name;
  c.service_version = options_.version;
  c.gate_enabled = [gates = options_.gates, detailed = settings_.metrics.level == "detailed"](std::string_view gate) {
    return gate == kDetailedMetrics ? detailed : GateEnabled(gates, gate);
  };
  std::vector<LogField> fields = {{"otelcol.component.id", id.ToString()},
                                  {"otelcol.component.kind", KindName(kind)}};
  if (kind == ComponentKind::kProcessor) fields.push_back({"otelcol.pipeline.id", pipeline});
  if (kind != ComponentKind::kExtension) fields.push_back({"otelcol.signal", SignalName(signal)});
  c.log = Logger(options_.log_sink, std::move(fields));
  return c;
}

void Service::Impl::Build(const Config& config, const Registry& registry, bool build_extensions,
                          std::vector<ConfigError>& errors) {
  registry_ = &registry;
  runtime_ = MakeRuntime(options_.blocking_threads);
  errors.insert(errors.end(), config.warnings().begin(), config.warnings().end());
  settings_ = DecodeSettings(config.root(), registry, GateEnabled(options_.gates, "service.AllowNoPipelines"), errors);
  for (const FeatureGate& g : FeatureGates()) {
    auto set = options_.gates.find(std::string(g.id));
    if (g.without_effect.empty() || set == options_.gates.end() || set->second == g.enabled) continue;
    errors.push_back({{"--feature-gates", 0, 0}, "", absl::StrCat("gate ", A(g.id), " has no effect: ", A(g.without_effect)), "", true});
  }
  auto real = [&errors] {
    return std::count_if(errors.begin(), errors.end(), [](const ConfigError& e) { return !e.warning; });
  };
  // The shape is checked only where the sections were understood: otherwise one mistake shows up as several.
  CheckPlan(settings_.plan, errors);
  auto set = [&](const std::string& key, std::string value) {
    auto it = settings_.resource.find(key);
    if (it == settings_.resource.end()) resource_.emplace_back(key, std::move(value));
  };
  set("service.instance.id", RandomUuid());
  set("service.name", options_.name);
  set("service.version", options_.version);
  for (const auto& [key, value] : settings_.resource) {
    if (value.has_value()) resource_.emplace_back(key, *value);
  }
  std::sort(resource_.begin(), resource_.end());
  if (real() == 0 && options_.make_log_sink) {
    LogSettings logs = settings_.logs;
    if (!logs.without_resource) logs.resource = resource_;
    // With a second taker the lines are thinned out before both.
    if (settings_.log_processors.is_list() && !settings_.log_processors.items.empty()) logs.sampling.enabled = false;
    absl::StatusOr<std::shared_ptr<LogSink>> sink = options_.make_log_sink(logs);
    if (sink.ok()) {
      options_.log_sink = *std::move(sink);
    } else {
      errors.push_back({{}, "service::telemetry::logs", std::string(sink.status().message()), ""});
    }
  }
  BuildOwnLogs(build_extensions && real() == 0, errors);
  log_ = Logger(options_.log_sink, {});
  log_.Info("Setting up own telemetry...");
  graph_ = std::make_unique<Graph>(
      settings_.plan,
      [this](const ComponentId& id, ComponentKind kind, Signal signal, const std::string& pipeline) {
        return MakeContext(id, kind, signal, pipeline);
      },
      errors);
  BuildOwnMetrics(build_extensions && real() == 0, errors);
  if (build_extensions && real() == 0) BuildExtensions(errors);
  for (ConfigError& e : errors) {
    if (const std::string_view advice = AdviceOnOperator(e.message); !advice.empty()) e.hint = advice;
  }
  std::stable_sort(errors.begin(), errors.end(), SourceOrder);
  // A component decoded and built, or built for several signals, may say the same again.
  errors.erase(std::unique(errors.begin(), errors.end(), SameError), errors.end());
  if (options_.strict) {
    for (ConfigError& e : errors) e.warning = false;
  }
}

void Service::Impl::BuildExtensions(std::vector<ConfigError>& errors) {
  std::set<ComponentId> seen;
  for (const Reference& r : settings_.plan.extensions) {
    const PlannedComponent* c = settings_.plan.Find(ComponentKind::kExtension, r.id);
    if (c == nullptr || !c->usable || !seen.insert(r.id).second) continue;
    Context context = MakeContext(r.id, ComponentKind::kExtension, Signal::kLogs, "");
    context.location = c->location;
    const auto [level, text] = StabilityLine(c->factory->stability);
    context.log.Log(level, text);
    absl::StatusOr<std::unique_ptr<Extension>> made = c->factory->make_extension(c->config, std::move(context));
    if (!made.ok()) {
      for (ConfigError& e : ConfigErrorsFromStatus(made.status())) {
        if (e.location.line == 0) e.location = c->location;
        e.path = absl::StrCat("extensions::", r.id.ToString(), e.path.empty() ? "" : "::", e.path);
        e.message = absl::StrCat("\"", r.id.ToString(), "\" extension: ", e.message);
        errors.push_back(std::move(e));
      }
      continue;
    }
    extensions_.emplace_back(r.id, *std::move(made));
  }
}

// --- Host
Extension* Service::Impl::FindExtension(const ComponentId& id) {
  for (auto& [other, extension] : extensions_) {
    if (other == id) return extension.get();
  }
  return nullptr;
}

std::vector<std::pair<ComponentId, Extension*>> Service::Impl::Extensions() {
  std::vector<std::pair<ComponentId, Extension*>> out;
  for (auto& [id, extension] : extensions_) out.emplace_back(id, extension.get());
  return out;
}

std::vector<PipelineInfo> Service::Impl::Pipelines() {
  std::vector<PipelineInfo> out;
  for (const PlannedPipeline& p : settings_.plan.pipelines) {
    PipelineInfo& info = out.emplace_back();
    info.name = p.name;
    auto names = [](const std::vector<Reference>& references) {
      std::vector<std::string> ids;
      for (const Reference& r : references) ids.push_back(r.id.ToString());
      return ids;
    };
    info.receivers = names(p.receivers);
    info.processors = names(p.processors);
    info.exporters = names(p.exporters);
    for (const Graph::Instance& i : graph_->instances()) {
      const auto* processor = i.kind == ComponentKind::kProcessor ? dynamic_cast<const Processor*>(i.component) : nullptr;
      // The label ends with the pipeline's name in brackets.
      const bool ours = processor != nullptr && absl::EndsWith(i.label, absl::StrCat(" (", p.name, ")"));
      info.mutates |= ours && processor->mutates();
    }
  }
  return out;
}

void Service::Impl::ReportFatal(absl::Status status) {
  log_.Error("Asynchronous error received, terminating process", {{"error", status}});
  Stop(std::move(status));
}

void Service::Impl::Stop(absl::Status status) {
  std::lock_guard<std::mutex> lock(stop_mutex_);
  if (stop_requested_) return;
  stop_requested_ = true;
  stop_status_ = std::move(status);
  stop_wake_.notify_all();
}

absl::Status Service::Impl::WaitForStop() {
  std::unique_lock<std::mutex> lock(stop_mutex_);
  stop_wake_.wait(lock, [this] { return stop_requested_; });
  return stop_status_;
}

// --- start
absl::Status Service::Impl::Start() {
  if (state_ != State::kBuilt) return absl::FailedPreconditionError("the service was started already");
  state_ = State::kRunning;
  runtime_->Start();
  absl::Status status;
  runtime_->RunInLoop([&] { status = StartInLoop(); });
  if (!status.ok()) Shutdown(absl::Seconds(5));
  return status;
}

// What went wrong at the start, said where the component is configured.
absl::Status Service::Impl::AtItsPlace(ComponentKind kind, const ComponentId& id, const absl::Status& status, std::string_view prefix) const {
  const PlannedComponent* c = settings_.plan.Find(kind, id);
  ConfigError error{c != nullptr ? c->location : Location(), absl::StrCat(A(KindSection(kind)), "::", id.ToString()),
                    absl::StrCat(A(prefix), status.message()), ""};
  return absl::Status(status.code(), error.ToString());
}

absl::Status Service::Impl::StartInLoop() {
  if (own_logs_ != nullptr) OTELPIPE_RETURN_IF_ERROR(own_logs_->Start(*this));
  if (settings_.metrics.level == "none") {
    log_.Info("Skipped telemetry setup.");
  } else if (own_metrics_ != nullptr) {
    OTELPIPE_RETURN_IF_ERROR(own_metrics_->Start(*this));
  }
  log_.Info(absl::StrCat("Starting ", options_.name, "..."),
            {{"Version", options_.version}, {"NumCPU", static_cast<int64_t>(std::thread::hardware_concurrency())}});
  log_.Info("Starting extensions...");
  for (auto& [id, extension] : extensions_) {
    Logger log = MakeContext(id, ComponentKind::kExtension, Signal::kLogs, "").log;
    log.Info("Extension is starting...");
    absl::Status status = extension->Start(*this);
    if (!status.ok()) {
      log.Error("Failed to start extension", {{"error", status}});
      return AtItsPlace(ComponentKind::kExtension, id, status, "failed to start extensions: ");
    }
    log.Info("Extension started.");
  }
  const auto& instances = graph_->instances();
  for (auto i = instances.rbegin(); i != instances.rend(); ++i) {
    absl::Status status = i->component->Start(*this);
    if (!status.ok()) {
      std::string kind(KindName(i->kind));
      kind[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(kind[0])));
      log_.Error("Failed to start component", {{"error", status}, {"type", kind}, {"id", i->id.ToString()}});
      return AtItsPlace(i->kind, i->id, status, absl::StrCat("cannot start pipelines: failed to start \"", i->id.ToString(),
                                                             "\" ", A(KindName(i->kind)), ": "));
    }
  }
  for (auto& [id, extension] : extensions_) extension->PipelinesReady();
  ready_ = true;
  log_.Info("Everything is ready. Begin running and processing data.");
  return absl::OkStatus();
}

// --- stop
// One shutdown in progress; kept alive by the callbacks that are still out.
struct Service::Impl::Stopping {
  std::mutex mutex;
  std::condition_variable wake;
  bool finished = false;
  std::set<size_t> waiting;  // indexes into the instances
  std::vector<std::string> unfinished;
};

ShutdownReport Service::Impl::Shutdown(absl::Duration deadline) {
  ShutdownReport report;
  if (state_ != State::kRunning) {
    state_ = State::kStopped;
    return report;
  }
  state_ = State::kStopped;
  auto stopping = std::make_shared<Stopping>();
  runtime_->loop().Post([this, stopping] {
    log_.Info("Starting shutdown...");
    if (ready_) {
      for (auto& [id, extension] : extensions_) extension->PipelinesNotReady();
    }
    ShutdownFrom(0, stopping);
  });
  {
    std::unique_lock<std::mutex> lock(stopping->mutex);
    const auto limit = std::chrono::steady_clock::now() +
                       std::chrono::nanoseconds(absl::ToInt64Nanoseconds(std::min(deadline, absl::Hours(24))));
    report.clean = stopping->wake.wait_until(lock, limit, [&] { return stopping->finished; });
    if (!report.clean) {
      for (size_t i : stopping->waiting) report.unfinished.push_back(graph_->instances()[i].label);
    }
  }
  // Checkpoints are written also when somebody did not stop in time.
  runtime_->RunInLoop([&] {
    if (report.clean) return;
    Drained();
    log_.Info("Shutdown complete.");
  });
  runtime_->Stop();
  Stop(absl::OkStatus());
  return report;
}

// Stops the instances of one rank at the same time (all receivers, all exporters; in between one after the other), then goes on with the next.
void Service::Impl::ShutdownFrom(size_t first, std::shared_ptr<Stopping> stopping) {
  const auto& instances = graph_->instances();
  if (first >= instances.size()) {
    Drained();
    ShutdownExtensions(extensions_.size(), std::move(stopping));
    return;
  }
  size_t end = first + 1;
  const ComponentKind kind = instances[first].kind;
  if (kind == ComponentKind::kReceiver || kind == ComponentKind::kExporter) {
    while (end < instances.size() && instances[end].kind == kind) ++end;
  }
  {
    std::lock_guard<std::mutex> lock(stopping->mutex);
    for (size_t i = first; i < end; ++i) stopping->waiting.insert(i);
  }
  for (size_t i = first; i < end; ++i) {
    instances[i].component->Shutdown([this, i, end, stopping] {
      bool all;
      {
        std::lock_guard<std::mutex> lock(stopping->mutex);
        stopping->waiting.erase(i);
        all = stopping->waiting.empty();
      }
      // Posted, so that a component is not re-entered from its own Shutdown.
      if (all) runtime_->loop().Post([this, end, stopping] { ShutdownFrom(end, stopping); });
    });
  }
}

void Service::Impl::Drained() {
  if (std::exchange(drained_, true)) return;
  for (const Graph::Instance& i : graph_->instances()) i.component->Drained();
}

void Service::Impl::ShutdownExtensions(size_t left, std::shared_ptr<Stopping> stopping) {
  if (left == extensions_.size()) log_.Info("Stopping extensions...");
  if (left == 0) {
    auto finish = [this, stopping] {
      log_.Info("Shutdown complete.");
      auto finished = [stopping] {
        std::lock_guard<std::mutex> lock(stopping->mutex);
        stopping->finished = true;
        stopping->wake.notify_all();
      };
      own_logs_ != nullptr ? own_logs_->Shutdown(std::move(finished)) : finished();
    };
    return own_metrics_ != nullptr ? own_metrics_->Shutdown(std::move(finish)) : finish();
  }
  extensions_[left - 1].second->Shutdown([this, left, stopping] {
    runtime_->loop().Post([this, left, stopping] { ShutdownExtensions(left - 1, stopping); });
  });
}

// --- the facade
std::vector<ConfigError> Validate(const Config& config, const Registry& registry, const ServiceOptions& options) {
  std::vector<ConfigError> errors;
  ServiceOptions quiet = options;
  quiet.log_sink = nullptr;
  quiet.make_log_sink = nullptr;
  Service::Impl impl(std::move(quiet));
  impl.Build(config, registry, false, errors);
  return errors;
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::~Service() {
  if (impl_ != nullptr) impl_->Shutdown(absl::ZeroDuration());
}

absl::StatusOr<std::unique_ptr<Service>> Service::Create(Config config, const Registry& registry, ServiceOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  std::vector<ConfigError> found;
  impl->Build(config, registry, true, found);
  std::vector<ConfigError> errors;
  for (ConfigError& e : found) (e.warning ? impl->warnings_ : errors).push_back(std::move(e));
  if (!errors.empty()) return ConfigErrorsToStatus(errors);
  for (const ConfigError& w : impl->warnings_) impl->log_.Warn(w.ToString());
  for (const Config::Notice& n : config.notices()) {
    impl->log_.Log(n.warning ? LogLevel::kWarn : LogLevel::kInfo, n.message, {{"name", n.name}});
  }
  return std::unique_ptr<Service>(new Service(std::move(impl)));
}

absl::Status Service::Start() { return impl_->Start(); }
ShutdownReport Service::Shutdown(absl::Duration deadline) { return impl_->Shutdown(deadline); }
const Metrics& Service::metrics() const { return impl_->metrics_; }
const std::vector<ConfigError>& Service::warnings() const { return impl_->warnings_; }
void Service::RequestStop() { impl_->Stop(absl::OkStatus()); }
absl::Status Service::WaitForStop() { return impl_->WaitForStop(); }
void Service::Push(std::string_view receiver_id, Batch batch, Done done) {
  impl_->Push(receiver_id, std::move(batch), std::move(done));
}
absl::Status Service::SetTap(std::string_view exporter_id, std::function<void(const Batch&)> tap) {
  return impl_->SetTap(exporter_id, std::move(tap));
}

}  // namespace otelpipe
