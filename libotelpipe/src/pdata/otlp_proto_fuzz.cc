// Any bytes as an export request; the first one chooses the signal. What decodes must count as skimming counts, encode to bytes that
// decode to the same bytes again, and have a JSON form that can be read.
#include <cstdlib>

#include "otelpipe/pdata/codec.h"

namespace {

using namespace otelpipe;

void Require(bool condition) {
  if (!condition) std::abort();
}

template <typename Data>
void Check(Signal signal, std::string_view bytes) {
  // Cut into small pieces, so that every field crosses a border somewhere.
  WireBytes pieces;
  for (size_t i = 0; i < bytes.size(); i += 7) pieces.push_back({bytes.substr(i, 7), nullptr});
  absl::StatusOr<size_t> cut = SkimRecords(signal, pieces);
  absl::StatusOr<size_t> whole = SkimRecords(signal, {{bytes, nullptr}});
  Require(cut.ok() == whole.ok() && (!cut.ok() || *cut == *whole));

  Data data;
  if (!DecodeProto({bytes, nullptr}, data).ok()) return;
  Require(whole.ok());
  std::string encoded, json;
  EncodeProto(data, encoded);
  EncodeJson(data, json);
  Require(SkimRecords(signal, {{encoded, nullptr}}).value() == *whole);

  Data again;
  Require(DecodeProto({encoded, nullptr}, again).ok());
  std::string second;
  EncodeProto(again, second);
  Require(second == encoded);
  Data from_json;
  Require(DecodeJson(json, from_json).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: Check<LogsData>(Signal::kLogs, bytes); break;
    case 1: Check<TracesData>(Signal::kTraces, bytes); break;
    default: Check<MetricsData>(Signal::kMetrics, bytes); break;
  }
  return 0;
}
