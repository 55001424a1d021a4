// A program of one's own that loads plugins: host PLUGIN.so. It pushes one record through the plugin's processor and prints what comes out.
#include <future>
#include <iostream>
#include <memory>

#include "absl/time/time.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/config.h"
#include "otelpipe/service.h"

namespace {

constexpr char kConfig[] = R"(
receivers: {embed: }
processors: {redact: {keys: [password]}}
exporters: {embed: }
service: {pipelines: {logs: {receivers: [embed], processors: [redact], exporters: [embed]}}}
)";

absl::Status Run(const char* plugin) {
  otelpipe::Registry registry;
  OTELPIPE_RETURN_IF_ERROR(otelpipe::RegisterAllComponents(registry));
  OTELPIPE_RETURN_IF_ERROR(otelpipe::LoadPlugin(plugin, registry));
  OTELPIPE_ASSIGN_OR_RETURN(otelpipe::Config config, otelpipe::Config::Parse(kConfig));
  OTELPIPE_ASSIGN_OR_RETURN(auto service, otelpipe::Service::Create(std::move(config), registry));
  OTELPIPE_RETURN_IF_ERROR(service->SetTap("embed", [](const otelpipe::Batch& batch) {
    absl::StatusOr<const otelpipe::LogsData*> logs = batch.ReadLogs();
    if (!logs.ok()) return;
    const otelpipe::LogRecord& record = (*logs)->resources[0].scopes[0].records[0];
    std::cout << record.body.AsString() << ", " << record.attributes.size() << " attributes\n";
  }));
  OTELPIPE_RETURN_IF_ERROR(service->Start());

  auto logs = std::make_unique<otelpipe::LogsData>();
  otelpipe::LogRecord& record = logs->resources.Add(logs->arena).scopes.Add(logs->arena).records.Add(logs->arena);
  record.body = otelpipe::Value::Str("paid with 4111111111111111");
  record.attributes.Set(logs->arena, "password", otelpipe::Value::Str("swordfish"));
  std::promise<absl::Status> finished;
  service->Push("embed", otelpipe::Batch::FromLogs(std::move(logs)),
                otelpipe::Done::OnFinished([&](const absl::Status& status) { finished.set_value(status); }));
  absl::Status status = finished.get_future().get();
  service->Shutdown(absl::Seconds(10));
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  absl::Status status = Run(argc > 1 ? argv[1] : "./redact.so");
  if (status.ok()) return 0;
  std::cerr << status.message() << "\n";
  return 1;
}
