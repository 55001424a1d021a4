// Any bytes in any encoding. The first byte chooses it. What is decoded is valid UTF-8 and the same however often it is asked for; ASCII stays in encodings that
// hold it; text written as UTF-16 is read back; repaired text is valid, and valid text is not touched.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "shared/tail/encoding.h"

namespace {

using otelpipe::Arena;
using otelpipe::tail::Encoding;
using otelpipe::tail::RepairUtf8;
using otelpipe::tail::ValidUtf8;

void Require(bool condition) {
  if (!condition) std::abort();
}

// `text` is valid UTF-8.
std::string ToUtf16(std::string_view text, bool big) {
  std::string out;
  auto unit = [&](unsigned u) {
    const char bytes[] = {static_cast<char>(u & 0xFF), static_cast<char>(u >> 8)};
    out += bytes[big ? 1 : 0];
    out += bytes[big ? 0 : 1];
  };
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    unsigned rune = n == 1 ? c : c & (0xFF >> (n + 1));
    for (size_t j = 1; j < n; ++j) rune = rune << 6 | (static_cast<unsigned char>(text[i + j]) & 0x3F);
    if (rune >= 0x10000) {
      unit(0xD800 + ((rune - 0x10000) >> 10));
      unit(0xDC00 + ((rune - 0x10000) & 0x3FF));
    } else {
      unit(rune);
    }
    i += n;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr std::string_view kNames[] = {"utf-8",        "utf-8-raw", "nop",    "ascii",  "utf-16le", "utf-16be",     "utf-16",  "big5", "gbk",
                                                "gb18030",      "euc-jp",    "euc-kr", "koi8-r", "latin1",   "windows-1252", "shift_jis", "iso-2022-jp",
                                                "iso-8859-15", "ibm437"};
  if (size < 1) return 0;
  const std::string_view name = kNames[data[0] % std::size(kNames)];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  const bool valid = ValidUtf8(bytes);
  const std::string repaired = RepairUtf8(bytes);
  Require(ValidUtf8(repaired) && valid == (repaired == bytes) && RepairUtf8(repaired) == repaired);

  const auto encoding = Encoding::Find(name);
  if (!encoding.ok()) return 0;
  Arena arena;
  const std::string_view text = encoding->Decode(bytes, arena);
  Require(encoding->Decode(bytes, arena) == text);
  if (encoding->kind() == Encoding::Kind::kNop || encoding->kind() == Encoding::Kind::kRaw) {
    Require(text == bytes);
  } else {
    Require(ValidUtf8(text));
  }
  if (encoding->is_utf8()) Require(text == repaired);
  bool ascii = true;
  for (char c : bytes) ascii = ascii && c >= ' ' && c < 0x7F && c != '\\' && c != '~';
  if (ascii && encoding->unit() == 1) Require(text == bytes);
  // A mark of the byte order is taken away.
  const bool mark = bytes.substr(0, 3) == "\xEF\xBB\xBF" || bytes.find("\xEF\xBF\xBE") == 0;
  if (valid && !mark && (name == "utf-16le" || name == "utf-16be")) {
    const std::string wide = ToUtf16(bytes, name == "utf-16be");
    Require(encoding->Decode(wide, arena) == bytes);
  }
  return 0;
}
