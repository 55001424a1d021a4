#include "config/scalar.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

#include "config/text.h"

namespace otelpipe::internal {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes between `least` and `most` digits.
bool TakeNumber(std::string_view& s, size_t least, size_t most, int& out) {
  size_t n = 0;
  out = 0;
  while (n < s.size() && n < most && IsDigit(s[n])) out = out * 10 + (s[n++] - '0');
  s.remove_prefix(n);
  return n >= least;
}

bool TakeChar(std::string_view& s, char c) {
  if (s.empty() || s[0] != c) return false;
  s.remove_prefix(1);
  return true;
}

// Digits of `base` without sign; false when there is anything else or the value needs more than 64 bits.
bool ParseMagnitude(std::string_view digits, int base, uint64_t& out) {
  if (digits.empty()) return false;
  auto result = std::from_chars(digits.data(), digits.data() + digits.size(), out, base);
  return result.ec == std::errc() && result.ptr == digits.data() + digits.size();
}

// Integers with sign and prefix: 0x, 0b, 0o, and 0 alone for octal.
bool ParseInteger(std::string_view s, ConfigNode& node) {
  bool negative = false;
  const bool has_sign = !s.empty() && (s[0] == '-' || s[0] == '+');
  if (has_sign) {
    negative = s[0] == '-';
    s.remove_prefix(1);
  }
  int base = 10;
  if (s.size() > 1 && s[0] == '0') {
    const char p = static_cast<char>(s[1] | 0x20);
    base = p == 'x' ? 16 : p == 'b' ? 2 : 8;
    s.remove_prefix(p == 'x' || p == 'b' || p == 'o' ? 2 : 1);
  }
  uint64_t value = 0;
  if (!ParseMagnitude(s, base, value)) return false;
  constexpr uint64_t kTop = uint64_t{1} << 63;
  if (negative) {
    if (value > kTop) return false;
    node.integer = static_cast<int64_t>(~value + 1);
    node.number = -static_cast<double>(value);
  } else {
    // A plus sign stops the unsigned reading, as in the reference.
    if (value >= kTop && has_sign) return false;
    node.integer = static_cast<int64_t>(value);
    node.is_unsigned = value >= kTop;
    node.number = static_cast<double>(value);
  }
  node.kind = ConfigNode::Kind::kInt;
  return true;
}

// [-+]? (\.D+ | D+ (\.D*)?) ([eE] [-+]? D+)?
bool ParseDecimal(std::string_view s, ConfigNode& node) {
  std::string_view r = s;
  if (!r.empty() && (r[0] == '-' || r[0] == '+')) r.remove_prefix(1);
  auto digits = [&r] {
    size_t n = 0;
    while (n < r.size() && IsDigit(r[n])) ++n;
    r.remove_prefix(n);
    return n;
  };
  const size_t whole = digits();
  if (TakeChar(r, '.') && digits() == 0 && whole == 0) return false;
  if (whole == 0 && r.size() == s.size()) return false;
  if (!r.empty() && (r[0] == 'e' || r[0] == 'E')) {
    r.remove_prefix(1);
    if (!r.empty() && (r[0] == '-' || r[0] == '+')) r.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (!r.empty()) return false;
  if (s[0] == '+') s.remove_prefix(1);
  double value = 0;
  auto result = std::from_chars(s.data(), s.data() + s.size(), value);
  // Out of range is no number for the reference either: the text stays a string.
  if (result.ec != std::errc() || result.ptr != s.data() + s.size()) return false;
  node.kind = ConfigNode::Kind::kFloat;
  node.number = value;
  return true;
}

bool ResolveWord(std::string_view text, ConfigNode& node) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    node.kind = ConfigNode::Kind::kNull;
    return true;
  }
  if (text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" || text == "FALSE") {
    node.kind = ConfigNode::Kind::kBool;
    node.boolean = (text[0] | 0x20) == 't';
    return true;
  }
  std::string_view t = text;
  const bool negative = t[0] == '-';
  if (t[0] == '+' || negative) t.remove_prefix(1);
  if (t == ".inf" || t == ".Inf" || t == ".INF") {
    node.kind = ConfigNode::Kind::kFloat;
    node.number = negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    return true;
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    node.kind = ConfigNode::Kind::kFloat;
    node.number = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  return false;
}

}  // namespace

bool IsYamlTimestamp(std::string_view s) {
  int year, month, day, hour, minute, second;
  if (!TakeNumber(s, 4, 4, year) || !TakeChar(s, '-') || !TakeNumber(s, 1, 2, month) || !TakeChar(s, '-') ||
      !TakeNumber(s, 1, 2, day)) {
    return false;
  }
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (day > kDays[month - 1] + (month == 2 && leap ? 1 : 0)) return false;
  if (s.empty()) return true;
  const char separator = s[0];
  if (separator != 'T' && separator != 't' && separator != ' ') return false;
  s.remove_prefix(1);
  if (!TakeNumber(s, 1, 2, hour) || !TakeChar(s, ':') || !TakeNumber(s, 1, 2, minute) || !TakeChar(s, ':') ||
      !TakeNumber(s, 1, 2, second) || hour > 23 || minute > 59 || second > 59) {
    return false;
  }
  if (s.size() > 1 && (s[0] == '.' || s[0] == ',') && IsDigit(s[1])) {
    s.remove_prefix(1);
    while (!s.empty() && IsDigit(s[0])) s.remove_prefix(1);
  }
  if (separator == ' ') return s.empty();
  if (s == "Z") return true;
  if (s.empty() || (s[0] != '+' && s[0] != '-')) return false;
  s.remove_prefix(1);
  return TakeNumber(s, 2, 2, hour) && TakeChar(s, ':') && TakeNumber(s, 2, 2, minute) && s.empty() && hour <= 24 &&
         minute < 60;
}

void ResolveScalar(std::string_view text, ConfigNode& node) {
  node.text = std::string(text);
  node.kind = ConfigNode::Kind::kString;
  if (ResolveWord(text, node)) return;
  const char first = text[0];
  if (first == '.') {
    ParseDecimal(text, node);
    return;
  }
  if (!IsDigit(first) && first != '-' && first != '+') return;
  if (IsYamlTimestamp(text)) {
    node.kind = ConfigNode::Kind::kTimestamp;
    return;
  }
  std::string plain(text);
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  if (ParseInteger(plain, node)) return;
  ParseDecimal(plain, node);
}

std::string YamlString(std::string_view text) {
  ConfigNode probe;
  ResolveScalar(text, probe);
  bool plain = probe.kind == ConfigNode::Kind::kString;
  for (char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u >= 0x7F || c == '#' || c == '"' || c == '\\') plain = false;
  }
  if (plain) {
    static constexpr std::string_view kWords[] = {"yes", "no", "on", "off", "y", "n"};
    std::string lower(text);
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    for (std::string_view w : kWords) plain = plain && lower != w;
    plain = plain && text.find_first_of("-?:,[]{}#&*!|>'\"%@`= <") != 0 && text.back() != ' ' && text.back() != ':' &&
            text.find(": ") == std::string_view::npos && text.find_first_of("[]{},") == std::string_view::npos;
  }
  return plain ? std::string(text) : GoQuote(text);
}

}  // namespace otelpipe::internal
