// Two services with different configurations in one process. Each has its own thread, metrics and pipelines; nothing is shared between them
// unless the program shares it, as it does with the registry here. The tap of the first feeds the second, so a batch passes through both.
#include <future>
#include <iostream>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/config.h"
#include "otelpipe/service.h"

namespace {

// Marks what comes in.
constexpr char kFirst[] = R"(
receivers: {embed/in: }
processors:
  attributes: {actions: [{key: seen_by, value: first, action: insert}]}
exporters: {embed/out: }
service:
  pipelines:
    logs: {receivers: [embed/in], processors: [attributes], exporters: [embed/out]}
)";

// The same type of processor with other settings.
constexpr char kSecond[] = R"(
receivers: {embed/in: }
processors:
  attributes: {actions: [{key: then_by, value: second, action: insert}]}
exporters: {embed/out: }
service:
  pipelines:
    logs: {receivers: [embed/in], processors: [attributes], exporters: [embed/out]}
)";

absl::StatusOr<std::unique_ptr<otelpipe::Service>> MakeService(const char* text, const char* name,
                                                                const otelpipe::Registry& registry) {
  OTELPIPE_ASSIGN_OR_RETURN(otelpipe::Config config, otelpipe::Config::Parse(text, name));
  return otelpipe::Service::Create(std::move(config), registry);
}

absl::Status Run() {
  // Outlives the services that were made with it.
  otelpipe::Registry registry;
  OTELPIPE_RETURN_IF_ERROR(otelpipe::RegisterAllComponents(registry));
  OTELPIPE_ASSIGN_OR_RETURN(auto first, MakeService(kFirst, "first.yaml", registry));
  OTELPIPE_ASSIGN_OR_RETURN(auto second, MakeService(kSecond, "second.yaml", registry));

  std::promise<absl::Status> delivered;
  OTELPIPE_RETURN_IF_ERROR(first->SetTap("embed/out", [&](const otelpipe::Batch& batch) {
    // A batch belongs to one thread at a time. The second service has a thread of its own, so it gets the bytes, not a shared handle.
    second->Push("embed/in", otelpipe::Batch::FromWire(batch.signal(), batch.wire()),
                 otelpipe::Done::OnFinished([&](const absl::Status& status) { delivered.set_value(status); }));
  }));
  OTELPIPE_RETURN_IF_ERROR(second->SetTap("embed/out", [](const otelpipe::Batch& batch) {
    absl::StatusOr<const otelpipe::LogsData*> logs = batch.ReadLogs();
    if (!logs.ok()) return;
    const otelpipe::LogRecord& record = (*logs)->resources[0].scopes[0].records[0];
    std::cout << record.body.AsString();
    for (const otelpipe::KeyValue& attribute : record.attributes) {
      std::cout << " " << attribute.key << "=" << attribute.value.AsString();
    }
    std::cout << "\n";
  }));

  // The one that is fed starts first and stops last.
  OTELPIPE_RETURN_IF_ERROR(second->Start());
  OTELPIPE_RETURN_IF_ERROR(first->Start());

  auto logs = std::make_unique<otelpipe::LogsData>();
  otelpipe::Arena& arena = logs->arena;
  logs->resources.Add(arena).scopes.Add(arena).records.Add(arena).body = otelpipe::Value::Str("hello");
  first->Push("embed/in", otelpipe::Batch::FromLogs(std::move(logs)), otelpipe::Done());
  absl::Status status = delivered.get_future().get();

  const bool clean = first->Shutdown(absl::Seconds(10)).clean && second->Shutdown(absl::Seconds(10)).clean;
  std::cout << "stopped: " << (clean ? "clean" : "not clean") << "\n";
  return status;
}

}  // namespace

int main() {
  absl::Status status = Run();
  if (status.ok()) return 0;
  std::cerr << status.message() << "\n";
  return 1;
}
