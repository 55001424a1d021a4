#include "pdata/json_reader.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "otelpipe/pdata/text.h"

namespace otelpipe::internal {
namespace {

int HexDigits(const char* p) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    char c = p[i];
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

char* PutUtf8(char* out, uint32_t c) {
  if (c < 0x80) {
    *out++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<char>(0xC0 | c >> 6);
    *out++ = static_cast<char>(0x80 | (c & 63));
  } else if (c < 0x10000) {
    *out++ = static_cast<char>(0xE0 | c >> 12);
    *out++ = static_cast<char>(0x80 | (c >> 6 & 63));
    *out++ = static_cast<char>(0x80 | (c & 63));
  } else {
    *out++ = static_cast<char>(0xF0 | c >> 18);
    *out++ = static_cast<char>(0x80 | (c >> 12 & 63));
    *out++ = static_cast<char>(0x80 | (c >> 6 & 63));
    *out++ = static_cast<char>(0x80 | (c & 63));
  }
  return out;
}

// `p` stands behind "\u". Reads the unit, or the pair of units; an unpaired surrogate is U+FFFD.
const char* ReadUnicodeEscape(const char* p, const char* end, char*& out) {
  int unit = end - p >= 4 ? HexDigits(p) : -1;
  if (unit < 0) JsonReader::Fail("invalid unicode escape", p);
  p += 4;
  uint32_t c = static_cast<uint32_t>(unit);
  if (c >= 0xD800 && c < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
    int low = HexDigits(p + 2);
    if (low >= 0xDC00 && low < 0xE000) {
      p += 6;
      out = PutUtf8(out, 0x10000 + ((c - 0xD800) << 10) + (static_cast<uint32_t>(low) - 0xDC00));
      return p;
    }
  }
  out = PutUtf8(out, c >= 0xD800 && c < 0xE000 ? 0xFFFD : c);
  return p;
}

// An escape never takes more bytes than its text, so the result fits where the text would.
char* Unescape(const char* p, const char* end, char* out) {
  while (p != end) {
    if (*p != '\\') {
      *out++ = *p++;
      continue;
    }
    if (++p == end) JsonReader::Fail("incomplete text", p);
    char c = *p++;
    switch (c) {
      case '"':
      case '\\':
      case '/': *out++ = c; break;
      case 'b': *out++ = '\b'; break;
      case 'f': *out++ = '\f'; break;
      case 'n': *out++ = '\n'; break;
      case 'r': *out++ = '\r'; break;
      case 't': *out++ = '\t'; break;
      case 'u': p = ReadUnicodeEscape(p, end, out); break;
      default: JsonReader::Fail("invalid escape char after \\", p);
    }
  }
  return out;
}

template <typename T>
T Integer(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && digits[0] == '-') digits.remove_prefix(1);
  if (digits.size() > 1 && digits[0] == '0') JsonReader::Fail("leading zero in number", text.data());
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) JsonReader::Fail("value overflows: " + std::string(text), text.data());
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    JsonReader::Fail("expect an integer, but found " + std::string(text.substr(0, 40)), text.data());
  }
  return value;
}

bool IsNumber(std::string_view token) { return token[0] == '-' || (token[0] >= '0' && token[0] <= '9'); }

double FloatText(std::string_view text) {
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  std::chars_format format = std::chars_format::general;
  if (rest.size() > 2 && rest[0] == '0' && (rest[1] == 'x' || rest[1] == 'X')) {
    format = std::chars_format::hex;
    rest.remove_prefix(2);
  }
  double value = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, format);
  bool whole = error == std::errc() && end == rest.data() + rest.size();
  if (error == std::errc::result_out_of_range) {
    // Too small is zero for the reference, too large is an error. Only the exponent's sign tells which it was.
    if (rest.find("e-") == std::string_view::npos && rest.find("E-") == std::string_view::npos) {
      JsonReader::Fail("value out of range: " + std::string(text), text.data());
    }
    value = 0;
    whole = end == rest.data() + rest.size();
  }
  if (!whole || rest[0] == '-') JsonReader::Fail("invalid number: " + std::string(text.substr(0, 40)), text.data());
  return negative ? -value : value;
}

}  // namespace

