#include "otelpipe/pdata/text.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace otelpipe {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr char kBase64Digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// What a byte needs inside a JSON string: 0 nothing, 1 an escape, 2 an escape only for HTML, 3 a look at the UTF-8 sequence.
constexpr std::array<uint8_t, 256> kEscape = [] {
  std::array<uint8_t, 256> table{};
  for (int i = 0; i < 0x20; ++i) table[i] = 1;
  table['"'] = table['\\'] = 1;
  table['<'] = table['>'] = table['&'] = 2;
  for (int i = 0x80; i < 256; ++i) table[i] = 3;
  return table;
}();

// Bytes of the well-formed sequence that starts at `p`, or 0.
size_t Utf8Length(const unsigned char* p, size_t left) {
  auto tail = [&](size_t i, unsigned lo = 0x80, unsigned hi = 0xBF) { return i < left && p[i] >= lo && p[i] <= hi; };
  unsigned c = p[0];
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return tail(1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    unsigned lo = c == 0xE0 ? 0xA0 : 0x80;
    unsigned hi = c == 0xED ? 0x9F : 0xBF;
    return tail(1, lo, hi) && tail(2) ? 3 : 0;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    unsigned lo = c == 0xF0 ? 0x90 : 0x80;
    unsigned hi = c == 0xF4 ? 0x8F : 0xBF;
    return tail(1, lo, hi) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

void AppendEscape(std::string& out, unsigned char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default:
      out += "\\u00";
      out += kHexDigits[c >> 4];
      out += kHexDigits[c & 15];
  }
}

// The shortest digits of a finite double: value = 0.d1d2d3... * 10^point.
struct Decimal {
  bool negative = false;
  char digits[20];
  int count = 0;
  int point = 0;
};

// For numbers as people write them, such as 845.7: true when a decimal of at most 15 digits and a few places is this double. Decimals of
// so many digits are all different doubles, so there is no shorter one.
bool ShortDecimal(double value, Decimal& d) {
  constexpr double kPowers[] = {1, 1e1, 1e2, 1e3, 1e4};
  const double size = std::abs(value);
  if (!(size >= 1e-3 && size < 1e9)) return false;
  for (int places = 0; places < 5; ++places) {
    const auto number = static_cast<int64_t>(size * kPowers[places] + 0.5);
    if (static_cast<double>(number) / kPowers[places] != size) continue;
    d.negative = value < 0;
    d.count = static_cast<int>(std::to_chars(d.digits, d.digits + sizeof d.digits, number).ptr - d.digits);
    d.point = d.count - places;
    while (d.count > 1 && d.digits[d.count - 1] == '0') --d.count;
    return true;
  }
  return false;
}

Decimal ShortestDecimal(double value) {
  Decimal d;
  if (ShortDecimal(value, d)) return d;
  char buffer[40];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const char* p = buffer;
  if (*p == '-') d.negative = true, ++p;
  for (; p != end && *p != 'e'; ++p) {
    if (*p != '.') d.digits[d.count++] = *p;
  }
  int exponent = 0;
  if (p != end) {
    ++p;
    if (*p == '+') ++p;
    std::from_chars(p, end, exponent);
  }
  d.point = exponent + 1;
  return d;
}

void AppendPositional(std::string& out, const Decimal& d) {
  if (d.negative) out += '-';
  if (d.point <= 0) {
    out += "0.";
    out.append(-d.point, '0');
    out.append(d.digits, d.count);
  } else if (d.count <= d.point) {
    out.append(d.digits, d.count);
    out.append(d.point - d.count, '0');
  } else {
    out.append(d.digits, d.point);
    out += '.';
    out.append(d.digits + d.point, d.count - d.point);
  }
}

void AppendScientific(std::string& out, const Decimal& d, int min_exponent_digits) {
  if (d.negative) out += '-';
  out += d.digits[0];
  if (d.count > 1) {
    out += '.';
    out.append(d.digits + 1, d.count - 1);
  }
  int exponent = d.point - 1;
  out += exponent < 0 ? "e-" : "e+";
  exponent = std::abs(exponent);
  if (exponent < 10 && min_exponent_digits > 1) out += '0';
  AppendInt(out, exponent);
}

bool AppendNotFinite(std::string& out, double value) {
  if (std::isfinite(value)) return false;
  out += std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  return true;
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text, bool escape_html) {
  out += '"';
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* end = p + text.size();
  const unsigned char* start = p;  // not yet copied
  auto flush = [&] { out.append(reinterpret_cast<const char*>(start), p - start); };
  while (p != end) {
    uint8_t kind = kEscape[*p];
    if (kind == 0 || (kind == 2 && !escape_html)) {
      ++p;
      continue;
    }
    if (kind == 3) {
      size_t n = Utf8Length(p, end - p);
      bool separator = n == 3 && p[0] == 0xE2 && p[1] == 0x80 && (p[2] == 0xA8 || p[2] == 0xA9);
      if (n != 0 && !separator) {
        p += n;
        continue;
      }
      flush();
      out += n == 0 ? "\\ufffd" : p[2] == 0xA8 ? "\\u2028" : "\\u2029";
      p += n == 0 ? 1 : n;
      start = p;
      continue;
    }
    flush();
    AppendEscape(out, *p);
    start = ++p;
  }
  flush();
  out += '"';
}

void AppendJsonDouble(std::string& out, double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15 && !(value == 0 && std::signbit(value))) {
    AppendInt(out, static_cast<int64_t>(value));
    return;
  }
  double size = std::abs(value);
  Decimal d = ShortestDecimal(value);
  if (size != 0 && (size < 1e-6 || size >= 1e21)) {
    AppendScientific(out, d, 1);
  } else {
    AppendPositional(out, d);
  }
}

