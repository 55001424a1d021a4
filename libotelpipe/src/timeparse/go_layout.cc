#include "timeparse/go_layout.h"

#include <array>
#include <bit>
#include <cstring>

#include "otelpipe/timeparse/duration.h"

namespace otelpipe::timeparse {
namespace {

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
constexpr std::string_view kWeekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};
constexpr size_t kShortName = 3;

bool IsDigitAt(std::string_view s, size_t i) { return i < s.size() && s[i] >= '0' && s[i] <= '9'; }

bool StartsWith(std::string_view s, std::string_view prefix) {
  return s.substr(0, prefix.size()) == prefix;
}

bool IsPointOrComma(char c) { return c == '.' || c == ','; }

bool IsLeap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr int kDaysBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

int DaysIn(int month, int64_t year) {
  if (month == 2 && IsLeap(year)) return 29;
  return kDaysBefore[month] - kDaysBefore[month - 1];
}

// One or two digits, or just two.
bool TakeNumber(std::string_view& value, bool fixed, int& number) {
  if (!IsDigitAt(value, 0)) return false;
  if (!IsDigitAt(value, 1)) {
    if (fixed) return false;
    number = value[0] - '0';
    value.remove_prefix(1);
    return true;
  }
  number = (value[0] - '0') * 10 + (value[1] - '0');
  value.remove_prefix(2);
  return true;
}

// Up to three digits, or just three.
bool TakeYearDay(std::string_view& value, bool fixed, int& number) {
  size_t digits = 0;
  int n = 0;
  for (; digits < 3 && IsDigitAt(value, digits); ++digits) n = n * 10 + (value[digits] - '0');
  if (digits == 0 || (fixed && digits != 3)) return false;
  number = n;
  value.remove_prefix(digits);
  return true;
}

// A sign that may be missing, and digits that may be missing, to the end: Go's lenient reading.
bool WholeInteger(std::string_view text, int& number) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  int n = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    n = n * 10 + (c - '0');
  }
  number = negative ? -n : n;
  return true;
}

// Index of the name at the head of `value`, without regard to case, or -1.
template <size_t N>
int TakeName(const std::string_view (&names)[N], bool short_form, std::string_view& value) {
  for (size_t i = 0; i < N; ++i) {
    const std::string_view name = short_form ? names[i].substr(0, kShortName) : names[i];
    if (value.size() < name.size()) continue;
    bool equal = true;
    for (size_t k = 0; k < name.size() && equal; ++k) {
      // Names hold letters only, so a byte that differs in more than the case bit is no match.
      equal = (static_cast<unsigned char>(value[k]) | 0x20) ==
              (static_cast<unsigned char>(name[k]) | 0x20);
    }
    if (equal) {
      value.remove_prefix(name.size());
      return static_cast<int>(i);
    }
  }
  return -1;
}

// Length of "+h", "-hh" at the head; 0 if there is none or it is beyond 23 hours.
size_t SignedHourLength(std::string_view value) {
  if (value.empty() || (value[0] != '+' && value[0] != '-')) return 0;
  size_t length = 1;
  uint64_t hours = 0;
  for (; IsDigitAt(value, length); ++length) {
    if (hours < 1000) hours = hours * 10 + static_cast<uint64_t>(value[length] - '0');
  }
  return length == 1 || hours > 23 ? 0 : length;
}

// Length of what looks like a zone abbreviation at the head, or 0.
size_t AbbreviationLength(std::string_view value) {
  if (value.size() < 3) return 0;
  if (StartsWith(value, "ChST") || StartsWith(value, "MeST")) return 4;
  if (StartsWith(value, "GMT")) return 3 + SignedHourLength(value.substr(3));
  if (value[0] == '+' || value[0] == '-') return SignedHourLength(value);
  size_t upper = 0;
  while (upper < 6 && upper < value.size() && value[upper] >= 'A' && value[upper] <= 'Z') ++upper;
  switch (upper) {
    case 3:
      return 3;
    case 4:
      return value[3] == 'T' || StartsWith(value, "WITA") ? 4 : 0;
    case 5:
      return value[4] == 'T' ? 5 : 0;
    default:
      return 0;
  }
}

// Takes `literal` off the value; a run of spaces matches any run of spaces, or the end.
bool SkipLiteral(std::string_view literal, std::string_view& value) {
  while (!literal.empty()) {
    if (literal[0] == ' ') {
      if (!value.empty() && value[0] != ' ') return false;
      literal.remove_prefix(std::min(literal.find_first_not_of(' '), literal.size()));
      value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
      continue;
    }
    if (value.empty() || value[0] != literal[0]) return false;
    literal.remove_prefix(1);
    value.remove_prefix(1);
  }
  return true;
}

