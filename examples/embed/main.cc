// Hosts one pipeline in a program of our own: records go in by Push, come out by a tap, and the library says what became of them.
//
//   embed              runs the configuration below
//   embed FILE         runs a file; it needs a receiver `embed/app` and an exporter `embed/app`, both for logs
//
// Everything the library says or counts goes where this program wants it. It installs no signal handler, prints nothing and
// never ends the process, so all of that is done here.
#include <atomic>
#include <future>
#include <iostream>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/config.h"
#include "otelpipe/log_sink.h"
#include "otelpipe/service.h"

namespace {

// The configuration is the collector's. `embed/app` is the door of this program, in and out; between them stands what any
// agent's file may name. The name given to Parse stands for a file name in messages.
constexpr char kConfig[] = R"(
receivers:
  embed/app:

processors:
  resource:
    attributes:
      - {key: service.name, value: checkout, action: upsert}
  attributes:
    actions:
      - {key: password, action: delete}

exporters:
  embed/app:

service:
  pipelines:
    logs:
      receivers: [embed/app]
      processors: [resource, attributes]
      exporters: [embed/app]
)";

// Where the service's own log lines go: here to stderr, in a form of ours. A sink is called from several threads; one `<<` of a whole
// line is enough for stderr.
class StderrSink final : public otelpipe::LogSink {
 public:
  bool Enabled(otelpipe::LogLevel level) const override { return level >= otelpipe::LogLevel::kInfo; }
  void Write(const otelpipe::LogLine& line) override {
    std::string text = "otelpipe: " + std::string(line.message);
    for (const otelpipe::LogField& field : line.fields) {
      if (const auto* value = std::get_if<std::string>(&field.data)) text += " " + field.key + "=" + *value;
    }
    std::cerr << text + "\n";
  }
};

// Builds the tree of OTLP: resource, scope, records. Texts are views, so each must live as long as the batch: literals do, and arena.Copy
// makes anything else do.
otelpipe::Batch MakeBatch(int first, int count) {
  auto logs = std::make_unique<otelpipe::LogsData>();
  otelpipe::Arena& arena = logs->arena;
  otelpipe::ScopeLogs& scope = logs->resources.Add(arena).scopes.Add(arena);
  scope.scope.name = "checkout.orders";
  for (int i = first; i < first + count; ++i) {
    otelpipe::LogRecord& record = scope.records.Add(arena);
    record.time_unix_nano = static_cast<uint64_t>(absl::GetCurrentTimeNanos());
    record.severity_number = 9;  // INFO
    record.severity_text = "INFO";
    record.body = otelpipe::Value::Str(arena.Copy("order " + std::to_string(i) + " accepted"));
    record.attributes.Set(arena, "order.id", otelpipe::Value::Int(i));
    record.attributes.Set(arena, "password", otelpipe::Value::Str("swordfish"));
  }
  return otelpipe::Batch::FromLogs(std::move(logs));
}

// Runs on the service's data thread, once per batch. The batch is ours to look at during the call.
void PrintBatch(const otelpipe::Batch& batch) {
  absl::StatusOr<const otelpipe::LogsData*> logs = batch.ReadLogs();
  if (!logs.ok()) return;
  for (const otelpipe::ResourceLogs& resource : (*logs)->resources) {
    const otelpipe::Value* service = resource.resource.attributes.Find("service.name");
    for (const otelpipe::ScopeLogs& scope : resource.scopes) {
      for (const otelpipe::LogRecord& record : scope.records) {
        std::cout << "out: " << (service != nullptr ? service->AsString() : "?") << ": " << record.body.AsString() << " "
                  << otelpipe::Value::OfMap(const_cast<otelpipe::Map*>(&record.attributes)).AsString() << "\n";
      }
    }
  }
}

void PrintMetrics(const otelpipe::Metrics& metrics) {
  for (const otelpipe::MetricSample& sample : metrics.Read()) {
    if (sample.type == otelpipe::MetricSample::Type::kHistogram) continue;
    std::cout << "metric: " << sample.name;
    for (const auto& [key, value] : sample.labels) std::cout << " " << key << "=" << value;
    std::cout << " " << sample.value << "\n";
  }
}

absl::Status Run(const char* path) {
  // The program fills its own registry: everything that was linked in, or only what it wants.
  otelpipe::Registry registry;
  OTELPIPE_RETURN_IF_ERROR(otelpipe::RegisterAllComponents(registry));

  // A mistake in the text ends here, with file, line and column of every mistake.
  OTELPIPE_ASSIGN_OR_RETURN(otelpipe::Config config, path != nullptr ? otelpipe::Config::Load(path)
                                                                     : otelpipe::Config::Parse(kConfig, "embedded.yaml"));
  otelpipe::ServiceOptions options;
  options.log_sink = std::make_shared<StderrSink>();
  options.name = "checkout";
  OTELPIPE_ASSIGN_OR_RETURN(auto service, otelpipe::Service::Create(std::move(config), registry, std::move(options)));

  // Taps are set between Create and Start.
  OTELPIPE_RETURN_IF_ERROR(service->SetTap("embed/app", PrintBatch));
  OTELPIPE_RETURN_IF_ERROR(service->Start());

  // Push may be called from any thread. The acknowledgement comes on the service's data thread, in two steps: Accepted, when a queue holds
  // the batch, and Finished, when it was delivered or refused for good. This pipeline has no queue, so Finished alone comes.
  std::promise<absl::Status> finished;
  service->Push("embed/app", MakeBatch(1, 3),
                otelpipe::Done::On([] { std::cout << "acknowledged: accepted\n"; },
                                   [&finished](const absl::Status& status) { finished.set_value(status); }));
  absl::Status status = finished.get_future().get();
  std::cout << "acknowledged: " << status.ToString() << "\n";

  // A wrong address is an answer too, not a crash.
  std::promise<absl::Status> refused;
  service->Push("embed/nobody", MakeBatch(4, 1),
                otelpipe::Done::OnFinished([&refused](const absl::Status& s) { refused.set_value(s); }));
  std::cout << "refused: " << refused.get_future().get().ToString() << "\n";

  PrintMetrics(service->metrics());

  // Receivers first, then what they feed, exporters last. What has not stopped after ten seconds is named and left.
  otelpipe::ShutdownReport report = service->Shutdown(absl::Seconds(10));
  for (const std::string& component : report.unfinished) std::cerr << "did not stop in time: " << component << "\n";
  std::cout << "stopped: " << (report.clean ? "clean" : "not clean") << "\n";
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  absl::Status status = Run(argc > 1 ? argv[1] : nullptr);
  if (status.ok()) return 0;
  std::cerr << status.message() << "\n";
  return 1;
}
