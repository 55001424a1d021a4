// The names of encodings: IANA names and aliases with a decoder, and what decodes them. See encoding.h, which is what callers use.
#pragma once

#include <string>
#include <string_view>

namespace otelpipe::tail {

struct NamedEncoding {
  enum Kind { kUnknown, kNoDecoder, kUtf8, kRaw, kNop, kUtf16Le, kUtf16Be, kCharset } kind = kUnknown;
  std::string charset;  // name for iconv, for kCharset
};

// Case does not matter, blanks around are ignored. The empty name is UTF-8.
NamedEncoding FindEncodingName(std::string_view name);

// True for charsets (names as in NamedEncoding::charset) where each byte is one character.
bool IsSingleByte(std::string_view charset);

}  // namespace otelpipe::tail