void AppendGoDouble(std::string& out, double value, int positional_limit) {
  if (AppendNotFinite(out, value)) return;
  Decimal d = ShortestDecimal(value);
  int exponent = d.point - 1;
  if (value != 0 && (exponent < -4 || exponent >= positional_limit)) {
    AppendScientific(out, d, 2);
  } else {
    AppendPositional(out, d);
  }
}

void AppendFixedDouble(std::string& out, double value, int decimals) {
  if (AppendNotFinite(out, value)) return;
  char buffer[512];
  auto r = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals);
  out.append(buffer, r.ptr);
}

void AppendInt(std::string& out, int64_t value) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

void AppendUint(std::string& out, uint64_t value) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

void AppendBase64(std::string& out, std::string_view bytes) {
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t n = bytes.size();
  for (; n >= 3; p += 3, n -= 3) {
    uint32_t v = uint32_t{p[0]} << 16 | uint32_t{p[1]} << 8 | p[2];
    char four[4] = {kBase64Digits[v >> 18], kBase64Digits[v >> 12 & 63], kBase64Digits[v >> 6 & 63], kBase64Digits[v & 63]};
    out.append(four, 4);
  }
  if (n == 1) {
    uint32_t v = uint32_t{p[0]} << 16;
    char four[4] = {kBase64Digits[v >> 18], kBase64Digits[v >> 12 & 63], '=', '='};
    out.append(four, 4);
  } else if (n == 2) {
    uint32_t v = uint32_t{p[0]} << 16 | uint32_t{p[1]} << 8;
    char four[4] = {kBase64Digits[v >> 18], kBase64Digits[v >> 12 & 63], kBase64Digits[v >> 6 & 63], '='};
    out.append(four, 4);
  }
}

bool DecodeBase64(std::string_view text, std::string& out) {
  static constexpr std::array<int8_t, 256> kValues = [] {
    std::array<int8_t, 256> table{};
    for (auto& v : table) v = -1;
    for (int i = 0; i < 64; ++i) table[static_cast<unsigned char>(kBase64Digits[i])] = static_cast<int8_t>(i);
    return table;
  }();
  out.clear();
  if (text.size() % 4 != 0) return false;
  size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  out.reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    bool last = i + 4 == text.size();
    uint32_t v = 0;
    for (size_t k = 0; k < 4; ++k) {
      int digit = kValues[static_cast<unsigned char>(text[i + k])];
      if (last && k >= 4 - padding) digit = 0;
      if (digit < 0) return false;
      v = v << 6 | static_cast<uint32_t>(digit);
    }
    char three[3] = {static_cast<char>(v >> 16), static_cast<char>(v >> 8), static_cast<char>(v)};
    out.append(three, last ? 3 - padding : 3);
  }
  return true;
}

void AppendHex(std::string& out, std::string_view bytes) {
  for (unsigned char c : bytes) {
    char two[2] = {kHexDigits[c >> 4], kHexDigits[c & 15]};
    out.append(two, 2);
  }
}

bool DecodeHex(std::string_view text, uint8_t* bytes, size_t size) {
  if (text.size() != size * 2) return false;
  auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  for (size_t i = 0; i < size; ++i) {
    int high = digit(text[2 * i]);
    int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

}  // namespace otelpipe
