#include <cstdio>

#include "absl/strings/str_cat.h"
#include "extension/file_storage/store.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::file_storage {

std::string ClientName(ComponentKind kind, const ComponentId& id, std::string_view name) {
  std::string raw = absl::StrCat(A(KindName(kind)), "_", id.type, "_", id.name);
  if (!name.empty()) absl::StrAppend(&raw, "_", A(name));
  std::string out;
  for (size_t i = 0; i < raw.size();) {
    unsigned char b = static_cast<unsigned char>(raw[i]);
    if ((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '.' || b == '-' || b == '_') {
      out += raw[i++];
      continue;
    }
    // The code point in at least four digits, as the reference names its files.
    uint32_t c = b;
    size_t extra = b >= 0xF0 ? 3 : b >= 0xE0 ? 2 : b >= 0xC0 ? 1 : 0;
    if (extra > 0 && i + extra < raw.size()) {
      c = b & (0x3Fu >> extra);
      for (size_t k = 1; k <= extra; ++k) c = c << 6 | (static_cast<unsigned char>(raw[i + k]) & 0x3F);
      i += extra;
    }
    ++i;
    char hex[16];
    std::snprintf(hex, sizeof(hex), "~%04X", c);
    out += hex;
  }
  return out;
}

}  // namespace otelpipe::file_storage
