#include "shared/ottl/go_time.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe::ottl {
namespace {

constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

// Longer words stand before those they begin with.
constexpr std::string_view kWords[] = {"January", "Jan",    "Monday",    "Mon",       "MST",     "2006",   "-07:00:00", "-070000", "-07:00", "-0700", "-07",
                                       "Z07:00:00", "Z070000", "Z07:00", "Z0700", "Z07", "002", "01", "02", "03", "04", "05", "06", "15", "__2", "_2",
                                       "PM", "pm", "1", "2", "3", "4", "5"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string FormatGoLayout(std::string_view layout, int64_t nanos) {
  const timeparse::Timestamp t = timeparse::Timestamp::FromUnixNanos(nanos);
  const timeparse::CivilTime c = timeparse::CivilFromUnix(t.seconds);
  const int64_t days = timeparse::DaysFromCivil(c.year, c.month, c.day);
  const auto weekday = static_cast<size_t>(((days + 4) % 7 + 7) % 7);
  const int64_t yearday = days - timeparse::DaysFromCivil(c.year, 1, 1) + 1;
  const int hour12 = c.hour % 12 == 0 ? 12 : c.hour % 12;
  std::string out;
  while (!layout.empty()) {
    // Fractions of a second: a point or comma, then zeros or nines and no digit behind them.
    if ((layout[0] == '.' || layout[0] == ',') && layout.size() > 1 && (layout[1] == '0' || layout[1] == '9')) {
      size_t end = 1;
      while (end < layout.size() && layout[end] == layout[1]) ++end;
      if (end == layout.size() || !IsDigit(layout[end])) {
        std::string digits = absl::StrFormat("%09d", t.nanos);
        digits.resize(std::min<size_t>(end - 1, 9));
        if (layout[1] == '9') {
          while (!digits.empty() && digits.back() == '0') digits.pop_back();
        }
        if (!digits.empty()) absl::StrAppend(&out, A(layout.substr(0, 1)), digits);
        layout.remove_prefix(end);
        continue;
      }
    }
    std::string_view word;
    for (std::string_view w : kWords) {
      if (!layout.starts_with(w)) continue;
      // "Jan" in "January" is one word, "Mon" before a small letter none.
      if ((w == "Jan" || w == "Mon") && layout.size() > 3 && layout[3] >= 'a' && layout[3] <= 'z') continue;
      if (w == "_2" && layout.starts_with("_2006")) continue;
      word = w;
      break;
    }
    if (word.empty()) {
      out += layout[0];
      layout.remove_prefix(1);
      continue;
    }
    layout.remove_prefix(word.size());
    if (word == "2006") absl::StrAppendFormat(&out, "%04d", c.year);
    else if (word == "06") absl::StrAppendFormat(&out, "%02d", c.year % 100);
    else if (word == "01") absl::StrAppendFormat(&out, "%02d", c.month);
    else if (word == "1") absl::StrAppend(&out, c.month);
    else if (word == "January") out += kMonths[c.month - 1];
    else if (word == "Jan") out += kMonths[c.month - 1].substr(0, 3);
    else if (word == "02") absl::StrAppendFormat(&out, "%02d", c.day);
    else if (word == "_2") absl::StrAppendFormat(&out, "%2d", c.day);
    else if (word == "2") absl::StrAppend(&out, c.day);
    else if (word == "002") absl::StrAppendFormat(&out, "%03d", yearday);
    else if (word == "__2") absl::StrAppendFormat(&out, "%3d", yearday);
    else if (word == "Monday") out += kDays[weekday];
    else if (word == "Mon") out += kDays[weekday].substr(0, 3);
    else if (word == "15") absl::StrAppendFormat(&out, "%02d", c.hour);
    else if (word == "03") absl::StrAppendFormat(&out, "%02d", hour12);
    else if (word == "3") absl::StrAppend(&out, hour12);
    else if (word == "04") absl::StrAppendFormat(&out, "%02d", c.minute);
    else if (word == "4") absl::StrAppend(&out, c.minute);
    else if (word == "05") absl::StrAppendFormat(&out, "%02d", c.second);
    else if (word == "5") absl::StrAppend(&out, c.second);
    else if (word == "PM") out += c.hour >= 12 ? "PM" : "AM";
    else if (word == "pm") out += c.hour >= 12 ? "pm" : "am";
    else if (word == "MST") out += "UTC";
    else if (word[0] == 'Z') out += 'Z';
    else if (word == "-07") out += "+00";
    else if (word == "-0700") out += "+0000";
    else if (word == "-07:00") out += "+00:00";
    else if (word == "-070000") out += "+000000";
    else out += "+00:00:00";
  }
  return out;
}

}  // namespace otelpipe::ottl
