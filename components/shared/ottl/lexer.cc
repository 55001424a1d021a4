#include "shared/ottl/lexer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/text.h"
#include "otelpipe/regex/utf8.h"

namespace otelpipe::ottl {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Decodes what stands between the quotes by the rules of Go; false for an escape that Go does not know.
bool Unquote(std::string_view s, std::string& out) {
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '\n') return false;
    if (s[i] != '\\') {
      out += s[i];
      continue;
    }
    if (++i == s.size()) return false;
    auto hex = [&](int digits, uint32_t& value) {
      value = 0;
      for (int d = 0; d < digits; ++d) {
        if (++i >= s.size() || HexDigit(s[i]) < 0) return false;
        value = value * 16 + static_cast<uint32_t>(HexDigit(s[i]));
      }
      return true;
    };
    uint32_t value = 0;
    switch (s[i]) {
      case 'a': out += '\a'; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'v': out += '\v'; break;
      case '\\': out += '\\'; break;
      case '"': out += '"'; break;
      case 'x':
        if (!hex(2, value)) return false;
        out += static_cast<char>(value);
        break;
      case 'u':
      case 'U':
        if (!hex(s[i] == 'u' ? 4 : 8, value) || value > regex::kMaxRune || (value >= 0xD800 && value < 0xE000)) return false;
        regex::AppendRune(value, out);
        break;
      default:
        if (s[i] < '0' || s[i] > '7' || i + 2 >= s.size()) return false;
        for (int d = 0; d < 3; ++d, ++i) {
          if (s[i] < '0' || s[i] > '7') return false;
          value = value * 8 + static_cast<uint32_t>(s[i] - '0');
        }
        --i;
        if (value > 255) return false;
        out += static_cast<char>(value);
    }
  }
  return true;
}

// The length of the number that `s` begins with, 0 when it is none: [-+]?\d*\.\d+([eE][-+]?\d+)? or [-+]?\d+.
size_t NumberLength(std::string_view s, bool& real) {
  auto digits = [&](size_t from) {
    size_t i = from;
    while (i < s.size() && IsDigit(s[i])) ++i;
    return i;
  };
  const size_t sign = !s.empty() && (s[0] == '-' || s[0] == '+') ? 1 : 0;
  const size_t whole = digits(sign);
  real = whole + 1 < s.size() && s[whole] == '.' && IsDigit(s[whole + 1]);
  if (!real) return whole > sign ? whole : 0;
  size_t end = digits(whole + 1);
  if (end < s.size() && (s[end] == 'e' || s[end] == 'E')) {
    size_t exponent = end + 1;
    if (exponent < s.size() && (s[exponent] == '-' || s[exponent] == '+')) ++exponent;
    const size_t stop = digits(exponent);
    if (stop > exponent) end = stop;
  }
  return end;
}

}  // namespace

absl::Status SyntaxError(std::string_view noun, std::string_view text, size_t at, std::string_view what) {
  const std::string_view before = text.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return absl::InvalidArgumentError(absl::StrCat(A(noun), " has invalid syntax: ", line, ":", at - start + 1, ": ", A(what)));
}

absl::StatusOr<std::vector<Token>> Scan(std::string_view s, std::string_view noun) {
  std::vector<Token> out;
  size_t i = 0;
  while (i < s.size()) {
    const char c = s[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++i;
      continue;
    }
    Token t;
    t.at = i;
    bool real = false;
    if (IsLetter(c)) {
      t.kind = Token::kName;
      while (i < s.size() && (IsLetter(s[i]) || IsDigit(s[i]) || s[i] == '_')) t.text += s[i++];
    } else if (c == '"') {
      t.kind = Token::kString;
      size_t end = i + 1;
      while (end < s.size() && s[end] != '"') end += s[end] == '\\' ? 2 : 1;
      if (end >= s.size()) return SyntaxError(noun, s, t.at, "the text is not terminated");
      if (!Unquote(s.substr(i + 1, end - i - 1), t.text)) {
        return SyntaxError(noun, s, t.at, absl::StrCat("invalid quoted string ", A(s.substr(i, end + 1 - i)), ": invalid syntax"));
      }
      i = end + 1;
    } else if (c == '0' && i + 2 < s.size() && s[i + 1] == 'x' && HexDigit(s[i + 2]) >= 0) {
      t.kind = Token::kBytes;
      size_t end = i + 2;
      while (end < s.size() && HexDigit(s[end]) >= 0) ++end;
      const std::string_view digits = s.substr(i + 2, end - i - 2);
      t.text.resize(digits.size() / 2);
      if (digits.size() % 2 != 0 || !DecodeHex(digits, reinterpret_cast<uint8_t*>(t.text.data()), t.text.size())) {
        return SyntaxError(noun, s, t.at, "bytes need an even number of hex digits");
      }
      i = end;
    } else if (const size_t length = NumberLength(s.substr(i), real); length > 0) {
      const char* begin = s.data() + i + (c == '+' ? 1 : 0);
      const char* stop = s.data() + i + length;
      std::from_chars_result read = real ? std::from_chars(begin, stop, t.number) : std::from_chars(begin, stop, t.integer);
      if (read.ec != std::errc() || read.ptr != stop) return SyntaxError(noun, s, i, "the number does not fit");
      t.kind = real ? Token::kDouble : Token::kInt;
      i += length;
    } else {
      t.kind = Token::kPunct;
      t.text = c;
      const bool two = i + 1 < s.size() && s[i + 1] == '=' && std::string_view("=!<>").find(c) != std::string_view::npos;
      if (two) t.text += '=';
      if (!two && std::string_view("=<>()[],.{}:+-*/").find(c) == std::string_view::npos) {
        return SyntaxError(noun, s, i, absl::StrCat("invalid input text ", "\"", A(s.substr(i, 16)), "\""));
      }
      i += t.text.size();
    }
    out.push_back(std::move(t));
  }
  Token end;
  end.at = s.size();
  out.push_back(std::move(end));
  return out;
}

}  // namespace otelpipe::ottl
