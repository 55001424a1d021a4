// Severity numbers and the mapping from log values to them.
//
//   SeverityMapping mapping = SeverityMapping::ForPreset("default");
//   mapping.Add(SeverityMapping::NumberOf("warn2"), "achtung");
//   mapping.AddRange(17, 500, 599);
//   SeverityMapping::Result r = mapping.LookupText("ACHTUNG");   // 14, "ACHTUNG"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"

namespace otelpipe::timeparse {

// Standard short name: "TRACE" for 1 to "FATAL4" for 24, "" for 0 and anything else.
std::string_view SeverityShortName(int number);

// What maps log values to severity numbers 0 to 24. Build it, then share it: the const members may be
// called from several threads at once.
class SeverityMapping {
 public:
  struct Result {
    int number = 0;    // 0: not mapped
    std::string text;  // the value as text, in its original case
  };

  // An empty mapping (preset "none").
  SeverityMapping() = default;

  // The entries of a preset: "none"; "otel" or "aliases"; every other name, misspelt ones too, means
  // the default preset.
  static SeverityMapping ForPreset(std::string_view preset);

  // The severity that a key of a `mapping` block names: "info", "Warn2", "9". Unknown keys, also
  // "default", yield 0.
  static int NumberOf(std::string_view key);

  // Maps one value to `number`, replacing what the preset or an earlier call said. "2xx" to "5xx" in
  // lower case stand for the hundred numbers they begin; other text is compared without case.
  void Add(int number, std::string_view value);
  void AddInt(int number, int64_t value);

  // Maps all integers from min to max inclusive, swapped if reversed.
  void AddRange(int number, int64_t min, int64_t max);

  // Lookups by kind of value.
  int NumberForText(std::string_view text) const;
  int NumberForInt(int64_t value) const;
  Result LookupText(std::string_view text) const;
  Result LookupInt(int64_t value) const;

  // Fails with InvalidArgument "type float64 cannot be a severity unless it is a whole number".
  absl::StatusOr<Result> LookupDouble(double value) const;

 private:
  struct Range {
    int64_t min;
    int64_t max;
    int number;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
  };

  void Put(std::string key, int number);

  // Keys are lower case; those that are canonical decimal integers are also in force for numbers.
  std::unordered_map<std::string, int, Hash, Equal> by_text_;
  // Ranges too wide to spell out, later ones first in force.
  std::vector<Range> ranges_;
};

}  // namespace otelpipe::timeparse
