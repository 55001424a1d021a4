// The interfaces of components: receiver, processor, exporter, connector, extension.
//
// Life cycle, all on the component's loop:
//   1. constructed from its Config and Context. No I/O, no threads, no sockets; errors through Init() below.
//   2. Start(host): opens what it needs. Exporters start first, then processors from the end of the pipeline, receivers last, so whatever a
//      component calls is already running. An error stops the service's start.
//   3. Consume / produce.
//   4. Shutdown(done): receivers first. Stop taking, hand over or finish what is held, then call done exactly once (at once or later).
//      It must survive a component that was never started or is stopped already. Do not wait here for the acknowledgement of what was
//      handed over: the exporters stop after you. After the deadline of the service the component is destroyed whether or not done was called.
//   5. Drained(): everything has stopped, every Done that will ever come has come; extensions still run. The place for a last checkpoint.
//
// Data flows by calls: Consume(batch, done) takes the batch over; see done.h for what must be reported when. A consumer that cannot take more refuses with
// ResourceExhausted or Unavailable, or holds the batch without Accepted: the producer waits.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "otelpipe/component/config_node.h"
#include "otelpipe/component/done.h"
#include "otelpipe/component/ids.h"
#include "otelpipe/component/loop.h"
#include "otelpipe/component/telemetry.h"
#include "otelpipe/pdata/batch.h"

namespace otelpipe {

class Extension;
class Registry;

// What a component gets from its service. Copyable; pointers outlive the component.
struct Context {
  ComponentId id;
  ComponentKind kind = ComponentKind::kReceiver;
  Signal signal = Signal::kLogs;  // receivers and one-per-id exporters serve several; see SetOutput and Consume
  std::string pipeline;           // processors: "logs/2"
  Loop* loop = nullptr;
  Logger log;
  Metrics* metrics = nullptr;
  const Registry* registry = nullptr;  // for components made of other parts (log operators)
  Location location;                   // of the component in the configuration
  std::string service_name = "otelpipe";  // for User-Agent headers
  std::string service_version;
  // True when a feature gate is on (`--feature-gates`), by its id.
  std::function<bool(std::string_view)> gate_enabled = [](std::string_view) { return false; };
};

// A pipeline as it was configured, for pages that show it.
struct PipelineInfo {
  std::string name;  // "logs/2"
  bool mutates = false;  // a processor changes batches in place
  std::vector<std::string> receivers, processors, exporters;
};

// Given at Start: the other parts of the service.
class Host {
 public:
  virtual ~Host() = default;
  // The running extension with this id, or null.
  virtual Extension* FindExtension(const ComponentId& id) = 0;
  virtual std::vector<std::pair<ComponentId, Extension*>> Extensions() = 0;
  virtual std::vector<PipelineInfo> Pipelines() { return {}; }
  // Reports a failure the component can't live with; the service shuts down.
  virtual void ReportFatal(absl::Status status) = 0;
};

class Component {
 public:
  virtual ~Component() = default;
  virtual absl::Status Start(Host& host) {
    (void)host;
    return absl::OkStatus();
  }
  using ShutdownDone = absl::AnyInvocable<void()>;
  virtual void Shutdown(ShutdownDone done) { done(); }
  virtual void Drained() {}
};

class Consumer {
 public:
  virtual ~Consumer() = default;
  virtual void Consume(Batch batch, Done done) = 0;
  // True when this consumer, or one it hands the same batch to, changes batches in place.
  virtual bool mutates() const { return false; }
};

// Makes batches. One instance per id serves all signals it is wired to.
class Receiver : public Component {
 public:
  // Called before Start, once per signal that a pipeline takes from this receiver. `next` outlives the receiver's last call.
  virtual void SetOutput(Signal signal, Consumer* next) = 0;
};

// One instance per pipeline. The base keeps the next consumer.
class Processor : public Component, public Consumer {
 public:
  void SetNext(Consumer* next) { next_ = next; }

