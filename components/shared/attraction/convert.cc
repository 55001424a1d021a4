#include "shared/attraction/convert.h"

#include <openssl/sha.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace otelpipe::attraction {
namespace {

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

// Drops the underscores that Go allows between the digits of a number with a base prefix. False when one stands elsewhere.
bool DropUnderscores(std::string_view digits, std::string& out) {
  char before = '0';  // the prefix counts as a digit
  for (size_t i = 0; i < digits.size(); ++i) {
    const char c = digits[i];
    if (c == '_') {
      if (!IsHexDigit(before) || i + 1 == digits.size() || !IsHexDigit(digits[i + 1])) return false;
    } else {
      out.push_back(c);
    }
    before = c;
  }
  return true;
}

std::optional<double> Finish(std::string_view digits, std::chars_format format, bool negative) {
  double value = 0;
  const char* end = digits.data() + digits.size();
  auto [stop, error] = std::from_chars(digits.data(), end, value, format);
  if (stop != end) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // from_chars reports underflow the same way; Go returns the nearest value (0) then, and an error on overflow only.
    const size_t exponent = digits.find_first_of(format == std::chars_format::hex ? "pP" : "eE");
    const bool tiny = exponent != std::string_view::npos ? digits.substr(exponent + 1).starts_with('-')
                                                         : digits.starts_with("0.") || digits.starts_with('.');
    if (!tiny) return std::nullopt;
    value = 0;
  } else if (error != std::errc()) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

}  // namespace

std::optional<int64_t> ParseInt(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  int64_t value = 0;
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, 10);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ParseFloat(std::string_view text) {
  const bool has_sign = text.starts_with('+') || text.starts_with('-');
  const bool negative = text.starts_with('-');
  std::string_view body = has_sign ? text.substr(1) : text;
  if (EqualsIgnoringCase(body, "inf") || EqualsIgnoringCase(body, "infinity")) {
    return negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  }
  if (!has_sign && EqualsIgnoringCase(body, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (body.size() > 2 && body[0] == '0' && (body[1] | 0x20) == 'x') {
    std::string digits;
    if (!DropUnderscores(body.substr(2), digits)) return std::nullopt;
    const size_t exponent = digits.find_first_of("pP");
    if (exponent == std::string::npos || exponent + 1 == digits.size()) return std::nullopt;
    // The plus of an exponent is not known to from_chars in every version; it means nothing.
    if (digits[exponent + 1] == '+') digits.erase(exponent + 1, 1);
    if (exponent + 1 == digits.size() || !(IsHexDigit(digits[0]) || digits[0] == '.')) return std::nullopt;
    return Finish(digits, std::chars_format::hex, negative);
  }
  // from_chars would take words such as "inf" behind a second sign.
  if (body.empty() || !((body[0] >= '0' && body[0] <= '9') || body[0] == '.')) return std::nullopt;
  return Finish(body, std::chars_format::general, negative);
}

std::optional<Value> ConvertToInt(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kBool:
      return Value::Int(value.boolean() ? 1 : 0);
    case ValueKind::kDouble: {
      const double d = value.number();
      // What the hardware conversion of the reference's platform gives for values that do not fit.
      if (!(d > -9223372036854775809.0 && d < 9223372036854775808.0)) {
        return Value::Int(std::numeric_limits<int64_t>::min());
      }
      return Value::Int(static_cast<int64_t>(d));
    }
    case ValueKind::kString:
      if (auto parsed = ParseInt(value.string())) return Value::Int(*parsed);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<Value> ConvertToDouble(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kBool:
      return Value::Double(value.boolean() ? 1 : 0);
    case ValueKind::kInt:
      return Value::Double(static_cast<double>(value.integer()));
    case ValueKind::kString:
      if (auto parsed = ParseFloat(value.string())) return Value::Double(*parsed);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<Value> ConvertToString(const Value& value, Arena& arena) {
  if (value.is_string()) return std::nullopt;
  return Value::Str(arena.Copy(value.AsString()));
}

Value Hash(const Value& value, Arena& arena) {
  unsigned char bytes[8];
  std::string_view input;
  switch (value.kind()) {
    case ValueKind::kString:
      input = value.string();
      break;
    case ValueKind::kBool:
      bytes[0] = value.boolean() ? 1 : 0;
      input = {reinterpret_cast<const char*>(bytes), 1};
      break;
    case ValueKind::kInt:
    case ValueKind::kDouble: {
      uint64_t bits = static_cast<uint64_t>(value.integer());
      if (value.kind() == ValueKind::kDouble) {
        const double d = value.number();
        std::memcpy(&bits, &d, sizeof bits);
      }
      for (int i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(bits >> (8 * i));
      input = {reinterpret_cast<const char*>(bytes), 8};
      break;
    }
    default:
      break;
  }
  if (input.empty()) return Value::Str("");
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest);
  char* hex = arena.NewArray<char>(2 * sizeof digest);
  for (size_t i = 0; i < sizeof digest; ++i) {
    hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  return Value::Str({hex, 2 * sizeof digest});
}

}  // namespace otelpipe::attraction