std::string_view JsonReader::Quoted(std::string_view token) {
  if (token.size() < 2 || token.back() != '"') Fail("incomplete text", token.data());
  return token.substr(1, token.size() - 2);
}

void JsonReader::ExpectNull(std::string_view token, const char* expected) {
  if (token != "null") Fail(expected + std::string(token.substr(0, 20)), token.data());
}

std::string_view JsonReader::CamelCase(std::string_view key, NameBuffer& buffer) {
  if (key.find('_') == std::string_view::npos || key.size() > buffer.size()) return key;
  size_t n = 0;
  bool upper = false;
  for (char c : key) {
    if (c == '_') {
      upper = true;
      continue;
    }
    buffer[n++] = upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return {buffer.data(), n};
}

std::string_view JsonReader::Text(JsonValue value) {
  std::string_view token = Token(value);
  if (token[0] == 'n') {
    ExpectNull(token, "expects \" or n, but found ");
    return {};
  }
  if (token[0] != '"') Fail(std::string("expects \" or n, but found ") + token[0], token.data());
  std::string_view text = Quoted(token);
  bool escaped = false;
  for (char c : text) {
    if (c == '\\') escaped = true;
    if (static_cast<unsigned char>(c) < 0x20) Fail("invalid control character found", &c);
  }
  if (!escaped) return arena_.Copy(text);
  auto* copy = arena_.NewArray<char>(text.size());
  char* end = Unescape(text.data(), text.data() + text.size(), copy);
  return {copy, static_cast<size_t>(end - copy)};
}

std::string_view JsonReader::Base64(JsonValue value) {
  std::string_view text = Text(value);
  std::string bytes;
  if (!DecodeBase64(text, bytes)) Fail("base64 decode error", nullptr);
  return arena_.Copy(bytes);
}

bool JsonReader::Bool(JsonValue value) {
  std::string_view token = Token(value);
  if (token == "true") return true;
  if (token == "false") return false;
  Fail("expect t or f, but found " + std::string(token.substr(0, 20)), token.data());
}

int64_t JsonReader::Int64(JsonValue value) {
  std::string_view token = Token(value);
  return Integer<int64_t>(token[0] == '"' ? Quoted(token) : token);
}
uint64_t JsonReader::Uint64(JsonValue value) {
  std::string_view token = Token(value);
  return Integer<uint64_t>(token[0] == '"' ? Quoted(token) : token);
}
int32_t JsonReader::Int32(JsonValue value) {
  std::string_view token = Token(value);
  return Integer<int32_t>(token[0] == '"' ? Quoted(token) : token);
}
uint32_t JsonReader::Uint32(JsonValue value) {
  std::string_view token = Token(value);
  return Integer<uint32_t>(token[0] == '"' ? Quoted(token) : token);
}
int32_t JsonReader::PlainInt32(JsonValue value) { return Integer<int32_t>(Token(value)); }

double JsonReader::Double(JsonValue value) {
  std::string_view token = Token(value);
  if (token[0] == '"') return FloatText(Quoted(token));
  if (!IsNumber(token)) Fail("unsupported value type", token.data());
  return FloatText(token);
}

void JsonReader::ReadId(JsonValue value, uint8_t* bytes, size_t size, const char* name) {
  std::string_view token = Token(value);
  std::string_view text;
  if (token[0] == '"') {
    text = Quoted(token);
  } else if (token != "null") {
    Fail(std::string("expects \" or n, but found ") + token[0], token.data());
  }
  if (text.empty()) {
    std::fill(bytes, bytes + size, 0);
    return;
  }
  if (text.size() != size * 2) Fail(std::string("parse ") + name + ":invalid length for ID", token.data());
  if (DecodeHex(text, bytes, size)) return;
  size_t bad = text.find_first_not_of("0123456789abcdefABCDEF");
  char shown[32];
  unsigned char c = static_cast<unsigned char>(text[bad]);
  std::snprintf(shown, sizeof shown, c >= 0x20 && c < 0x7F ? "U+%04X '%c'" : "U+%04X", c, c);
  Fail(std::string("parse ") + name + ":cannot unmarshal ID from string '" + std::string(text) +
           "': encoding/hex: invalid byte: " + shown,
       token.data());
}

}  // namespace otelpipe::internal
