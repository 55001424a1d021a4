#include "otelpipe/timeparse/timestamp.h"

#include <chrono>

namespace otelpipe::timeparse {
namespace {

constexpr int64_t kSecondsPerDay = 86400;

void AppendPadded(std::string& out, uint64_t value, int width) {
  const std::string digits = std::to_string(value);
  for (auto i = static_cast<int>(digits.size()); i < width; ++i) out += '0';
  out += digits;
}

// "2020-01-01<separator>00:00:00.5"
std::string FormatCivil(Timestamp t, char separator) {
  const CivilTime c = CivilFromUnix(t.seconds);
  std::string out;
  if (c.year < 0) out += '-';
  AppendPadded(out, static_cast<uint64_t>(c.year < 0 ? -c.year : c.year), 4);
  out += '-';
  AppendPadded(out, static_cast<uint64_t>(c.month), 2);
  out += '-';
  AppendPadded(out, static_cast<uint64_t>(c.day), 2);
  out += separator;
  AppendPadded(out, static_cast<uint64_t>(c.hour), 2);
  out += ':';
  AppendPadded(out, static_cast<uint64_t>(c.minute), 2);
  out += ':';
  AppendPadded(out, static_cast<uint64_t>(c.second), 2);
  if (t.nanos != 0) {
    out += '.';
    AppendPadded(out, static_cast<uint64_t>(t.nanos), 9);
    out.resize(out.find_last_not_of('0') + 1);
  }
  return out;
}

}  // namespace

// The year is counted from March in cycles of 400 years, so that the leap day is the last of its year
// and a month's first day is a linear function of its number.
int64_t DaysFromCivil(int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
  const int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468 + (day - 1);
}

int64_t UnixFromCivil(const CivilTime& c) {
  return DaysFromCivil(c.year, c.month, c.day) * kSecondsPerDay + c.hour * 3600 + c.minute * 60 +
         c.second;
}

CivilTime CivilFromUnix(int64_t seconds) {
  int64_t days = seconds / kSecondsPerDay;
  int64_t rest = seconds % kSecondsPerDay;
  if (rest < 0) {
    rest += kSecondsPerDay;
    --days;
  }
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  CivilTime c;
  c.day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  c.month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  c.year = year_of_era + era * 400 + (c.month <= 2 ? 1 : 0);
  c.hour = static_cast<int>(rest / 3600);
  c.minute = static_cast<int>(rest / 60 % 60);
  c.second = static_cast<int>(rest % 60);
  return c;
}

std::string FormatGoTime(Timestamp t) { return FormatCivil(t, ' ') + " +0000 UTC"; }

std::string FormatRfc3339(Timestamp t) { return FormatCivil(t, 'T') + "Z"; }

Timestamp Now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return Timestamp::FromUnixNanos(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count());
}

}  // namespace otelpipe::timeparse
