#include <iterator>
#include <utility>

#include "timeparse/go_layout.h"

namespace otelpipe::timeparse {
namespace {

struct OffsetSpelling {
  std::string_view text;
  GoLayout::OffsetShape shape;
};

// Spellings of numeric offsets behind their first character, longest first where one begins another.
constexpr OffsetSpelling kOffsets[] = {
    {"070000", {7, 3, 5, false}},
    {"07:00:00", {9, 4, 7, true}},
    {"0700", {5, 3, 0, false}},
    {"07:00", {6, 4, 0, true}},
    {"07", {3, 0, 0, false}},
};

bool IsDigitAt(std::string_view s, size_t i) { return i < s.size() && s[i] >= '0' && s[i] <= '9'; }

bool StartsWith(std::string_view s, std::string_view prefix) {
  return s.substr(0, prefix.size()) == prefix;
}

bool BeginsWithLower(std::string_view s) { return !s.empty() && s[0] >= 'a' && s[0] <= 'z'; }

}  // namespace

GoLayout::Element GoLayout::NextElement(std::string_view& rest) {
  Element element;
  const auto found = [&](size_t at, Kind kind, size_t length) {
    element.kind = kind;
    element.literal = rest.substr(0, at);
    element.text = rest.substr(at, length);
    rest.remove_prefix(at + length);
  };
  for (size_t i = 0; i < rest.size(); ++i) {
    const std::string_view s = rest.substr(i);
    const char next = s.size() > 1 ? s[1] : '\0';
    Kind kind = Kind::kEnd;
    size_t length = 0;
    const auto is = [&](Kind k, size_t n) {
      kind = k;
      length = n;
    };
    switch (s[0]) {
      case 'J':
        if (StartsWith(s, "January")) {
          is(Kind::kLongMonth, 7);
        } else if (StartsWith(s, "Jan") && !BeginsWithLower(s.substr(3))) {
          is(Kind::kMonthName, 3);
        }
        break;
      case 'M':
        if (StartsWith(s, "Monday")) {
          is(Kind::kLongWeekday, 6);
        } else if (StartsWith(s, "Mon") && !BeginsWithLower(s.substr(3))) {
          is(Kind::kWeekday, 3);
        } else if (StartsWith(s, "MST")) {
          is(Kind::kZoneName, 3);
        }
        break;
      case '0': {
        constexpr Kind kTwoDigit[] = {Kind::kZeroMonth,  Kind::kZeroDay,    Kind::kZeroHour12,
                                      Kind::kZeroMinute, Kind::kZeroSecond, Kind::kYear};
        if (next >= '1' && next <= '6') {
          is(kTwoDigit[next - '1'], 2);
        } else if (StartsWith(s, "002")) {
          is(Kind::kZeroYearDay, 3);
        }
        break;
      }
      case '1':
        next == '5' ? is(Kind::kHour, 2) : is(Kind::kMonth, 1);
        break;
      case '2':
        StartsWith(s, "2006") ? is(Kind::kLongYear, 4) : is(Kind::kDay, 1);
        break;
      case '_':
        if (next == '2') {
          if (StartsWith(s, "_2006")) {
            found(i + 1, Kind::kLongYear, 4);
            return element;
          }
          is(Kind::kUnderDay, 2);
        } else if (StartsWith(s, "__2")) {
          is(Kind::kUnderYearDay, 3);
        }
        break;
      case '3':
        is(Kind::kHour12, 1);
        break;
      case '4':
        is(Kind::kMinute, 1);
        break;
      case '5':
        is(Kind::kSecond, 1);
        break;
      case 'P':
        if (next == 'M') is(Kind::kUpperPm, 2);
        break;
      case 'p':
        if (next == 'm') is(Kind::kLowerPm, 2);
        break;
      case '-':
      case 'Z':
        for (size_t shape = 0; shape < std::size(kOffsets) && length == 0; ++shape) {
          if (!StartsWith(s.substr(1), kOffsets[shape].text)) continue;
          is(Kind::kOffset, 1 + kOffsets[shape].text.size());
          element.z_allowed = s[0] == 'Z';
          element.offset = kOffsets[shape].shape;
        }
        break;
      case '.':
      case ',':
        if (next == '0' || next == '9') {
          size_t end = 1;
          while (end < s.size() && s[end] == next) ++end;
          if (IsDigitAt(s, end)) break;
          is(next == '0' ? Kind::kFractionExact : Kind::kFractionAny, end);
          element.digits = static_cast<uint16_t>(end - 1);
        }
        break;
      default:
        break;
    }
    if (length > 0) {
      found(i, kind, length);
      return element;
    }
  }
  element.literal = rest;
  rest = {};
  return element;
}

GoLayout GoLayout::Compile(std::string_view layout) {
  GoLayout result;
  result.text_ = layout;
  std::string_view rest = result.text_;
  do {
    Element element = NextElement(rest);
    element.literal_has_space = element.literal.find(' ') != std::string::npos;
    result.has_abbreviation_ = result.has_abbreviation_ || element.kind == Kind::kZoneName;
    result.elements_.push_back(std::move(element));
  } while (result.elements_.back().kind != Kind::kEnd);
  result.FindFastShape();
  return result;
}

void GoLayout::FindFastShape() {
  constexpr Kind kOrder[] = {Kind::kLongYear, Kind::kZeroMonth,  Kind::kZeroDay,
                             Kind::kHour,     Kind::kZeroMinute, Kind::kZeroSecond};
  if (elements_.size() < std::size(kOrder) + 1) return;
  for (size_t i = 0; i < std::size(kOrder); ++i) {
    const Element& element = elements_[i];
    if (element.kind != kOrder[i] || element.literal.size() != (i == 0 ? 0u : 1u)) return;
    if (i > 0) separators_[i - 1] = element.literal[0];
  }
  size_t next = std::size(kOrder);
  if (elements_[next].kind == Kind::kFractionAny && elements_[next].literal.empty()) ++next;
  const Element& tail = elements_[next];
  if (tail.kind == Kind::kEnd) {
    if (tail.literal_has_space) return;
    tail_ = tail.literal;
  } else if (tail.kind == Kind::kOffset && tail.z_allowed && tail.literal.empty() &&
             elements_[next + 1].kind == Kind::kEnd && elements_[next + 1].literal.empty()) {
    tail_ = "Z";
    tail_is_zone_ = true;
  } else {
    return;
  }
  fast_ = true;
}

}  // namespace otelpipe::timeparse
