// Service::Impl: one service: its threads, its graph, its extensions, and the order in which they start and stop.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "otelpipe/service.h"
#include "runtime/runtime.h"
#include "service/settings.h"

namespace otelpipe {

class Service::Impl final : public Host {
 public:
  explicit Impl(ServiceOptions options);
  ~Impl() override;

  // Decodes and builds; all findings go to `errors`, sorted by place. The extensions are left out by `validate`, as in the reference.
  void Build(const Config& config, const Registry& registry, bool build_extensions, std::vector<ConfigError>& errors);

  absl::Status Start();
  ShutdownReport Shutdown(absl::Duration deadline);
  void Push(std::string_view receiver_id, Batch batch, Done done);
  absl::Status SetTap(std::string_view exporter_id, std::function<void(const Batch&)> tap);
  void Stop(absl::Status status);
  absl::Status WaitForStop();

  // Host, on the loop.
  Extension* FindExtension(const ComponentId& id) override;
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override;
  std::vector<PipelineInfo> Pipelines() override;
  void ReportFatal(absl::Status status) override;

 private:
  friend class Service;
  struct Stopping;
  enum class State { kBuilt, kRunning, kStopped };

  Context MakeContext(const ComponentId& id, ComponentKind kind, Signal signal, const std::string& pipeline);
  void BuildExtensions(std::vector<ConfigError>& errors);
  // Decodes what `service.telemetry.metrics` says about readers, and with `make` makes the extension that serves them.
  void BuildOwnMetrics(bool make, std::vector<ConfigError>& errors);
  // The same for `service.telemetry.logs.processors`; then log_sink gives lines to both.
  void BuildOwnLogs(bool make, std::vector<ConfigError>& errors);
  std::unique_ptr<Extension> BuildOwnExtension(const char* type, const char* section, ConfigNode node, bool make, std::vector<ConfigError>& errors);
  absl::Status StartInLoop();
  absl::Status AtItsPlace(ComponentKind kind, const ComponentId& id, const absl::Status& status, std::string_view prefix) const;
  void ShutdownFrom(size_t first, std::shared_ptr<Stopping> stopping);
  void ShutdownExtensions(size_t left, std::shared_ptr<Stopping> stopping);
  void Drained();

  ServiceOptions options_;
  const Registry* registry_ = nullptr;
  Metrics metrics_;
  std::unique_ptr<Runtime> runtime_;
  Settings settings_;
  Logger log_;
  std::unique_ptr<Graph> graph_;
  std::vector<std::pair<ComponentId, std::unique_ptr<Extension>>> extensions_;
  std::unique_ptr<Extension> own_metrics_;  // run longer than all others, the logs longest; may be null
  std::unique_ptr<Extension> own_logs_;
  std::vector<std::pair<std::string, std::string>> resource_;  // attributes that name this instance, sorted
  std::vector<ConfigError> warnings_;
  State state_ = State::kBuilt;
  bool ready_ = false;
  bool drained_ = false;

  std::mutex stop_mutex_;
  std::condition_variable stop_wake_;
  bool stop_requested_ = false;
  absl::Status stop_status_;
};

}  // namespace otelpipe