// Two digits as a number; 100 or more if one is none.
inline unsigned TwoDigits(const char* p) {
  const auto high = static_cast<unsigned>(static_cast<unsigned char>(p[0])) - '0';
  const auto low = static_cast<unsigned>(static_cast<unsigned char>(p[1])) - '0';
  return (high > 9 || low > 9) ? 100 : high * 10 + low;
}

constexpr std::array<int32_t, 10> kPowersOfTen = {1,      10,      100,      1000,      10000,
                                                  100000, 1000000, 10000000, 100000000, 1000000000};

}  // namespace

// What has been read so far.
struct GoLayout::State {
  std::string_view value;
  const char* range_error = nullptr;
  int64_t year = 0;
  int month = -1;
  int day = -1;
  int year_day = -1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nanos = 0;
  bool am = false;
  bool pm = false;
  bool utc = false;
  bool has_offset = false;
  int offset = 0;
  std::string_view zone_name;

  // A point or comma and `size - 1` characters that should be digits.
  bool TakeFraction(size_t size) {
    std::string_view digits = value.substr(1, std::min<size_t>(size, 10) - 1);
    int n = 0;
    if (!IsPointOrComma(value[0]) || !WholeInteger(digits, n)) return false;
    if (n < 0) {
      range_error = "fractional second";
    } else {
      nanos = n * kPowersOfTen[9 - digits.size()];
    }
    value.remove_prefix(size);
    return true;
  }
};

// Eight digits at once, as a number; false when one of them is none.
inline bool EightDigits(const char* p, uint32_t& out) {
  uint64_t text = 0;
  std::memcpy(&text, p, sizeof(text));
  if constexpr (std::endian::native != std::endian::little) return false;
  text -= 0x3030303030303030u;
  // Bytes above 9 set their high bit in one of the two.
  if (((text | (text + 0x7676767676767676u)) & 0x8080808080808080u) != 0) return false;
  text = (text * 10 + (text >> 8)) & 0x00FF00FF00FF00FFu;
  text = (text * 100 + (text >> 16)) & 0x0000FFFF0000FFFFu;
  out = static_cast<uint32_t>(text * 10000 + (text >> 32));
  return true;
}

// Reads the usual date-time at fixed positions. False means only that the element by element reading
// has to decide: a one-digit hour, a run of spaces, a numeric offset, or an error.
bool GoLayout::FastParse(std::string_view value, TimeFields& fields) const {
  if (value.size() < 19 + tail_.size()) return false;
  const char* p = value.data();
  if (p[4] != separators_[0] || p[7] != separators_[1] || p[10] != separators_[2] ||
      p[13] != separators_[3] || p[16] != separators_[4]) {
    return false;
  }
  const unsigned century = TwoDigits(p);
  const unsigned year_of_century = TwoDigits(p + 2);
  const unsigned month = TwoDigits(p + 5);
  const unsigned day = TwoDigits(p + 8);
  const unsigned hour = TwoDigits(p + 11);
  const unsigned minute = TwoDigits(p + 14);
  const unsigned second = TwoDigits(p + 17);
  if (century > 99 || year_of_century > 99 || month - 1 > 11 || day - 1 > 30 || hour > 23 ||
      minute > 59 || second > 59) {
    return false;
  }
  if (day > 28 && static_cast<int>(day) > DaysIn(static_cast<int>(month),
                                                 static_cast<int>(century * 100 + year_of_century))) {
    return false;
  }
  const char* const end = p + value.size();
  p += 19;
  int32_t nanos = 0;
  if (end - p >= 2 && IsPointOrComma(*p) && p[1] >= '0' && p[1] <= '9') {
    ++p;
    int digits = 0;
    uint32_t eight = 0;
    if (end - p >= 8 && EightDigits(p, eight)) {
      nanos = static_cast<int32_t>(eight);
      digits = 8;
      p += 8;
    }
    for (; p < end && *p >= '0' && *p <= '9'; ++p) {
      if (digits == 9) continue;
      nanos = nanos * 10 + (*p - '0');
      ++digits;
    }
    nanos *= kPowersOfTen[static_cast<size_t>(9 - digits)];
  }
  if (static_cast<size_t>(end - p) != tail_.size() ||
      std::memcmp(p, tail_.data(), tail_.size()) != 0) {
    return false;
  }
  fields.civil = {static_cast<int64_t>(century * 100 + year_of_century),
                  static_cast<int>(month),
                  static_cast<int>(day),
                  static_cast<int>(hour),
                  static_cast<int>(minute),
                  static_cast<int>(second)};
  fields.nanos = nanos;
  fields.zone = tail_is_zone_ ? TimeFields::Zone::kUtc : TimeFields::Zone::kNone;
  return true;
}

