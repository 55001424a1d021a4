// Any bytes as a segment file: scanning stays within them, what it takes is well formed, and records behind damage that were written by us are found.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "extension/file_storage/segment.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace otelpipe::file_storage;
  const std::string_view data(reinterpret_cast<const char*>(bytes), size);
  std::string damaged;
  int64_t last = 0;
  size_t taken = 0;
  const ScanResult found = ScanSegment(
      data,
      [&](int64_t at, std::string_view body) {
        if (at < last || at + static_cast<int64_t>(body.size()) > static_cast<int64_t>(size)) std::abort();
        last = at + static_cast<int64_t>(body.size());
        ++taken;
        size_t writes = 0;
        if (!ForEachWrite(body, [&](const WriteView& w) {
              ++writes;
              if (w.value_offset + w.value.size() > body.size()) std::abort();
            }) ||
            writes == 0) {
          std::abort();
        }
      },
      &damaged);
  if (found.records != taken || damaged.size() != static_cast<size_t>(found.skipped_bytes)) std::abort();

  // The input as a value between two records, with one byte of it changed.
  std::string file = EncodeSegmentHead(7);
  size_t begin = 0;
  for (std::string_view value : {std::string_view("first"), data, std::string_view("last")}) {
    std::string body;
    AppendWriteHead(body, WriteKind::kSet, 1, value.size());
    body += 'k';
    body += value;
    if (value.data() == data.data()) begin = file.size() + kRecordHead + kWriteHead + 1;
    file += EncodeRecordHead(7, static_cast<int64_t>(file.size()), {body});
    file += body;
  }
  if (size > 0) file[begin + size / 2] = static_cast<char>(file[begin + size / 2] ^ 0x55);
  const ScanResult again = ScanSegment(file, [](int64_t, std::string_view) {});
  if (again.records != (size > 0 ? 2u : 3u)) std::abort();
  return 0;
}
