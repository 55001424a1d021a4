#include "operator/expr/unicode.h"

#include <locale.h>
#include <wctype.h>

#include <cstdint>

namespace otelpipe::expr {
namespace {

// The C library's tables of the C.UTF-8 locale, without touching the process's own locale.
locale_t Utf8Locale() {
  static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

void Append(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

}  // namespace

std::string ChangeCase(std::string_view text, bool upper) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      out += static_cast<char>(upper && c >= 'a' && c <= 'z' ? c - 32 : !upper && c >= 'A' && c <= 'Z' ? c + 32 : c);
      ++i;
      continue;
    }
    const size_t size = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    uint32_t code = size == 4 ? c & 0x07u : size == 3 ? c & 0x0Fu : c & 0x1Fu;
    bool good = size > 1 && i + size <= text.size();
    for (size_t k = 1; good && k < size; ++k) {
      const unsigned char more = static_cast<unsigned char>(text[i + k]);
      good = (more & 0xC0) == 0x80;
      code = (code << 6) | (more & 0x3Fu);
    }
    if (!good || Utf8Locale() == nullptr) {
      out += text[i++];
      continue;
    }
    const wint_t changed = upper ? ::towupper_l(static_cast<wint_t>(code), Utf8Locale())
                                 : ::towlower_l(static_cast<wint_t>(code), Utf8Locale());
    Append(out, static_cast<uint32_t>(changed));
    i += size;
  }
  return out;
}

}  // namespace otelpipe::expr