absl::Status GoLayout::CannotParse(std::string_view whole, std::string_view rest,
                                   std::string_view element) const {
  return absl::InvalidArgumentError("parsing time " + QuoteForTimeError(whole) + " as " +
                                    QuoteForTimeError(text_) + ": cannot parse " +
                                    QuoteForTimeError(rest) + " as " + QuoteForTimeError(element));
}

absl::Status GoLayout::Parse(std::string_view value, TimeFields& fields) const {
  if (fast_ && FastParse(value, fields)) return absl::OkStatus();
  State state;
  state.value = value;
  for (size_t i = 0;; ++i) {
    const Element& element = elements_[i];
    if (!SkipLiteral(element.literal, state.value)) {
      return CannotParse(value, state.value, element.literal);
    }
    if (element.kind == Kind::kEnd) break;
    const std::string_view hold = state.value;
    const bool ok = Step(element, i, state);
    if (state.range_error != nullptr) {
      return absl::InvalidArgumentError("parsing time " + QuoteForTimeError(value) + ": " +
                                        state.range_error + " out of range");
    }
    if (!ok) return CannotParse(value, hold, element.text);
  }
  return Finish(state, value, fields);
}

bool GoLayout::Step(const Element& element, size_t index, State& s) const {
  std::string_view& value = s.value;
  const auto take = [&](bool fixed, int& number, int limit, const char* what) {
    if (!TakeNumber(value, fixed, number)) return false;
    if (number > limit) s.range_error = what;
    return true;
  };
  switch (element.kind) {
    case Kind::kYear: {
      int year = 0;
      if (value.size() < 2 || !WholeInteger(value.substr(0, 2), year)) return false;
      s.year = year + (year >= 69 ? 1900 : 2000);
      value.remove_prefix(2);
      return true;
    }
    case Kind::kLongYear: {
      int year = 0;
      if (value.size() < 4 || !IsDigitAt(value, 0) || !WholeInteger(value.substr(0, 4), year)) {
        return false;
      }
      s.year = year;
      value.remove_prefix(4);
      return true;
    }
    case Kind::kMonthName:
    case Kind::kLongMonth:
      s.month = TakeName(kMonths, element.kind == Kind::kMonthName, value) + 1;
      return s.month > 0;
    case Kind::kMonth:
    case Kind::kZeroMonth:
      if (!take(element.kind == Kind::kZeroMonth, s.month, 12, "month")) return false;
      if (s.month == 0) s.range_error = "month";
      return true;
    case Kind::kWeekday:
    case Kind::kLongWeekday:
      return TakeName(kWeekdays, element.kind == Kind::kWeekday, value) >= 0;
    case Kind::kDay:
    case Kind::kUnderDay:
    case Kind::kZeroDay:
      if (element.kind == Kind::kUnderDay && StartsWith(value, " ")) value.remove_prefix(1);
      return TakeNumber(value, element.kind == Kind::kZeroDay, s.day);
    case Kind::kUnderYearDay:
    case Kind::kZeroYearDay:
      for (int i = 0; i < 2; ++i) {
        if (element.kind == Kind::kUnderYearDay && StartsWith(value, " ")) value.remove_prefix(1);
      }
      return TakeYearDay(value, element.kind == Kind::kZeroYearDay, s.year_day);
    case Kind::kHour:
      return take(false, s.hour, 23, "hour");
    case Kind::kHour12:
    case Kind::kZeroHour12:
      return take(element.kind == Kind::kZeroHour12, s.hour, 12, "hour");
    case Kind::kMinute:
    case Kind::kZeroMinute:
      return take(element.kind == Kind::kZeroMinute, s.minute, 59, "minute");
    case Kind::kSecond:
    case Kind::kZeroSecond: {
      if (!take(element.kind == Kind::kZeroSecond, s.second, 59, "second")) return false;
      if (s.range_error != nullptr) return true;
      // A fraction may follow even if the layout has none.
      if (value.size() < 2 || !IsPointOrComma(value[0]) || !IsDigitAt(value, 1)) return true;
      const Kind next = elements_[index + 1].kind;
      if (next == Kind::kFractionExact || next == Kind::kFractionAny) return true;
      size_t size = 2;
      while (IsDigitAt(value, size)) ++size;
      return s.TakeFraction(size);
    }
    case Kind::kUpperPm:
    case Kind::kLowerPm: {
      if (value.size() < 2) return false;
      const bool upper = element.kind == Kind::kUpperPm;
      const std::string_view half = value.substr(0, 2);
      if (half == (upper ? "PM" : "pm")) {
        s.pm = true;
      } else if (half == (upper ? "AM" : "am")) {
        s.am = true;
      } else {
        return false;
      }
      value.remove_prefix(2);
      return true;
    }
    case Kind::kOffset:
      return ParseOffset(element, s);
    case Kind::kZoneName: {
      if (StartsWith(value, "UTC")) {
        s.utc = true;
        value.remove_prefix(3);
        return true;
      }
      const size_t length = AbbreviationLength(value);
      if (length == 0) return false;
      s.zone_name = value.substr(0, length);
      value.remove_prefix(length);
      return true;
    }
    case Kind::kFractionExact:
      if (value.size() < 1u + element.digits) return false;
      return s.TakeFraction(1u + element.digits);
    case Kind::kFractionAny: {
      if (value.size() < 2 || !IsPointOrComma(value[0]) || !IsDigitAt(value, 1)) return true;
      size_t size = 2;
      while (IsDigitAt(value, size)) ++size;
      return s.TakeFraction(size);
    }
    case Kind::kEnd:
      break;
  }
  return true;
}

