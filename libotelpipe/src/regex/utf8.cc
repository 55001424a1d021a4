#include "otelpipe/regex/utf8.h"

#include <algorithm>
#include <cstring>

namespace otelpipe::regex {
namespace {

bool IsContinuation(unsigned char c) { return (c & 0xC0) == 0x80; }

// U+FFFD takes the place of one byte, so everything behind it moves by this much.
constexpr size_t kReplacementGrowth = 2;

}  // namespace

DecodedRune DecodeRuneSlow(const char* p, const char* end) {
  const auto* s = reinterpret_cast<const unsigned char*>(p);
  const auto size = static_cast<size_t>(end - p);
  const unsigned char c = s[0];
  constexpr DecodedRune kBad{kRuneError, 1};
  if (c < 0x80) return {c, 1};
  if (c < 0xC2 || c > 0xF4 || size < 2) return kBad;
  if (c < 0xE0) {
    if (!IsContinuation(s[1])) return kBad;
    return {static_cast<uint32_t>(c & 0x1F) << 6 | (s[1] & 0x3Fu), 2};
  }
  if (c < 0xF0) {
    const unsigned char low = c == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = c == 0xED ? 0x9F : 0xBF;
    if (size < 3 || s[1] < low || s[1] > high || !IsContinuation(s[2])) return kBad;
    return {static_cast<uint32_t>(c & 0x0F) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu), 3};
  }
  const unsigned char low = c == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = c == 0xF4 ? 0x8F : 0xBF;
  if (size < 4 || s[1] < low || s[1] > high || !IsContinuation(s[2]) || !IsContinuation(s[3])) {
    return kBad;
  }
  return {static_cast<uint32_t>(c & 0x07) << 18 | (s[1] & 0x3Fu) << 12 | (s[2] & 0x3Fu) << 6 |
              (s[3] & 0x3Fu),
          4};
}

bool IsRuneBoundary(const char* begin, const char* p, const char* end) {
  if (p == begin || p == end || !IsContinuation(static_cast<unsigned char>(*p))) return true;
  // A byte that is not a continuation byte always begins a character, so decoding from the nearest
  // one to the left tells whether `p` belongs to it.
  for (const char* q = p; q > begin && p - q < 3;) {
    --q;
    if (IsContinuation(static_cast<unsigned char>(*q))) continue;
    return q + DecodeRune(q, end).width <= p;
  }
  return true;
}

void AppendRune(uint32_t rune, std::string& out) {
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xC0 | rune >> 6);
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xE0 | rune >> 12);
    out += static_cast<char>(0x80 | (rune >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | rune >> 18);
    out += static_cast<char>(0x80 | (rune >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (rune >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  }
}

bool IsValidUtf8(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    uint64_t word;
    if (end - p >= 8) {
      std::memcpy(&word, p, 8);
      if ((word & 0x8080808080808080u) == 0) {
        p += 8;
        continue;
      }
    }
    const DecodedRune d = DecodeRune(p, end);
    if (d.rune == kRuneError && d.width == 1) return false;
    p += d.width;
  }
  return true;
}

SanitizedText::SanitizedText(std::string_view source) {
  text.reserve(source.size() + 16);
  const char* p = source.data();
  const char* const end = p + source.size();
  while (p < end) {
    const DecodedRune d = DecodeRune(p, end);
    if (d.rune == kRuneError && d.width == 1) {
      bad.push_back(static_cast<size_t>(p - source.data()));
      text += "\xEF\xBF\xBD";
    } else {
      text.append(p, d.width);
    }
    p += d.width;
  }
}

size_t SanitizedText::FromSource(size_t offset) const {
  const auto before = std::lower_bound(bad.begin(), bad.end(), offset) - bad.begin();
  return offset + static_cast<size_t>(before) * kReplacementGrowth;
}

size_t SanitizedText::ToSource(size_t offset) const {
  // The number of bad bytes before the wanted offset: the first i whose bad byte, seen in `text`,
  // does not lie before `offset`.
  size_t low = 0;
  size_t high = bad.size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (bad[middle] + middle * kReplacementGrowth < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return offset - low * kReplacementGrowth;
}

}  // namespace otelpipe::regex
