// Tracer: writes down what operators see and do, as ExplainedRecords.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "inspect/flat.h"
#include "inspect/observed.h"
#include "otelpipe/component/telemetry.h"
#include "otelpipe/inspect.h"

namespace otelpipe::inspect {

class Tracer final : public OperatorObserver {
 public:
  Tracer();
  ~Tracer() override;

  void Enter(const OperatorPlace& place, Entry& entry) override;
  void Leave(const OperatorPlace& place, Entry& entry, const absl::Status& status) override;

  // Give this to the components: errors of operators come to their steps, warnings and errors of others to TakeLog.
  std::shared_ptr<LogSink> sink();

  // What was written down since the last call. Outcomes are settled now: what is still held then counts as held.
  std::vector<ExplainedRecord> TakeRecords();
  std::vector<std::string> TakeLog();

 private:
  class Token;
  class Sink;
  struct Shared;  // what tokens report to; they may outlive the tracer
  struct Open {
    int step = -1;  // -1: the end of the chain
    Flat before;
    bool first_sent = true;
    std::vector<std::string> child_errors;
    const void* ack = nullptr;
  };
  void AddConditions(const OperatorPlace& place, const Entry& entry, ExplainedStep& step);
  void OnLog(const LogLine& line);

  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Sink> sink_;
  std::vector<ExplainedRecord> records_;
  std::vector<size_t> numbers_;  // of records_, over all
  size_t next_number_ = 0;
  std::vector<Open> open_;  // of records_.back()
  std::vector<std::string> log_;
};

// Measures the own time of each operator, in the order of entering. The figures hold the cost of reading the clock once, about 30 ns.
class Stopwatch final : public OperatorObserver {
 public:
  void Enter(const OperatorPlace& place, Entry& entry) override;
  void Leave(const OperatorPlace& place, Entry& entry, const absl::Status& status) override;
  struct Lap {
    std::string id;
    int64_t nanos;
  };
  // Without the ends of chains.
  std::vector<Lap> Take() { return std::exchange(laps_, {}); }

 private:
  struct Running {
    size_t lap;
    int64_t since;
    int64_t inner = 0;
    bool is_end;
  };
  std::vector<Lap> laps_;
  std::vector<Running> running_;
};

}  // namespace otelpipe::inspect