bool GoLayout::ParseOffset(const Element& element, State& s) const {
  std::string_view& value = s.value;
  if (element.z_allowed && StartsWith(value, "Z")) {
    s.utc = true;
    value.remove_prefix(1);
    return true;
  }
  const OffsetShape& shape = element.offset;
  if (value.size() < shape.width) return false;
  if (shape.colon && (value[3] != ':' || (shape.seconds != 0 && value[6] != ':'))) return false;
  int hours = 0;
  int minutes = 0;
  int seconds = 0;
  const auto number_at = [&](size_t at, int& number) {
    std::string_view digits = value.substr(at, 2);
    return TakeNumber(digits, true, number);
  };
  const bool numbers = number_at(1, hours) &&
                       (shape.minutes == 0 || number_at(shape.minutes, minutes)) &&
                       (shape.seconds == 0 || number_at(shape.seconds, seconds));
  if (hours > 24) s.range_error = "time zone offset hour";
  if (minutes > 60) s.range_error = "time zone offset minute";
  if (seconds > 60) s.range_error = "time zone offset second";
  if (!numbers || (value[0] != '+' && value[0] != '-')) return false;
  s.offset = (hours * 60 + minutes) * 60 + seconds;
  if (value[0] == '-') s.offset = -s.offset;
  // Go keeps -1 for "no offset seen", so a value that says minus one second has none.
  s.has_offset = s.offset != -1;
  value.remove_prefix(shape.width);
  return true;
}

absl::Status GoLayout::Finish(State& s, std::string_view whole, TimeFields& fields) const {
  const auto out_of_range = [&](std::string_view what) {
    return absl::InvalidArgumentError("parsing time " + QuoteForTimeError(whole) + ": " +
                                      std::string(what));
  };
  if (!s.value.empty()) return out_of_range("extra text: " + QuoteForTimeError(s.value));
  if (s.pm && s.hour < 12) {
    s.hour += 12;
  } else if (s.am && s.hour == 12) {
    s.hour = 0;
  }
  if (s.year_day >= 0) {
    int month = 0;
    int day = 0;
    if (IsLeap(s.year)) {
      if (s.year_day == 31 + 29) {
        month = 2;
        day = 29;
      } else if (s.year_day > 31 + 29) {
        --s.year_day;
      }
    }
    if (s.year_day < 1 || s.year_day > 365) return out_of_range("day-of-year out of range");
    if (month == 0) {
      month = (s.year_day - 1) / 31 + 1;
      if (kDaysBefore[month] < s.year_day) ++month;
      day = s.year_day - kDaysBefore[month - 1];
    }
    if (s.month >= 0 && s.month != month) {
      return out_of_range("day-of-year does not match month");
    }
    if (s.day >= 0 && s.day != day) return out_of_range("day-of-year does not match day");
    s.month = month;
    s.day = day;
  } else {
    if (s.month < 0) s.month = 1;
    if (s.day < 0) s.day = 1;
  }
  if (s.day < 1 || s.day > DaysIn(s.month, s.year)) return out_of_range("day out of range");

  fields.civil = {s.year, s.month, s.day, s.hour, s.minute, s.second};
  fields.nanos = s.nanos;
  fields.offset_seconds = s.offset;
  fields.zone_name = s.zone_name;
  if (s.utc) {
    fields.zone = TimeFields::Zone::kUtc;
  } else if (s.has_offset) {
    fields.zone = TimeFields::Zone::kOffset;
  } else if (!s.zone_name.empty()) {
    fields.zone = TimeFields::Zone::kAbbreviation;
  } else {
    fields.zone = TimeFields::Zone::kNone;
  }
  return absl::OkStatus();
}

}  // namespace otelpipe::timeparse
