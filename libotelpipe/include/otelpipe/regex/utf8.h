// UTF-8 as Go reads it: a byte that begins no valid sequence is one character, U+FFFD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otelpipe::regex {

inline constexpr uint32_t kRuneError = 0xFFFD;
inline constexpr uint32_t kMaxRune = 0x10FFFF;

struct DecodedRune {
  uint32_t rune;
  uint32_t width;  // bytes; 1 with kRuneError for a bad byte
};

// Decodes the character at `p` (p < end). Overlong forms, surrogates and values over U+10FFFF are bad.
DecodedRune DecodeRuneSlow(const char* p, const char* end);

inline DecodedRune DecodeRune(const char* p, const char* end) {
  const auto c = static_cast<unsigned char>(*p);
  if (c < 0x80) return {c, 1};
  return DecodeRuneSlow(p, end);
}

// True if `p` (between begin and end) does not lie inside a valid multi-byte character.
bool IsRuneBoundary(const char* begin, const char* p, const char* end);

// Appends the UTF-8 form of `rune`. Values that have none (surrogates) are written the same way, so
// that they match no text.
void AppendRune(uint32_t rune, std::string& out);

bool IsValidUtf8(std::string_view text);

// A copy of a text with each bad byte replaced by U+FFFD, and the way back to offsets of the text.
struct SanitizedText {
  explicit SanitizedText(std::string_view source);

  // Offset in the source of an offset in `text`, and the reverse for a character boundary.
  size_t ToSource(size_t offset) const;
  size_t FromSource(size_t offset) const;

  std::string text;
  std::vector<size_t> bad;  // offsets in the source of the bad bytes, ascending
};

}  // namespace otelpipe::regex