 protected:
  Consumer* next() const { return next_; }

 private:
  Consumer* next_ = nullptr;
};

// The simple kind of processor: edits a batch in place and passes it on. An error refuses the batch (permanent unless the code is retryable).
class EditProcessor : public Processor {
 public:
  virtual absl::Status Process(Batch& batch) = 0;
  void Consume(Batch batch, Done done) override {
    absl::Status status = Process(batch);
    if (!status.ok()) {
      done.Finished(status);
    } else if (batch) {
      next()->Consume(std::move(batch), std::move(done));
    } else {  // Process dropped it on purpose by resetting it
      done.Finished(absl::OkStatus());
    }
  }
  bool mutates() const override { return true; }
};

// One instance per signal and id, or one per id when its class says `static constexpr bool kOnePerId = true`.
class Exporter : public Component, public Consumer {};

// An exporter of one pipeline and a receiver of others. One instance per pair of signals.
class Connector : public Component, public Consumer {
 public:
  virtual void SetOutput(Signal signal, Consumer* next) = 0;
};

class Extension : public Component {
 public:
  // All pipelines have started / shutdown begins.
  virtual void PipelinesReady() {}
  virtual void PipelinesNotReady() {}
};

// --- what extensions offer to components; found by dynamic_cast from Extension

// Key-value store of one client. Blocking, small values; called on the loop. Keys and values are bytes.
class StorageClient {
 public:
  virtual ~StorageClient() = default;
  // NotFound when there is none.
  virtual absl::StatusOr<std::string> Get(std::string_view key) = 0;
  virtual absl::Status Set(std::string_view key, std::string_view value) = 0;
  virtual absl::Status Delete(std::string_view key) = 0;
  // All of it or nothing; an empty optional deletes.
  struct Write {
    std::string key;
    std::string value;
    bool remove = false;
  };
  virtual absl::Status Apply(const std::vector<Write>& writes) = 0;
  virtual std::vector<std::string> Keys() = 0;
  // A directory of its own for clients that keep bigger things (queues) beside the store; created on first call.
  virtual absl::StatusOr<std::string> Directory() = 0;
};

class StorageExtension {
 public:
  virtual ~StorageExtension() = default;
  // One client per component (and `name`, for components with several stores).
  virtual absl::StatusOr<std::unique_ptr<StorageClient>> Open(ComponentKind kind, const ComponentId& id,
                                                              std::string_view name) = 0;
};

// --- what the components `embed` offer to the embedding program; found by dynamic_cast from Receiver and Exporter

// A receiver that takes batches from the program (Service::Push). Loop thread, after Start.
class PushTarget {
 public:
  virtual ~PushTarget() = default;
  // Passes the batch to the pipelines of its signal. InvalidArgument through `done` when no pipeline of that signal has the receiver.
  virtual void Push(Batch batch, Done done) = 0;
};

// An exporter that shows batches to the program (Service::SetTap).
class TapTarget {
 public:
  virtual ~TapTarget() = default;
  // Called before Start. The tap then runs on the loop for every batch; an empty function removes it.
  virtual void SetTap(std::function<void(const Batch&)> tap) = 0;
};

// --- authentication, offered by extensions

using Headers = std::vector<std::pair<std::string, std::string>>;  // names in lower case

// Checks incoming requests. Unauthenticated with the text for the client when it refuses. May be called from any thread.
class ServerAuth {
 public:
  virtual ~ServerAuth() = default;
  virtual absl::Status Authenticate(const Headers& headers, ClientInfo& client) = 0;
};

// Adds headers to outgoing requests. May be called from any thread. `client` may be null.
class ClientAuth {
 public:
  virtual ~ClientAuth() = default;
  virtual absl::StatusOr<Headers> RequestHeaders(const ClientInfo* client) = 0;
  virtual bool requires_tls() const { return false; }
};

}  // namespace otelpipe
