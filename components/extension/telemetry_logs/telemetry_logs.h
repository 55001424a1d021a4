// telemetry_logs: sends the service's own log lines by OTLP or to the console. The service makes it from `service.telemetry.logs.processors`; nobody lists it
// under `extensions`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/component/own_logs.h"
#include "shared/own_telemetry/console.h"
#include "shared/own_telemetry/target.h"

namespace otelpipe {

// Lines come from any thread and are held until the loop takes them. Errors of the sending go to the logger of the context, which must not end in the sink that
// this extension offers.
class TelemetryLogs final : public Extension, public OwnLogs {
 public:
  static constexpr std::string_view kType = "telemetry_logs";

  struct RecordExporter {
    std::optional<own_telemetry::OtlpTarget> otlp;
    std::optional<own_telemetry::ConsoleTarget> console;
    static void Describe(Fields<RecordExporter>& f);
  };
  struct BatchProcessor {
    int64_t schedule_delay = 1000;  // milliseconds
    int64_t export_timeout = 30000;
    int64_t max_queue_size = 2048;
    int64_t max_export_batch_size = 512;
    std::optional<RecordExporter> exporter;
    static void Describe(Fields<BatchProcessor>& f);
  };
  struct SimpleProcessor {
    std::optional<RecordExporter> exporter;
    static void Describe(Fields<SimpleProcessor>& f);
  };
  struct RecordProcessor {
    std::optional<BatchProcessor> batch;
    std::optional<SimpleProcessor> simple;
    static void Describe(Fields<RecordProcessor>& f);
  };
  struct Config {
    std::vector<RecordProcessor> processors;
    std::map<std::string, std::string> resource;
    static void Describe(Fields<Config>& f);
  };

  TelemetryLogs(Config config, Context context);
  ~TelemetryLogs() override;
  // NotFound when the program has no exporter for a processor; errors of its settings and of its start.
  absl::Status Start(Host& host) override;
  // Sends what is held, for five seconds at most.
  void Shutdown(ShutdownDone done) override;
  std::shared_ptr<LogSink> sink() override;
  // In the place of standard output, for tests. Before Start.
  void set_console(std::function<void(std::string_view)> console) { console_ = std::move(console); }

 private:
  struct Line;
  class Inbox;
  class Pipe;
  void Take();

  const Config config_;
  const Context context_;
  Metrics uncounted_;  // what the exporters count is not the service's own work
  std::function<void(std::string_view)> console_ = own_telemetry::WriteToConsole;
  std::shared_ptr<Inbox> inbox_;
  std::vector<std::shared_ptr<Pipe>> pipes_;
  bool started_ = false;
};

}  // namespace otelpipe
