#include "otelpipe/timeparse/duration.h"

#include <limits>

#include "absl/status/status.h"

namespace otelpipe::timeparse {
namespace {

constexpr uint64_t kMaxMagnitude = uint64_t{1} << 63;

struct Unit {
  std::string_view name;
  uint64_t nanos;
};

// Both micro signs of Unicode are taken.
constexpr Unit kUnits[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xC2\xB5s", 1000},
    {"\xCE\xBCs", 1000},
    {"ms", 1000000},
    {"s", 1000000000},
    {"m", 60000000000},
    {"h", 3600000000000},
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

absl::Status Invalid(std::string_view text) {
  return absl::InvalidArgumentError("time: invalid duration " + QuoteForTimeError(text));
}

// Takes the digits at the head; false if the number does not fit.
bool TakeInteger(std::string_view& text, uint64_t& value) {
  value = 0;
  while (!text.empty() && IsDigit(text[0])) {
    if (value > kMaxMagnitude / 10) return false;
    value = value * 10 + static_cast<uint64_t>(text[0] - '0');
    if (value > kMaxMagnitude) return false;
    text.remove_prefix(1);
  }
  return true;
}

// Takes the digits behind the point as value / scale; digits that do not fit are passed over.
void TakeFraction(std::string_view& text, uint64_t& value, double& scale) {
  value = 0;
  scale = 1;
  bool full = false;
  while (!text.empty() && IsDigit(text[0])) {
    const auto digit = static_cast<uint64_t>(text[0] - '0');
    text.remove_prefix(1);
    if (full) continue;
    if (value > (kMaxMagnitude - 1) / 10 || value * 10 + digit > kMaxMagnitude) {
      full = true;
      continue;
    }
    value = value * 10 + digit;
    scale *= 10;
  }
}

// The fraction of a unit, `nanos` in `digits` places, without trailing zeros.
void AppendFraction(std::string& out, uint64_t nanos, int digits) {
  std::string text(static_cast<size_t>(digits), '0');
  for (int i = digits - 1; i >= 0; --i) {
    text[static_cast<size_t>(i)] = static_cast<char>('0' + nanos % 10);
    nanos /= 10;
  }
  const size_t last = text.find_last_not_of('0');
  if (last == std::string::npos) return;
  out += '.';
  out += text.substr(0, last + 1);
}

}  // namespace

std::string QuoteForTimeError(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char ch : text) {
    const auto c = static_cast<unsigned char>(ch);
    if (c < 0x20 || c >= 0x80) {
      out += "\\x";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      if (ch == '"' || ch == '\\') out += '\\';
      out += ch;
    }
  }
  out += '"';
  return out;
}

absl::StatusOr<int64_t> ParseGoDuration(std::string_view text) {
  const std::string_view whole = text;
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return 0;
  if (text.empty()) return Invalid(whole);
  uint64_t total = 0;
  while (!text.empty()) {
    if (text[0] != '.' && !IsDigit(text[0])) return Invalid(whole);
    uint64_t value = 0;
    const size_t before = text.size();
    if (!TakeInteger(text, value)) return Invalid(whole);
    bool digits = text.size() != before;
    uint64_t fraction = 0;
    double scale = 1;
    if (!text.empty() && text[0] == '.') {
      text.remove_prefix(1);
      const size_t before_fraction = text.size();
      TakeFraction(text, fraction, scale);
      digits = digits || text.size() != before_fraction;
    }
    if (!digits) return Invalid(whole);

    size_t length = 0;
    while (length < text.size() && text[length] != '.' && !IsDigit(text[length])) ++length;
    if (length == 0) {
      return absl::InvalidArgumentError("time: missing unit in duration " +
                                        QuoteForTimeError(whole));
    }
    const std::string_view name = text.substr(0, length);
    text.remove_prefix(length);
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (candidate.name == name) unit = &candidate;
    }
    if (unit == nullptr) {
      return absl::InvalidArgumentError("time: unknown unit " + QuoteForTimeError(name) +
                                        " in duration " + QuoteForTimeError(whole));
    }
    if (value > kMaxMagnitude / unit->nanos) return Invalid(whole);
    value *= unit->nanos;
    if (fraction > 0) {
      value += static_cast<uint64_t>(static_cast<double>(fraction) *
                                     (static_cast<double>(unit->nanos) / scale));
      if (value > kMaxMagnitude) return Invalid(whole);
    }
    total += value;
    if (total > kMaxMagnitude) return Invalid(whole);
  }
  if (negative) return static_cast<int64_t>(0 - total);
  if (total > kMaxMagnitude - 1) return Invalid(whole);
  return static_cast<int64_t>(total);
}

std::string FormatGoDuration(int64_t nanos) {
  if (nanos == 0) return "0s";
  std::string out;
  auto rest = static_cast<uint64_t>(nanos);
  if (nanos < 0) {
    out += '-';
    rest = 0 - rest;
  }
  if (rest < 1000) return out + std::to_string(rest) + "ns";
  if (rest < 1000000) {
    out += std::to_string(rest / 1000);
    AppendFraction(out, rest % 1000, 3);
    return out + "\xC2\xB5s";
  }
  if (rest < 1000000000) {
    out += std::to_string(rest / 1000000);
    AppendFraction(out, rest % 1000000, 6);
    return out + "ms";
  }
  const uint64_t seconds = rest / 1000000000;
  if (seconds >= 3600) out += std::to_string(seconds / 3600) + "h";
  if (seconds >= 60) out += std::to_string(seconds / 60 % 60) + "m";
  out += std::to_string(seconds % 60);
  AppendFraction(out, rest % 1000000000, 9);
  return out + "s";
}

}  // namespace otelpipe::timeparse
