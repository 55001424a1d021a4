#include "config/text.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::internal {
namespace {

struct Unit {
  std::string_view name;
  uint64_t nanos;
};
constexpr Unit kUnits[] = {{"ns", 1},
                           {"us", 1000},
                           {"\xC2\xB5s", 1000},
                           {"\xCE\xBCs", 1000},
                           {"ms", 1000000},
                           {"s", 1000000000},
                           {"m", 60000000000},
                           {"h", 3600000000000}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Removes the digits at the front and puts them into `value`; false when they do not fit 63 bits (the sign bit itself is allowed).
bool TakeDigits(std::string_view& s, uint64_t& value) {
  value = 0;
  while (!s.empty() && IsDigit(s[0])) {
    if (value > (uint64_t{1} << 63) / 10) return false;
    value = value * 10 + static_cast<uint64_t>(s[0] - '0');
    if (value > (uint64_t{1} << 63)) return false;
    s.remove_prefix(1);
  }
  return true;
}

}  // namespace

size_t Utf8Length(std::string_view s) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char c = byte(0);
  size_t n = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : (c & 0xF0) == 0xE0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
  if (n == 0 || n > s.size()) return 0;
  for (size_t i = 1; i < n; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (n == 3 && ((c == 0xE0 && byte(1) < 0xA0) || (c == 0xED && byte(1) > 0x9F))) return 0;
  if (n == 4 && ((c == 0xF0 && byte(1) < 0x90) || (c == 0xF4 && byte(1) > 0x8F))) return 0;
  return n;
}

std::string GoQuote(std::string_view text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const size_t n = Utf8Length(text.substr(i));
    if (n > 1) {
      out.append(text.substr(i, n));
      i += n;
      continue;
    }
    ++i;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\a': out += "\\a"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\v': out += "\\v"; break;
      default:
        if (n == 0 || static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          char buffer[8];
          std::snprintf(buffer, sizeof(buffer), "\\x%02x", static_cast<unsigned char>(c));
          out += buffer;
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

absl::StatusOr<int64_t> ParseGoDuration(std::string_view text) {
  auto invalid = [&](std::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("time: ", A(what), " ", GoQuote(text)));
  };
  std::string_view s = text;
  bool negative = false;
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) {
    negative = s[0] == '-';
    s.remove_prefix(1);
  }
  if (s == "0") return 0;
  if (s.empty()) return invalid("invalid duration");
  constexpr uint64_t kLimit = uint64_t{1} << 63;
  uint64_t total = 0;
  while (!s.empty()) {
    if (s[0] != '.' && !IsDigit(s[0])) return invalid("invalid duration");
    uint64_t whole = 0;
    size_t before = s.size();
    if (!TakeDigits(s, whole)) return invalid("invalid duration");
    const bool has_whole = s.size() != before;
    double fraction = 0;
    double scale = 1;
    bool has_fraction = false;
    if (!s.empty() && s[0] == '.') {
      s.remove_prefix(1);
      uint64_t digits = 0;
      bool overflow = false;
      while (!s.empty() && IsDigit(s[0])) {
        has_fraction = true;
        // Digits beyond 63 bits no longer change a nanosecond; they are skipped.
        if (!overflow && digits > (kLimit - 1) / 10) overflow = true;
        if (!overflow) {
          const uint64_t next = digits * 10 + static_cast<uint64_t>(s[0] - '0');
          if (next > kLimit) {
            overflow = true;
          } else {
            digits = next;
            scale *= 10;
          }
        }
        s.remove_prefix(1);
      }
      fraction = static_cast<double>(digits);
    }
    if (!has_whole && !has_fraction) return invalid("invalid duration");
    size_t n = 0;
    while (n < s.size() && s[n] != '.' && !IsDigit(s[n])) ++n;
    if (n == 0) return invalid("missing unit in duration");
    const std::string_view name = s.substr(0, n);
    s.remove_prefix(n);
    const Unit* unit = std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& u) { return u.name == name; });
    if (unit == std::end(kUnits)) {
      return absl::InvalidArgumentError(
          absl::StrCat("time: unknown unit ", GoQuote(name), " in duration ", GoQuote(text)));
    }
    if (whole > kLimit / unit->nanos) return invalid("invalid duration");
    uint64_t part = whole * unit->nanos;
    if (fraction > 0) part += static_cast<uint64_t>(fraction * (static_cast<double>(unit->nanos) / scale));
    if (part > kLimit || total + part > kLimit) return invalid("invalid duration");
    total += part;
  }
  if (negative) return static_cast<int64_t>(~total + 1);
  if (total > kLimit - 1) return invalid("invalid duration");
  return static_cast<int64_t>(total);
}

