// Any bytes as a database: no page is trusted, so whatever is found is no larger than the file. The checksums of both descriptions are mended first, else
// nothing would get past them.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "extension/file_storage/bolt.h"

namespace {

void Mend(std::string& bytes, size_t page) {
  if (bytes.size() < page + 80) return;
  uint64_t h = 0xcbf29ce484222325;
  for (size_t i = page + 16; i < page + 72; ++i) h = (h ^ static_cast<unsigned char>(bytes[i])) * 0x100000001b3;
  std::memcpy(bytes.data() + page + 72, &h, sizeof(h));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using otelpipe::file_storage::BoltContent;
  using otelpipe::file_storage::BoltFile;
  std::string text(reinterpret_cast<const char*>(bytes), size);
  Mend(text, 0);
  Mend(text, 1024);
  Mend(text, 4096);
  auto file = BoltFile::OfBytes(std::move(text));
  if (!file.ok()) return 0;
  BoltContent content = (*file)->Read("default");
  for (const auto& [key, value] : content.values) {
    if (key.size() + value.size() > size) std::abort();
  }
  return 0;
}
