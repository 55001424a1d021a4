// Any bytes, cut in any of the ways: records lie in the input and in order, and nothing is left at the end but what is too long.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "shared/stream/framing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using otelpipe::stream::Framing;
  using otelpipe::stream::FramingOptions;
  if (size < 1) return 0;
  FramingOptions options;
  options.max_size = 64;
  options.octet_counting = (bytes[0] & 3) == 1;
  options.whole = (bytes[0] & 3) == 2;
  if ((bytes[0] & 3) == 3) options.multiline.line_start_pattern = "^S";
  auto framing = Framing::Create(options);
  if (!framing.ok()) std::abort();
  const std::string_view data(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  for (bool at_end : {false, true}) {
    std::vector<std::string_view> records;
    const Framing::Cut cut = framing->Split(data, at_end, records);
    if (cut.used > data.size()) std::abort();
    if (at_end && !cut.too_long && cut.used != data.size()) std::abort();
    const char* last = data.data();
    for (std::string_view record : records) {
      if (record.empty()) continue;
      if (record.data() < last || record.data() + record.size() > data.data() + cut.used || record.size() > 64) std::abort();
      last = record.data();
    }
  }
  return 0;
}