std::string FormatGoDuration(int64_t nanos) {
  if (nanos == 0) return "0s";
  uint64_t u = nanos < 0 ? ~static_cast<uint64_t>(nanos) + 1 : static_cast<uint64_t>(nanos);
  const std::string sign = nanos < 0 ? "-" : "";
  // `value` units of 10^-digits each, without trailing zeros of the fraction.
  auto decimal = [](uint64_t value, int digits) {
    uint64_t power = 1;
    for (int i = 0; i < digits; ++i) power *= 10;
    std::string out = std::to_string(value / power);
    std::string fraction = std::to_string(value % power);
    fraction.insert(0, static_cast<size_t>(digits) - fraction.size(), '0');
    while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
    return fraction.empty() ? out : out + "." + fraction;
  };
  if (u < 1000) return sign + std::to_string(u) + "ns";
  if (u < 1000000) return sign + decimal(u, 3) + "\xC2\xB5s";
  if (u < 1000000000) return sign + decimal(u, 6) + "ms";
  const uint64_t minutes = u / 60000000000;
  std::string out = decimal(u % 60000000000, 9) + "s";
  if (minutes > 0) out = std::to_string(minutes % 60) + "m" + out;
  if (minutes >= 60) out = std::to_string(minutes / 60) + "h" + out;
  return sign + out;
}

absl::StatusOr<int64_t> ParseByteSize(std::string_view text) {
  const auto invalid =
      absl::InvalidArgumentError(absl::StrCat("invalid byte size '", A(text), "'"));
  // digits [.digits] blanks [unit]
  std::string_view s = text;
  auto digits = [&s] {
    size_t n = 0;
    while (n < s.size() && IsDigit(s[n])) ++n;
    s.remove_prefix(n);
    return n;
  };
  if (digits() == 0) return invalid;
  if (!s.empty() && s[0] == '.') {
    s.remove_prefix(1);
    if (digits() == 0) return invalid;
  }
  const std::string_view numeral = text.substr(0, text.size() - s.size());
  while (!s.empty() && std::string_view(" \t\n\f\r").find(s[0]) != std::string_view::npos) s.remove_prefix(1);
  std::string unit(s);
  for (char& c : unit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  double scale = 1;
  if (!unit.empty()) {
    const size_t power = std::string_view("kmgtp").find(unit[0]) + 1;
    const std::string_view rest = std::string_view(unit).substr(1);
    if (power == 0 || (rest != "b" && rest != "ib")) return invalid;
    for (size_t i = 0; i < power; ++i) scale *= rest == "b" ? 1000 : 1024;
  }
  float number = 0;
  auto result = std::from_chars(numeral.data(), numeral.data() + numeral.size(), number);
  if (result.ec != std::errc()) return invalid;
  const double bytes = static_cast<double>(number) * scale;
  if (!(bytes < 9223372036854775808.0)) return invalid;
  return static_cast<int64_t>(bytes);
}

std::string FormatFloat(double value) {
  if (value != value) return ".nan";
  if (value > 1.7976931348623157e308) return ".inf";
  if (value < -1.7976931348623157e308) return "-.inf";
  char buffer[64];
  auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, result.ptr);
}

std::string Nearest(std::string_view word, const std::vector<std::string>& candidates) {
  auto lower = [](std::string_view s) {
    std::string out(s);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
  };
  if (word.size() > 100) return "";
  const std::string a = lower(word);
  std::string best;
  size_t best_distance = std::max<size_t>(1, (word.size() + 1) / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::string b = lower(candidate);
    if (b.size() > 100) continue;
    // Edits, where two exchanged neighbours count once.
    std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
    for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
      for (size_t j = 1; j <= b.size(); ++j) {
        d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
          d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    if (d[a.size()][b.size()] < best_distance) {
      best_distance = d[a.size()][b.size()];
      best = candidate;
    }
  }
  return best;
}

}  // namespace otelpipe::internal
