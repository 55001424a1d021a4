// Reads any bytes as push requests, labels and logfmt. What is read must be writable, and read the same again.
#include <cstdlib>
#include <string>

#include "shared/loki/labels.h"
#include "shared/loki/logfmt.h"
#include "shared/loki/push_reader.h"
#include "shared/loki/push_writer.h"

namespace {

using namespace otelpipe;

void CheckLabels(std::string_view text) {
  auto labels = loki::ParseLabels(text);
  if (!labels.ok()) return;
  std::vector<std::pair<std::string_view, std::string_view>> views(labels->begin(), labels->end());
  auto again = loki::ParseLabels(loki::FormatLabels(views));
  if (!again.ok()) std::abort();
  // Equal names merge into the last one, and odd names are made valid, so only the values of a single label must survive.
  if (labels->size() == 1 && (again->size() != 1 || (*again)[0].second != (*labels)[0].second)) std::abort();
}

void CheckRecords(const LogsData& data) {
  loki::PushStream stream;
  stream.labels = "{job=\"fuzz\"}";
  size_t records = 0;
  for (const ResourceLogs& resource : data.resources) {
    for (const ScopeLogs& scope : resource.scopes) {
      for (const LogRecord& record : scope.records) {
        stream.BeginEntry(record.time_unix_nano);
        stream.buffer().Append(record.body.string());
        stream.EndEntry();
        ++records;
      }
    }
  }
  Buffer packed = loki::PackPush({&stream});
  auto plain = loki::UnpackSnappy(packed.bytes, size_t{1} << 30);
  if (!plain.ok()) std::abort();
  LogsData again;
  if (!loki::ReadPushProto(*plain, {1, true}, again).ok()) std::abort();
  const size_t read = again.resources.empty() ? 0 : again.resources[0].scopes[0].records.size();
  if (read != records) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  CheckLabels(input);
  std::vector<std::pair<std::string, std::string>> pairs;
  loki::ParseLogfmt(input, pairs);
  (void)loki::UnpackSnappy(input, 1 << 20);
  loki::ByteBuffer json;
  json.AppendJson(input);
  LogsData from_proto, from_json;
  if (loki::ReadPushProto({input, nullptr}, {1, true}, from_proto).ok()) CheckRecords(from_proto);
  if (loki::ReadPushJson(input, {1, true}, from_json).ok()) CheckRecords(from_json);
  return 0;
}
