// A point in time as log entries carry it, and the ways Go prints one.
//
//   Timestamp t{1577836800, 500000000};
//   t.unix_nanos();         // 1577836800500000000
//   FormatGoTime(t);        // "2020-01-01 00:00:00.5 +0000 UTC"
//   FormatRfc3339(t);       // "2020-01-01T00:00:00.5Z"
#pragma once

#include <cstdint>
#include <string>

namespace otelpipe::timeparse {

// Seconds since 1970-01-01T00:00:00Z and nanoseconds in [0, 1e9). Covers every year that a layout can
// name. A plain value.
struct Timestamp {
  int64_t seconds = 0;
  int32_t nanos = 0;

  // The 64-bit count of nanoseconds since the epoch. Outside 1678 to 2262 it wraps around, as the
  // reference's conversion does; OTLP then shows the same bits as an unsigned number.
  constexpr int64_t unix_nanos() const {
    return static_cast<int64_t>(static_cast<uint64_t>(seconds) * 1000000000u +
                                static_cast<uint64_t>(nanos));
  }

  // From a count of nanoseconds since the epoch.
  static constexpr Timestamp FromUnixNanos(int64_t n) {
    int64_t seconds = n / 1000000000;
    int64_t nanos = n % 1000000000;
    if (nanos < 0) {
      nanos += 1000000000;
      --seconds;
    }
    return {seconds, static_cast<int32_t>(nanos)};
  }

  // Go's zero time, 0001-01-01T00:00:00Z, which the reference reads as "no timestamp".
  static constexpr Timestamp GoZero() { return {-62135596800, 0}; }
  constexpr bool is_go_zero() const { return seconds == -62135596800 && nanos == 0; }

  friend constexpr bool operator==(const Timestamp& a, const Timestamp& b) {
    return a.seconds == b.seconds && a.nanos == b.nanos;
  }
  friend constexpr bool operator<(const Timestamp& a, const Timestamp& b) {
    return a.seconds != b.seconds ? a.seconds < b.seconds : a.nanos < b.nanos;
  }
};

// A proleptic Gregorian date and a time of day.
struct CivilTime {
  int64_t year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;    // 1 to 31
  int hour = 0;
  int minute = 0;
  int second = 0;
};

// Days from 1970-01-01 to the given date; month in 1..12, day may lie outside its month (it is
// added as a number of days).
int64_t DaysFromCivil(int64_t year, int month, int day);

// Seconds since the epoch of a UTC civil time, and back.
int64_t UnixFromCivil(const CivilTime& civil);
CivilTime CivilFromUnix(int64_t seconds);

// "2020-01-01 00:00:00.5 +0000 UTC": what Go prints for a UTC time; no trailing zeros in the
// fraction.
std::string FormatGoTime(Timestamp t);

// "2020-01-01T00:00:00.5Z": RFC 3339 in UTC, no trailing zeros in the fraction.
std::string FormatRfc3339(Timestamp t);

// The system clock.
Timestamp Now();

}  // namespace otelpipe::timeparse
