// Any bytes as OTLP/JSON of each signal. What is read must be written so that reading and writing it again gives the same text.
#include <cstdlib>

#include "otelpipe/pdata/codec.h"

namespace {

using namespace otelpipe;

template <typename Data>
void Check(std::string_view json) {
  Data data;
  if (!DecodeJson(json, data).ok()) return;
  std::string first, second;
  EncodeJson(data, first);
  Data again;
  if (!DecodeJson(first, again).ok()) std::abort();
  EncodeJson(again, second);
  if (first != second) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view json(reinterpret_cast<const char*>(data), size);
  Check<LogsData>(json);
  Check<TracesData>(json);
  Check<MetricsData>(json);
  return 0;
}
