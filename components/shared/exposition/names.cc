#include "shared/exposition/names.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "otelpipe/regex/utf8.h"

namespace otelpipe::exposition {
namespace {

using Words = std::vector<std::string>;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAsciiAlnum(uint32_t c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

// RE2 brings the Unicode tables; only characters beyond ASCII get here, once per new series.
bool IsWordRune(const regex::DecodedRune& rune, const char* p) {
  if (rune.rune < 0x80) return IsAsciiAlnum(rune.rune);
  if (rune.rune == regex::kRuneError) return false;
  static const RE2 pattern("[\\pL\\p{Nd}]");
  return RE2::FullMatch(re2::StringPiece(p, rune.width), pattern);
}

// Splits at every character that is no letter, no digit and not in `also`; empty pieces vanish.
Words Split(std::string_view text, std::string_view also = "") {
  Words out;
  bool open = false;
  for (const char *p = text.data(), *end = p + text.size(); p != end;) {
    const regex::DecodedRune rune = regex::DecodeRune(p, end);
    if (IsWordRune(rune, p) || (rune.rune < 0x80 && also.find(*p) != also.npos)) {
      if (!std::exchange(open, true)) out.emplace_back();
      out.back().append(p, rune.width);
    } else {
      open = false;
    }
    p += rune.width;
  }
  return out;
}

std::string Join(const Words& words) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += '_';
    out += word;
  }
  return out;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

struct UnitWord {
  std::string_view unit, word;
};
constexpr UnitWord kUnits[] = {
    {"d", "days"},          {"h", "hours"},        {"min", "minutes"},   {"s", "seconds"},      {"ms", "milliseconds"},
    {"us", "microseconds"}, {"ns", "nanoseconds"}, {"By", "bytes"},      {"KiBy", "kibibytes"}, {"MiBy", "mebibytes"},
    {"GiBy", "gibibytes"},  {"TiBy", "tibibytes"}, {"KBy", "kilobytes"}, {"MBy", "megabytes"},  {"GBy", "gigabytes"},
    {"TBy", "terabytes"},   {"m", "meters"},       {"V", "volts"},       {"A", "amperes"},      {"J", "joules"},
    {"W", "watts"},         {"g", "grams"},        {"Cel", "celsius"},   {"Hz", "hertz"},       {"%", "percent"}};
constexpr UnitWord kPerUnits[] = {{"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"},
                                  {"w", "week"},   {"mo", "month"}, {"y", "year"}};

template <size_t N>
std::string_view Lookup(const UnitWord (&table)[N], std::string_view unit) {
  for (const UnitWord& u : table) {
    if (u.unit == unit) return u.word;
  }
  return unit;
}

// The word of one side of a unit; "" when it has none.
template <size_t N>
std::string UnitOf(const UnitWord (&table)[N], std::string_view unit) {
  unit = Trim(unit);
  if (unit.find_first_of("{}") != unit.npos) return "";
  return Join(Split(Lookup(table, unit)));
}

bool Has(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void MoveToEnd(Words& words, std::string_view word) {
  words.erase(std::remove(words.begin(), words.end(), word), words.end());
  words.emplace_back(word);
}

// Bytes that a metric name may not have, a leading digit aside.
std::string Sanitize(std::string_view text, bool colon) {
  std::string out;
  for (const char *p = text.data(), *end = p + text.size(); p != end;) {
    const regex::DecodedRune rune = regex::DecodeRune(p, end);
    out += rune.rune < 0x80 && (IsAsciiAlnum(rune.rune) || *p == '_' || (colon && *p == ':')) ? *p : '_';
    p += rune.width;
  }
  return out;
}

}  // namespace

std::string CleanName(std::string_view name) { return Join(Split(name)); }

std::string MetricName(std::string_view name, std::string_view unit, NameKind kind, std::string_view name_space,
                       bool add_suffixes) {
  if (!add_suffixes) {
    std::string out = Join(Split(name, "_:"));
    const std::string prefix = CleanName(name_space);
    if (!prefix.empty()) return prefix + "_" + out;
    return !out.empty() && IsDigit(out[0]) ? "_" + out : out;
  }
  Words words = Split(name);
  const size_t slash = unit.find('/');
  const std::string_view whole = unit.substr(0, slash);
  std::string word = Trim(whole) == "1" ? "" : UnitOf(kUnits, whole);
  if (!word.empty() && !Has(words, word)) words.push_back(std::move(word));
  if (slash != unit.npos) {
    word = UnitOf(kPerUnits, unit.substr(slash + 1));
    if (!word.empty() && !Has(words, word)) {
      words.emplace_back("per");
      words.push_back(std::move(word));
    }
  }
  if (kind == NameKind::kCounter) MoveToEnd(words, "total");
  if (kind == NameKind::kGauge && unit == "1") MoveToEnd(words, "ratio");
  if (std::string prefix = CleanName(name_space); !prefix.empty()) words.insert(words.begin(), std::move(prefix));
  std::string out = Join(words);
  if (!out.empty() && IsDigit(out[0])) out.insert(0, "_");
  return out;
}

std::string OwnMetricName(std::string_view name, std::string_view unit, bool counter, bool add_unit, bool add_type) {
  std::string out = Sanitize(name, true);
  auto ends_with = [&](std::string_view tail) { return std::string_view(out).ends_with(tail); };
  if (counter && add_type && ends_with("_total")) out.resize(out.size() - 6);
  if (add_unit && !unit.empty()) {
    const std::string tail = Sanitize("_" + std::string(unit == "1" ? "ratio" : Lookup(kUnits, unit)), true);
    if (!ends_with(tail)) out += tail;
  }
  if (counter && add_type) out += "_total";
  return out;
}

std::string LabelName(std::string_view name) {
  std::string out;
  for (const char *p = name.data(), *end = p + name.size(); p != end;) {
    const regex::DecodedRune rune = regex::DecodeRune(p, end);
    if (IsWordRune(rune, p)) {
      out.append(p, rune.width);
    } else {
      out += '_';
    }
    p += rune.width;
  }
  if (out.empty()) return out;
  if (IsDigit(out[0])) return "key_" + out;
  if (out[0] == '_' && !(out.size() > 1 && out[1] == '_')) return "key" + out;
  return out;
}

std::string EscapeLabelName(std::string_view name) {
  std::string out = Sanitize(name, false);
  if (!out.empty() && IsDigit(out[0])) out[0] = '_';
  return out;
}

std::string EscapeMetricName(std::string_view name) {
  std::string out = Sanitize(name, true);
  if (!out.empty() && IsDigit(out[0])) out[0] = '_';
  return out;
}

bool IsValidLabelName(std::string_view name) {
  return !name.empty() && name.substr(0, 2) != "__" && regex::IsValidUtf8(name);
}

}  // namespace otelpipe::exposition
