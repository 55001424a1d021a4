// PushReader: sends the service's own metrics by OTLP, every so often and once more at the end. A `periodic` reader of
// `service.telemetry.metrics`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extension/telemetry_metrics/process_stats.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/pdata/batch.h"
#include "shared/own_telemetry/console.h"
#include "shared/own_telemetry/target.h"

namespace otelpipe::own_metrics {

struct MetricsTarget : own_telemetry::OtlpTarget {
  std::string temporality_preference;  // cumulative, delta, lowmemory
  static void Describe(Fields<MetricsTarget>& f);
};
struct PushExporter {
  std::optional<MetricsTarget> otlp;
  std::optional<own_telemetry::ConsoleTarget> console;
  static void Describe(Fields<PushExporter>& f);
};
struct Periodic {
  int64_t interval = 60000;  // milliseconds
  int64_t timeout = 30000;
  std::optional<PushExporter> exporter;
  static void Describe(Fields<Periodic>& f);
};

// Makes of sums since the start sums since the last sending. One for each reader that wants them.
class Deltas {
 public:
  // `process_too`: also those that are only looked at, such as the time of the CPU (`delta`; not so `lowmemory`).
  explicit Deltas(bool process_too) : process_too_(process_too) {}
  bool process_too() const { return process_too_; }
  void Apply(std::vector<MetricSample>& samples, std::vector<ProcessSample>& process);
  // The end of the last span of time, which begins the next; the first begins at `start`.
  uint64_t Advance(uint64_t start, uint64_t now);

 private:
  const bool process_too_;
  std::map<std::string, MetricSample> last_;
  std::map<std::string, double> last_process_;
  uint64_t last_nanos_ = 0;
};

// The metrics as a batch, with start and time of every point. Counters that never counted are there as 0.
Batch OwnBatch(std::vector<MetricSample> samples, std::vector<ProcessSample> process,
               const std::vector<std::pair<std::string, std::string>>& resource, std::string_view level, uint64_t start_nanos, uint64_t now_nanos,
               Deltas* deltas = nullptr);

// Lives on the loop. `read` makes the batch to send, with deltas when they are given.
class PushReader {
 public:
  PushReader(Periodic config, Context context, std::function<Batch(Deltas*)> read,
             std::function<void(std::string_view)> console = own_telemetry::WriteToConsole);
  ~PushReader();
  // NotFound when the program has no such exporter; errors of its settings and of its start.
  absl::Status Start(Host& host);
  // Sends once more, then stops the exporter.
  void Shutdown(std::function<void()> done);

 private:
  void Tick();
  void Send(std::function<void()> then);

  const Periodic config_;
  Context context_;
  Metrics uncounted_;  // what the exporter counts is not the service's own work
  std::function<Batch(Deltas*)> read_;
  std::function<void(std::string_view)> console_;
  std::unique_ptr<Deltas> deltas_;
  std::unique_ptr<Exporter> exporter_;
  Timer timer_;
  bool started_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace otelpipe::own_metrics
