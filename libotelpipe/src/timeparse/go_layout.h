// Go's reference-time layouts ("2006-01-02 15:04:05"): compiled, and matched against values.
//
// This is the part of time parsing that knows no time zones. What a value says about its zone is handed
// on in TimeFields for zone.h to resolve.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe::timeparse {

// What a value said.
struct TimeFields {
  enum class Zone {
    kNone,          // nothing about a zone
    kUtc,           // "Z" or "UTC"
    kOffset,        // `offset_seconds`, and `zone_name` if the value has both
    kAbbreviation,  // `zone_name` alone
  };

  CivilTime civil{0, 1, 1, 0, 0, 0};
  int32_t nanos = 0;
  Zone zone = Zone::kNone;
  int32_t offset_seconds = 0;
  std::string_view zone_name;  // points into the value
};

// A compiled layout. Immutable, usable from several threads.
class GoLayout {
 public:
  // Every text is a layout; what is not an element is literal.
  static GoLayout Compile(std::string_view layout);

  // Matches the whole of `value`. Fails with InvalidArgument and Go's words, which quote value and
  // layout: `parsing time "x" as "2006": cannot parse "x" as "2006"`.
  absl::Status Parse(std::string_view value, TimeFields& fields) const;

  const std::string& text() const { return text_; }

  // Whether a value can name a zone by abbreviation.
  bool has_abbreviation() const { return has_abbreviation_; }

  // How a numeric offset is laid out in a value.
  struct OffsetShape {
    uint8_t width = 0;    // bytes, sign included
    uint8_t minutes = 0;  // position of the minutes, 0 if there are none
    uint8_t seconds = 0;
    bool colon = false;
  };

 private:
  enum class Kind : uint8_t {
    kEnd,
    kLongMonth,
    kMonthName,
    kMonth,       // 1
    kZeroMonth,   // 01
    kLongWeekday,
    kWeekday,
    kDay,         // 2
    kUnderDay,    // _2
    kZeroDay,     // 02
    kUnderYearDay,
    kZeroYearDay,
    kHour,        // 15
    kHour12,      // 3
    kZeroHour12,  // 03
    kMinute,
    kZeroMinute,
    kSecond,
    kZeroSecond,
    kLongYear,
    kYear,
    kUpperPm,
    kLowerPm,
    kZoneName,
    kOffset,
    kFractionExact,  // .000
    kFractionAny,    // .999
  };

  // A literal and the element behind it.
  struct Element {
    Kind kind = Kind::kEnd;
    bool z_allowed = false;         // offset: "Z" means UTC
    OffsetShape offset;             // offset
    uint16_t digits = 0;            // exact fraction: digits
    std::string literal;
    bool literal_has_space = false;
    std::string text;  // the element as the layout spells it
  };

  struct State;

  static Element NextElement(std::string_view& rest);
  bool Step(const Element& element, size_t index, State& state) const;
  bool ParseOffset(const Element& element, State& state) const;
  bool FastParse(std::string_view value, TimeFields& fields) const;
  void FindFastShape();
  absl::Status Finish(State& state, std::string_view whole, TimeFields& fields) const;
  absl::Status CannotParse(std::string_view whole, std::string_view rest,
                           std::string_view element) const;

  std::string text_;
  std::vector<Element> elements_;  // ends with a kEnd
  bool has_abbreviation_ = false;

  // Layouts that begin year, month, day, hour, minute, second with one byte between each, then perhaps
  // an optional fraction, then a literal or an offset that allows "Z".
  bool fast_ = false;
  char separators_[5] = {};
  std::string tail_;
  bool tail_is_zone_ = false;
};

}  // namespace otelpipe::timeparse
