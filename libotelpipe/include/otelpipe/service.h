// Service: one running collector inside your process.
//
//   otelpipe::Registry registry;
//   OTELPIPE_RETURN_IF_ERROR(otelpipe::RegisterAllComponents(registry));
//   OTELPIPE_ASSIGN_OR_RETURN(otelpipe::Config config, otelpipe::Config::Load("agent.yaml"));
//   OTELPIPE_ASSIGN_OR_RETURN(auto service, otelpipe::Service::Create(std::move(config), registry));
//   OTELPIPE_RETURN_IF_ERROR(service->Start());
//   ...
//   otelpipe::ShutdownReport report = service->Shutdown(absl::Seconds(10));
//
// Manners: no global state, no signal handlers, no printing, no exit, no port that the configuration did not ask for. Several services may run in one process.
// Threads: a service owns one data thread (its loop), a small pool for blocking calls, and what gRPC brings. Create, Start and Shutdown are called
// from one thread of yours, which blocks meanwhile; Push and metrics() from any.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "otelpipe/component/config_node.h"
#include "otelpipe/component/done.h"
#include "otelpipe/component/telemetry.h"
#include "otelpipe/config.h"
#include "otelpipe/log_sink.h"
#include "otelpipe/pdata/batch.h"
#include "otelpipe/registry.h"

namespace otelpipe {

struct ServiceOptions {
  // Where the service's own log lines go; silent without one. log_sink.h has ready sinks.
  std::shared_ptr<LogSink> log_sink;
  // Instead of log_sink: makes it from the `service.telemetry.logs` of the configuration, during Create.
  std::function<absl::StatusOr<std::shared_ptr<LogSink>>(const LogSettings&)> make_log_sink;
  // Named in User-Agent headers and telemetry.
  std::string name = "otelpipe";
  std::string version;
  // Feature gates switched on or off by id; see gates.h.
  std::map<std::string, bool> gates;
  // Warnings of the configuration become errors.
  bool strict = false;
  // Show the service's own metrics on localhost:8888 when `service.telemetry.metrics` names no reader, as the reference does. Off in a library: no port
  // that the configuration did not ask for.
  bool default_metrics_reader = false;
  // Threads for blocking calls (DNS, fsync).
  int blocking_threads = 2;
};

// What a shutdown did.
struct ShutdownReport {
  bool clean = true;                     // everything stopped before the deadline
  std::vector<std::string> unfinished;   // components that had not stopped: `exporter "loki" (logs)`
};

// Checks a configuration completely (decodes, validates, builds every pipeline) without starting anything. Returns all errors and
// warnings, sorted by place.
std::vector<ConfigError> Validate(const Config& config, const Registry& registry, const ServiceOptions& options = {});

class Service {
 public:
  // Decodes, validates and builds; opens nothing. InvalidArgument with all errors (ConfigErrorsFromStatus).
  static absl::StatusOr<std::unique_ptr<Service>> Create(Config config, const Registry& registry, ServiceOptions options = {});
  // Stops with a deadline of zero when Shutdown was not called.
  ~Service();

  // Starts exporters, processors, receivers, in this order; returns when all are up, or with the first error after stopping what was started.
  absl::Status Start();

  // Receivers first, then what they feed, exporters last; each hands over what it holds. Bounded by `deadline`.
  ShutdownReport Shutdown(absl::Duration deadline);

  // Hands a batch to a receiver of type `embed` (components/receiver/embed) from any thread; `done` runs on the service's
  // data thread. NotFound (through done) when no pipeline has that receiver.
  void Push(std::string_view receiver_id, Batch batch, Done done);
  // Calls `tap` on the data thread for every batch that reaches the exporter of type `embed` with this id. FailedPrecondition after Start,
  // NotFound when there is no such exporter.
  absl::Status SetTap(std::string_view exporter_id, std::function<void(const Batch&)> tap);

  const Metrics& metrics() const;
  // Warnings that Create found, sorted by place.
  const std::vector<ConfigError>& warnings() const;
  // Completes when a component reported a fatal error or was asked to by RequestStop. Any thread may wait with WaitForStop.
  void RequestStop();
  // Blocks until RequestStop or a fatal error; returns that error.
  absl::Status WaitForStop();

  class Impl;

 private:
  explicit Service(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Registers every component and operator that was linked in (generated).
absl::Status RegisterAllComponents(Registry& registry);

// Loads a shared library built with otelpipe_plugin() and lets it register its components. FailedPrecondition, in words that name both sides, when it was
// built against another version, compiler, standard library or build type. The library stays loaded.
absl::Status LoadPlugin(const std::string& path, Registry& registry);

}  // namespace otelpipe
