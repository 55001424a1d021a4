#include "shared/tail/encoding.h"

#include <iconv.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "shared/tail/encoding_names.h"
#include "simdjson.h"

namespace otelpipe::tail {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";

// Length of the well-formed character at s[i], or 0 and the length of the ill-formed subpart in `bad`.
size_t WellFormed(std::string_view s, size_t i, size_t& bad) {
  auto at = [&](size_t k) { return k < s.size() ? static_cast<unsigned char>(s[k]) : 0u; };
  unsigned b = at(i);
  bad = 1;
  if (b < 0x80) return 1;
  unsigned low = 0x80, high = 0xBF;
  size_t length;
  if (b >= 0xC2 && b <= 0xDF) {
    length = 2;
  } else if (b >= 0xE0 && b <= 0xEF) {
    length = 3;
    if (b == 0xE0) low = 0xA0;
    if (b == 0xED) high = 0x9F;
  } else if (b >= 0xF0 && b <= 0xF4) {
    length = 4;
    if (b == 0xF0) low = 0x90;
    if (b == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  for (size_t k = 1; k < length; ++k) {
    unsigned n = at(i + k);
    if (i + k >= s.size() || n < low || n > high) {
      bad = k;
      return 0;
    }
    low = 0x80, high = 0xBF;
  }
  return length;
}

void AppendUtf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::string FromUtf16(std::string_view s, bool big_endian) {
  auto unit = [&](size_t i) -> uint32_t {
    uint32_t a = static_cast<unsigned char>(s[i]), b = static_cast<unsigned char>(s[i + 1]);
    return big_endian ? a << 8 | b : b << 8 | a;
  };
  std::string out;
  out.reserve(s.size());
  size_t i = 0;
  for (; i + 1 < s.size(); i += 2) {
    uint32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < s.size()) {
      uint32_t d = unit(i + 2);
      if (d >= 0xDC00 && d < 0xE000) {
        AppendUtf8(out, 0x10000 + ((c - 0xD800) << 10) + (d - 0xDC00));
        i += 2;
        continue;
      }
    }
    if (c >= 0xD800 && c < 0xE000) {
      out += kReplacement;
    } else {
      AppendUtf8(out, c);
    }
  }
  if (i < s.size()) out += kReplacement;  // half a unit
  return out;
}

std::string Convert(iconv_t cd, std::string_view s) {
  ::iconv(cd, nullptr, nullptr, nullptr, nullptr);
  std::string out(s.size() * 2 + 16, '\0');
  size_t used = 0;
  char* in = const_cast<char*>(s.data());
  size_t in_left = s.size();
  while (in_left > 0) {
    char* to = out.data() + used;
    size_t to_left = out.size() - used;
    size_t r = ::iconv(cd, &in, &in_left, &to, &to_left);
    used = out.size() - to_left;
    if (r != static_cast<size_t>(-1)) break;
    if (errno == E2BIG || to_left < 8) {
      out.resize(out.size() * 2);
      if (errno == E2BIG) continue;
    }
    std::memcpy(out.data() + used, kReplacement, 3);
    used += 3;
    if (errno == EINVAL) break;  // cut off in the middle of a character
    ++in;
    --in_left;
  }
  out.resize(used);
  return out;
}

}  // namespace

bool ValidUtf8(std::string_view s) { return simdjson::validate_utf8(s.data(), s.size()); }

std::string RepairUtf8(std::string_view s) {
  std::string out;
  out.reserve(s.size() + 16);
  for (size_t i = 0; i < s.size();) {
    size_t bad = 1;
    size_t n = WellFormed(s, i, bad);
    if (n > 0) {
      out.append(s, i, n);
      i += n;
    } else {
      out += kReplacement;
      i += bad;
    }
  }
  return out;
}

struct Encoding::Converter {
  explicit Converter(iconv_t c) : cd(c) {}
  Converter(const Converter&) = delete;
  iconv_t cd;
  ~Converter() { ::iconv_close(cd); }
};

absl::StatusOr<Encoding> Encoding::FromIconv(const std::string& charset, std::string_view name) {
  iconv_t to = ::iconv_open("UTF-8", charset.c_str());
  if (to == reinterpret_cast<iconv_t>(-1)) {
    return absl::InvalidArgumentError(absl::StrCat("no charmap defined for encoding '", A(name), "'"));
  }
  Encoding e;
  e.converter_ = std::make_shared<Converter>(to);
  e.kind_ = Kind::kIconv;
  iconv_t from = ::iconv_open(charset.c_str(), "UTF-8");
  if (from != reinterpret_cast<iconv_t>(-1)) {
    std::string newline = Convert(from, "\n"), carriage_return = Convert(from, "\r");
    if (!newline.empty()) e.newline_ = newline;
    if (!carriage_return.empty()) e.carriage_return_ = carriage_return;
    ::iconv_close(from);
  }
  if (IsSingleByte(charset)) {
    auto table = std::make_shared<Table>();
    for (int b = 0; b < 256; ++b) {
      char c = static_cast<char>(b);
      (*table)[b] = Convert(to, std::string_view(&c, 1));
    }
    e.table_ = std::move(table);
    e.kind_ = Kind::kTable;
  }
  return e;
}

absl::StatusOr<Encoding> Encoding::Find(std::string_view name) {
  NamedEncoding found = FindEncodingName(name);
  Encoding e;
  switch (found.kind) {
    case NamedEncoding::kUnknown:
      return absl::InvalidArgumentError(absl::StrCat("unsupported encoding '", A(name), "'"));
    case NamedEncoding::kNoDecoder:
      return absl::InvalidArgumentError(absl::StrCat("no charmap defined for encoding '", A(name), "'"));
    case NamedEncoding::kUtf8:
      return e;
    case NamedEncoding::kRaw:
      e.kind_ = Kind::kRaw;
      return e;
    case NamedEncoding::kNop:
      e.kind_ = Kind::kNop;
      return e;
    case NamedEncoding::kUtf16Le:
      e.kind_ = Kind::kUtf16Le;
      e.newline_ = std::string("\n\0", 2);
      e.carriage_return_ = std::string("\r\0", 2);
      return e;
    case NamedEncoding::kUtf16Be:
      e.kind_ = Kind::kUtf16Be;
      e.newline_ = std::string("\0\n", 2);
      e.carriage_return_ = std::string("\0\r", 2);
      return e;
    case NamedEncoding::kCharset:
      return FromIconv(found.charset, name);
  }
  return e;
}

std::string_view Encoding::Decode(std::string_view bytes, Arena& arena) const {
  switch (kind_) {
    case Kind::kUtf8:
      return ValidUtf8(bytes) ? bytes : arena.Copy(RepairUtf8(bytes));
    case Kind::kRaw:
    case Kind::kNop:
      return bytes;
    case Kind::kUtf16Le:
      return arena.Copy(FromUtf16(bytes, false));
    case Kind::kUtf16Be:
      return arena.Copy(FromUtf16(bytes, true));
    case Kind::kTable: {
      std::string out;
      out.reserve(bytes.size() + bytes.size() / 4);
      for (char c : bytes) out += (*table_)[static_cast<unsigned char>(c)];
      return arena.Copy(out);
    }
    case Kind::kIconv:
      return arena.Copy(Convert(converter_->cd, bytes));
  }
  return bytes;
}

}  // namespace otelpipe::tail
