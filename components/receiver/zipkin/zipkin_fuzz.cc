// Any bytes as JSON of both versions and as protobuf: nothing may crash, and what was read encodes.
#include <cstdint>
#include <memory>
#include <string_view>

#include "otelpipe/pdata/batch.h"
#include "receiver/zipkin/span.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace otelpipe;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  auto encode = [](std::unique_ptr<TracesData> traces) { (void)Batch::FromTraces(std::move(traces)).wire(); };
  for (const bool proto : {false, true}) {
    Arena arena;
    auto spans = proto ? zipkin::ReadProto(body, arena) : zipkin::ReadJson(body, arena);
    auto traces = std::make_unique<TracesData>();
    if (spans.ok() && zipkin::Translate(*std::move(spans), true, *traces).ok()) encode(std::move(traces));
  }
  auto traces = std::make_unique<TracesData>();
  if (zipkin::ReadJsonV1(body, true, 1, *traces).ok()) encode(std::move(traces));
  return 0;
}
