// Rig: a receiver and the pipelines behind it, on a virtual clock, with input by call and sinks for exporters. What explain and test run on.
//
//   OTELPIPE_ASSIGN_OR_RETURN(std::unique_ptr<Rig> rig, Rig::Create(config, registry, {.receiver = "filelog"}));
//   OTELPIPE_RETURN_IF_ERROR(rig->Feed("/var/log/a.log", "line\n"));
//   rig->Advance(absl::Seconds(5));
//   rig->Shutdown();
//   for (const Rig::Seen& seen : rig->TakeSeen()) ... rig->places()[seen.place] ... seen.batch
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graph/graph.h"
#include "inspect/observed.h"
#include "otelpipe/component/feed.h"
#include "otelpipe/config.h"
#include "otelpipe/registry.h"
#include "otelpipe/testing/test_loop.h"
#include "runtime/runtime.h"

namespace otelpipe::inspect {

struct RigOptions {
  std::string receiver;  // "" = the only one with operators
  OperatorObserver* observer = nullptr;
  std::shared_ptr<LogSink> log;
  std::map<std::string, bool> gates;
  absl::Time now = absl::InfinitePast();  // the virtual clock at the start; by default that of TestLoop
};

class Rig final : public Host {
 public:
  // A place where batches are looked at.
  struct Place {
    enum class Kind { kReceiver, kProcessor, kExporter } kind;
    std::string id;        // of the component they come from, or of the exporter they reach
    std::string pipeline;  // "logs/2"; of exporters too
  };
  struct Seen {
    size_t place;
    Batch batch;
  };

  // Errors as of Explain (inspect.h).
  static absl::StatusOr<std::unique_ptr<Rig>> Create(const Config& config, const Registry& registry, RigOptions options);
  ~Rig() override;

  const std::string& receiver() const { return receiver_; }
  const std::vector<Place>& places() const { return places_; }
  // A path or an address that the receiver could take input from.
  std::string DefaultSource() const;
  bool feeds_are_records() const { return target_->feeds_are_records(); }

  absl::Status Feed(const std::string& source, std::string_view bytes);
  // One line, with what ends it.
  absl::Status FeedLine(const std::string& source, std::string_view line);
  void Advance(absl::Duration span);
  absl::Time Now() const { return loop_.Now(); }
  void Shutdown();
  std::vector<Seen> TakeSeen();

  // Host
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status status) override { fatal_ = std::move(status); }

 private:
  explicit Rig(RigOptions options);
  absl::Status Build(const Config& config);
  absl::Status ChooseReceiver(const Plan& plan, ComponentId& id) const;
  // Leaves in `plan` what the receiver feeds, with places to look at.
  void Reduce(Plan& plan, const ComponentId& receiver);
  absl::Status Start();

  RigOptions options_;
  Registry registry_;  // with operators that report to the observer
  std::unique_ptr<Runtime> runtime_;  // never started; lends its Asio context
  testing::TestLoop loop_;
  Metrics metrics_;
  std::string receiver_;
  std::string default_source_;
  std::vector<Place> places_;
  std::vector<Seen> seen_;
  std::vector<std::unique_ptr<ComponentFactory>> factories_;
  std::unique_ptr<Graph> graph_;
  FeedTarget* target_ = nullptr;
  absl::Status fatal_;
  bool stopped_ = false;
};

}  // namespace otelpipe::inspect
