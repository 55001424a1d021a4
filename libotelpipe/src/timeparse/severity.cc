#include "otelpipe/timeparse/severity.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "absl/status/status.h"

namespace otelpipe::timeparse {
namespace {

constexpr std::string_view kShortNames[] = {
    "",     "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4",
    "INFO", "INFO2", "INFO3",  "INFO4",  "WARN",   "WARN2", "WARN3",  "WARN4",  "ERROR",
    "ERROR2", "ERROR3", "ERROR4", "FATAL", "FATAL2", "FATAL3", "FATAL4",
};
constexpr int kHighest = 24;

// Ranges up to this size become single entries.
constexpr uint64_t kSpelledOut = 1024;

char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Lower case of a character that takes two bytes in UTF-8: Latin-1, Greek and Cyrillic capitals, whose
// lower case takes two bytes as well. Other scripts are compared as they are.
unsigned LowerTwoByteRune(unsigned rune) {
  if ((rune >= 0xC0 && rune <= 0xDE && rune != 0xD7) || (rune >= 0x391 && rune <= 0x3A9) ||
      (rune >= 0x410 && rune <= 0x42F)) {
    return rune + 0x20;
  }
  if (rune >= 0x400 && rune <= 0x40F) return rune + 0x50;
  return rune;
}

void LowerInPlace(char* text, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    text[i] = LowerAscii(text[i]);
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0xC2 || lead > 0xDF || i + 1 == size) continue;
    const auto trail = static_cast<unsigned char>(text[i + 1]);
    if ((trail & 0xC0) != 0x80) continue;
    const unsigned rune = LowerTwoByteRune((lead & 0x1Fu) << 6 | (trail & 0x3Fu));
    text[i] = static_cast<char>(0xC0 | rune >> 6);
    text[++i] = static_cast<char>(0x80 | (rune & 0x3F));
  }
}

std::string Lower(std::string_view text) {
  std::string out(text);
  LowerInPlace(out.data(), out.size());
  return out;
}

}  // namespace

std::string_view SeverityShortName(int number) {
  return number >= 0 && number <= kHighest ? kShortNames[number] : std::string_view();
}

SeverityMapping SeverityMapping::ForPreset(std::string_view preset) {
  SeverityMapping mapping;
  if (preset == "none") return mapping;
  for (int number = 1; number <= kHighest; ++number) {
    mapping.Put(Lower(kShortNames[number]), number);
    mapping.Put(std::to_string(number), number);
  }
  if (preset == "otel" || preset == "aliases") return mapping;
  constexpr std::string_view kNth[] = {"", "2", "3", "4"};
  for (int i = 0; i < 4; ++i) {
    mapping.Put("warning" + std::string(kNth[i]), 13 + i);
    mapping.Put("err" + std::string(kNth[i]), 17 + i);
  }
  return mapping;
}

int SeverityMapping::NumberOf(std::string_view key) {
  static const SeverityMapping otel = ForPreset("otel");
  return otel.NumberForText(key);
}

void SeverityMapping::Put(std::string key, int number) {
  by_text_.insert_or_assign(std::move(key), number);
}

void SeverityMapping::Add(int number, std::string_view value) {
  if (value.size() == 3 && value.substr(1) == "xx" && value[0] >= '2' && value[0] <= '5') {
    const int64_t hundred = (value[0] - '0') * 100;
    AddRange(number, hundred, hundred + 99);
    return;
  }
  Put(Lower(value), number);
}

void SeverityMapping::AddInt(int number, int64_t value) { Put(std::to_string(value), number); }

void SeverityMapping::AddRange(int number, int64_t min, int64_t max) {
  if (min > max) std::swap(min, max);
  if (static_cast<uint64_t>(max) - static_cast<uint64_t>(min) >= kSpelledOut) {
    ranges_.push_back({min, max, number});
    return;
  }
  for (int64_t value = min;; ++value) {
    AddInt(number, value);
    if (value == max) break;
  }
}

int SeverityMapping::NumberForText(std::string_view text) const {
  constexpr size_t kInline = 32;
  char buffer[kInline];
  std::string longer;
  std::string_view key;
  if (text.size() <= kInline) {
    std::copy(text.begin(), text.end(), buffer);
    LowerInPlace(buffer, text.size());
    key = {buffer, text.size()};
  } else {
    longer = Lower(text);
    key = longer;
  }
  if (!ranges_.empty()) {
    // Only the spelling that the number itself has counts.
    int64_t value = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), value);
    if (error == std::errc() && end == key.data() + key.size() && std::to_string(value) == key) {
      for (auto range = ranges_.rbegin(); range != ranges_.rend(); ++range) {
        if (range->min <= value && value <= range->max) return range->number;
      }
    }
  }
  const auto it = by_text_.find(key);
  return it == by_text_.end() ? 0 : it->second;
}

int SeverityMapping::NumberForInt(int64_t value) const {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  return NumberForText({buffer, static_cast<size_t>(end - buffer)});
}

SeverityMapping::Result SeverityMapping::LookupText(std::string_view text) const {
  return {NumberForText(text), std::string(text)};
}

SeverityMapping::Result SeverityMapping::LookupInt(int64_t value) const {
  return {NumberForInt(value), std::to_string(value)};
}

absl::StatusOr<SeverityMapping::Result> SeverityMapping::LookupDouble(double value) const {
  // Doubles beyond the range of int64 are whole, yet have no such number.
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0) ||
      std::trunc(value) != value) {
    return absl::InvalidArgumentError(
        "type float64 cannot be a severity unless it is a whole number");
  }
  return LookupInt(static_cast<int64_t>(value));
}

}  // namespace otelpipe::timeparse
