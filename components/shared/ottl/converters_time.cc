// Converters of times and durations.
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/timeparse/duration.h"
#include "otelpipe/timeparse/time_layout.h"
#include "otelpipe/timeparse/timestamp.h"
#include "shared/ottl/functions.h"
#include "shared/ottl/go_time.h"

namespace otelpipe::ottl {
namespace {

using K = ArgKind;
using Result = absl::StatusOr<Getter>;

constexpr int64_t kMicro = 1000, kMilli = 1000 * kMicro, kSecond = 1000 * kMilli, kMinute = 60 * kSecond, kHour = 60 * kMinute;

Result Now(Args) {
  return Getter([](Item&, Arena&) -> absl::StatusOr<Value> { return TimeValue(absl::GetCurrentTimeNanos()); });
}

absl::StatusOr<Value> DurationOfText(std::string_view s, Arena&) {
  OTELPIPE_ASSIGN_OR_RETURN(int64_t nanos, timeparse::ParseGoDuration(s));
  return DurationValue(nanos);
}
Result Duration(Args a) {
  if (a[0].literal && a[0].literal->is_string()) {
    Arena none;
    // A literal that is none fails when it is evaluated, as in the reference.
    absl::StatusOr<Value> once = DurationOfText(a[0].text(), none);
    return Getter([once = std::move(once)](Item&, Arena&) { return once; });
  }
  return OfText(std::move(a[0].get), DurationOfText);
}

template <typename F>
Getter OfTime(Getter get, F f) {
  return Of(std::move(get), [f](const Value& v, Arena&) -> absl::StatusOr<Value> {
    absl::StatusOr<int64_t> nanos = NeedTime(v);
    if (!nanos.ok()) return nanos.status();
    return f(*nanos);
  });
}
template <typename F>
Getter OfDuration(Getter get, F f) {
  return Of(std::move(get), [f](const Value& v, Arena&) -> absl::StatusOr<Value> {
    absl::StatusOr<int64_t> nanos = NeedDuration(v);
    if (!nanos.ok()) return nanos.status();
    return f(*nanos);
  });
}
int64_t Floor(int64_t n, int64_t unit) { return n / unit - (n % unit < 0 ? 1 : 0); }

template <int64_t kUnit>
Result UnixIn(Args a) {
  return OfTime(std::move(a[0].get), [](int64_t n) { return Value::Int(Floor(n, kUnit)); });
}
template <int64_t kUnit>
Result WholeOf(Args a) {
  return OfDuration(std::move(a[0].get), [](int64_t n) { return Value::Int(n / kUnit); });
}
template <int64_t kUnit>
Result FloatOf(Args a) {
  // Whole and rest apart, as the reference adds them.
  return OfDuration(std::move(a[0].get), [](int64_t n) {
    return Value::Double(static_cast<double>(n / kUnit) + static_cast<double>(n % kUnit) / static_cast<double>(kUnit));
  });
}
// A field of the time in UTC.
template <int64_t (*kField)(const absl::CivilSecond&)>
Result Civil(Args a) {
  return OfTime(std::move(a[0].get),
                [](int64_t n) { return Value::Int(kField(absl::ToCivilSecond(absl::FromUnixNanos(n), absl::UTCTimeZone()))); });
}
int64_t Year(const absl::CivilSecond& t) { return t.year(); }
int64_t Month(const absl::CivilSecond& t) { return t.month(); }
int64_t Day(const absl::CivilSecond& t) { return t.day(); }
int64_t Hour(const absl::CivilSecond& t) { return t.hour(); }
int64_t Minute(const absl::CivilSecond& t) { return t.minute(); }
int64_t Second(const absl::CivilSecond& t) { return t.second(); }
// Sunday is 0, as in the reference.
int64_t Weekday(const absl::CivilSecond& t) { return (static_cast<int64_t>(absl::GetWeekday(t)) + 1) % 7; }
Result Nanosecond(Args a) {
  return OfTime(std::move(a[0].get), [](int64_t n) { return Value::Int(n - Floor(n, kSecond) * kSecond); });
}

Result Unix(Args a) {
  return Getter([seconds = std::move(a[0].get), nanos = std::move(a[1].get)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value v, seconds(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(int64_t s, NeedInt(v));
    int64_t n = 0;
    if (nanos) {
      OTELPIPE_ASSIGN_OR_RETURN(v, nanos(item, arena));
      OTELPIPE_ASSIGN_OR_RETURN(n, NeedInt(v));
    }
    return TimeValue(static_cast<int64_t>(static_cast<uint64_t>(s) * static_cast<uint64_t>(kSecond) + static_cast<uint64_t>(n)));
  });
}

Result TruncateTime(Args a) {
  return Getter([time = std::move(a[0].get), unit = std::move(a[1].get)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value v, time(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(int64_t nanos, NeedTime(v));
    OTELPIPE_ASSIGN_OR_RETURN(v, unit(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(int64_t by, NeedDuration(v));
    if (by <= 0) return TimeValue(nanos);
    // Counted from Go's zero time, the year 1.
    const auto since = static_cast<__int128>(nanos) + static_cast<__int128>(62135596800) * kSecond;
    return TimeValue(static_cast<int64_t>(nanos - static_cast<int64_t>(since % by)));
  });
}

Result Time(Args a) {
  const std::string_view format = a[1].text();
  if (format.empty()) return absl::InvalidArgumentError("format cannot be nil");
  if (a[3].present) return absl::UnimplementedError("the argument locale is not supported yet");
  timeparse::TimeLayout::Settings settings;
  settings.layout = std::string(format);
  if (a[2].present) settings.location = std::string(a[2].text());
  auto layout = timeparse::TimeLayout::Compile(settings);
  if (!layout.ok()) return layout.status();
  return OfText(std::move(a[0].get), [layout = *std::move(layout)](std::string_view s, Arena&) -> absl::StatusOr<Value> {
    if (s.empty()) return absl::InvalidArgumentError("time cannot be nil");
    OTELPIPE_ASSIGN_OR_RETURN(timeparse::Timestamp t, layout.Parse(s));
    return TimeValue(t.unix_nanos());
  });
}

Result FormatTime(Args a) {
  if (a[1].text().empty()) return absl::InvalidArgumentError("format cannot be nil");
  auto layout = timeparse::StrptimeToGoLayout(a[1].text());
  if (!layout.ok()) return layout.status();
  return Of(std::move(a[0].get), [layout = *std::move(layout)](const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(int64_t nanos, NeedTime(v));
    return Value::Str(arena.Copy(FormatGoLayout(layout, nanos)));
  });
}

}  // namespace

const std::vector<Function>& TimeConverters() {
  static const auto* const table = new std::vector<Function>{
      {"Now", {}, Now},
      {"Duration", {{"duration"}}, Duration},
      {"Time", {{"time"}, {"format", K::kText}, {"location", K::kText, true}, {"locale", K::kText, true}}, Time},
      {"FormatTime", {{"time"}, {"format", K::kText}}, FormatTime},
      {"TruncateTime", {{"time"}, {"duration"}}, TruncateTime},
      {"Unix", {{"seconds"}, {"nanoseconds", K::kAny, true}}, Unix},
      {"UnixNano", {{"time"}}, UnixIn<1>},
      {"UnixMicro", {{"time"}}, UnixIn<kMicro>},
      {"UnixMilli", {{"time"}}, UnixIn<kMilli>},
      {"UnixSeconds", {{"time"}}, UnixIn<kSecond>},
      {"Nanoseconds", {{"duration"}}, WholeOf<1>},
      {"Microseconds", {{"duration"}}, WholeOf<kMicro>},
      {"Milliseconds", {{"duration"}}, WholeOf<kMilli>},
      {"Seconds", {{"duration"}}, FloatOf<kSecond>},
      {"Minutes", {{"duration"}}, FloatOf<kMinute>},
      {"Hours", {{"duration"}}, FloatOf<kHour>},
      {"Year", {{"time"}}, Civil<Year>},
      {"Month", {{"time"}}, Civil<Month>},
      {"Day", {{"time"}}, Civil<Day>},
      {"Hour", {{"time"}}, Civil<Hour>},
      {"Minute", {{"time"}}, Civil<Minute>},
      {"Second", {{"time"}}, Civil<Second>},
      {"Nanosecond", {{"time"}}, Nanosecond},
      {"Weekday", {{"time"}}, Civil<Weekday>},
  };
  return *table;
}

}  // namespace otelpipe::ottl
