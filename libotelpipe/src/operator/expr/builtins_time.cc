// Times and durations: now, duration, date, and the methods of their values.
#include <cmath>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "operator/expr/builtins.h"
#include "operator/expr/values.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/timeparse/duration.h"
#include "otelpipe/timeparse/time_layout.h"

namespace otelpipe::expr {
namespace {

using Args = std::vector<Value>;
using timeparse::CivilTime;
using timeparse::Timestamp;

constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                   "July",    "August",   "September", "October", "November", "December"};
constexpr const char* kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

bool Now(Evaluation& e, const Node&, const Args&, Value& out) {
  out = MakeTime(timeparse::Now(), e.arena());
  return true;
}

bool Duration(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view text;
  if (!WantText(e, node, args[0], text)) return false;
  absl::StatusOr<int64_t> nanos = timeparse::ParseGoDuration(text);
  if (!nanos.ok()) return e.Fail(node, std::string(nanos.status().message()));
  out = MakeDuration(*nanos);
  return true;
}

absl::StatusOr<Timestamp> ParseDate(std::string_view text, std::string_view layout, std::string_view zone) {
  timeparse::TimeLayout::Settings settings;
  settings.layout_type = "gotime";
  settings.layout = std::string(layout);
  settings.location = zone.empty() ? "UTC" : std::string(zone);
  // A date without a year keeps year 0 here, only log timestamps are completed: as if it were the end of that year.
  settings.now = [] { return Timestamp{-62135683200, 0}; };
  auto compiled = timeparse::TimeLayout::Compile(settings);
  if (!compiled.ok()) return compiled.status();
  return compiled->Parse(text);
}

bool Date(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view text, layout, zone;
  if (!WantText(e, node, args[0], text)) return false;
  if (args.size() > 1 && !WantText(e, node, args[1], layout)) return false;
  if (args.size() > 2 && !WantText(e, node, args[2], zone)) return false;
  if (args.size() > 1) {
    absl::StatusOr<Timestamp> t = ParseDate(text, layout, zone);
    if (!t.ok()) {
      std::string_view message = S(t.status().message());
      constexpr std::string_view kPlace = "unknown time zone ";
      if (const size_t at = message.find(kPlace);
          at != std::string_view::npos && message.starts_with("invalid 'location'")) {
        message.remove_prefix(at);
      }
      return e.Fail(node, std::string(message));
    }
    out = MakeTime(*t, e.arena());
    return true;
  }
  for (const char* known : {"2006-01-02", "15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04:05Z07:00",
                            "02 Jan 06 15:04 MST", "Monday, 02-Jan-06 15:04:05 MST", "Mon, 02 Jan 2006 15:04:05 MST"}) {
    absl::StatusOr<Timestamp> t = ParseDate(text, known, zone);
    if (!t.ok()) continue;
    out = MakeTime(*t, e.arena());
    return true;
  }
  return e.Fail(node, absl::StrCat("invalid date ", A(text)));
}

int WeekdayOf(int64_t seconds) {
  const int64_t days = seconds >= 0 ? seconds / 86400 : -((-seconds + 86399) / 86400);
  return static_cast<int>(((days + 4) % 7 + 7) % 7);
}

// A time in UTC by a Go layout.
std::string FormatByLayout(Timestamp t, std::string_view layout) {
  const CivilTime c = timeparse::CivilFromUnix(t.seconds);
  std::string out;
  char buffer[32];
  auto number = [&](const char* format, int64_t v) {
    std::snprintf(buffer, sizeof buffer, format, static_cast<long long>(v));
    out += buffer;
  };
  const int hour12 = c.hour % 12 == 0 ? 12 : c.hour % 12;
  while (!layout.empty()) {
    auto take = [&](std::string_view element) {
      if (!layout.starts_with(element)) return false;
      layout.remove_prefix(element.size());
      return true;
    };
    if (take("January"))
      out += kMonths[c.month - 1];
    else if (take("Jan"))
      out += std::string_view(kMonths[c.month - 1]).substr(0, 3);
    else if (take("Monday"))
      out += kDays[WeekdayOf(t.seconds)];
    else if (take("Mon"))
      out += std::string_view(kDays[WeekdayOf(t.seconds)]).substr(0, 3);
    else if (take("MST"))
      out += "UTC";
    else if (take("2006"))
      number("%04lld", c.year);
    else if (take("002"))
      number("%03lld", timeparse::DaysFromCivil(c.year, c.month, c.day) - timeparse::DaysFromCivil(c.year, 1, 1) + 1);
    else if (take("01"))
      number("%02lld", c.month);
    else if (take("02"))
      number("%02lld", c.day);
    else if (take("03"))
      number("%02lld", hour12);
    else if (take("04"))
      number("%02lld", c.minute);
    else if (take("05"))
      number("%02lld", c.second);
    else if (take("06"))
      number("%02lld", ((c.year % 100) + 100) % 100);
    else if (take("15"))
      number("%02lld", c.hour);
    else if (take("1"))
      number("%lld", c.month);
    else if (take("_2"))
      number("%2lld", c.day);
    else if (take("2"))
      number("%lld", c.day);
    else if (take("3"))
      number("%lld", hour12);
    else if (take("4"))
      number("%lld", c.minute);
    else if (take("5"))
      number("%lld", c.second);
    else if (take("PM"))
      out += c.hour >= 12 ? "PM" : "AM";
    else if (take("pm"))
      out += c.hour >= 12 ? "pm" : "am";
    else if (take("Z07:00") || take("Z0700") || take("Z07"))
      out += 'Z';
    else if (take("-07:00"))
      out += "+00:00";
    else if (take("-0700"))
      out += "+0000";
    else if (take("-07"))
      out += "+00";
    else if ((layout[0] == '.' || layout[0] == ',') && layout.size() > 1 && (layout[1] == '0' || layout[1] == '9')) {
      size_t n = 1;
      while (n < layout.size() && layout[n] == layout[1]) ++n;
      std::snprintf(buffer, sizeof buffer, "%09d", t.nanos);
      std::string digits = std::string(buffer).substr(0, std::min<size_t>(n - 1, 9));
      if (layout[1] == '9') {
        while (!digits.empty() && digits.back() == '0') digits.pop_back();
      }
      if (!digits.empty()) out += layout[0] + digits;
      layout.remove_prefix(n);
    } else {
      out += layout[0];
      layout.remove_prefix(1);
    }
  }
  return out;
}

bool TimeMethod(Evaluation& e, const Node& node, Timestamp t, const Args& args, Value& out) {
  const std::string& m = node.name;
  const CivilTime c = timeparse::CivilFromUnix(t.seconds);
  auto integer = [&](int64_t v) { return out = Value::Int(v), true; };
  auto wide = [&](int64_t v) { return out = MakeTagged(Value::Int(v), kTagInt64), true; };
  auto named = [&](const char* text) { return out = MakeTagged(Value::Str(text), kTagRendered), true; };
  if (args.empty()) {
    if (m == "Year") return integer(c.year);
    if (m == "Month") return named(kMonths[c.month - 1]);
    if (m == "Day") return integer(c.day);
    if (m == "Hour") return integer(c.hour);
    if (m == "Minute") return integer(c.minute);
    if (m == "Second") return integer(c.second);
    if (m == "Nanosecond") return integer(t.nanos);
    if (m == "Weekday") return named(kDays[WeekdayOf(t.seconds)]);
    if (m == "YearDay") {
      return integer(timeparse::DaysFromCivil(c.year, c.month, c.day) - timeparse::DaysFromCivil(c.year, 1, 1) + 1);
    }
    if (m == "Unix") return wide(t.seconds);
    if (m == "UnixMilli") return wide(t.seconds * 1000 + t.nanos / 1000000);
    if (m == "UnixMicro") return wide(t.seconds * 1000000 + t.nanos / 1000);
    if (m == "UnixNano") return wide(t.unix_nanos());
    if (m == "IsZero") return out = Value::Bool(t.is_go_zero()), true;
    if (m == "UTC" || m == "Local") return out = MakeTime(t, e.arena()), true;
    if (m == "String") return out = e.NewText(timeparse::FormatGoTime(t)), true;
  }
  if (args.size() == 1) {
    if (m == "Format") {
      std::string_view layout;
      if (!WantText(e, node, args[0], layout)) return false;
      return out = e.NewText(FormatByLayout(t, layout)), true;
    }
    if (IsTime(args[0])) {
      const Timestamp other = TimeOf(args[0]);
      if (m == "After") return out = Value::Bool(other < t), true;
      if (m == "Before") return out = Value::Bool(t < other), true;
      if (m == "Equal") return out = Value::Bool(t == other), true;
      if (m == "Sub")
        return out = MakeDuration((t.seconds - other.seconds) * 1000000000 + (t.nanos - other.nanos)), true;
    }
    if (m == "Add" && IsDuration(args[0])) {
      return out = MakeTime(Timestamp::FromUnixNanos(t.unix_nanos() + args[0].integer()), e.arena()), true;
    }
    if (m == "Truncate" && IsDuration(args[0])) {
      const int64_t d = args[0].integer();
      const int64_t n = t.unix_nanos();
      return out = MakeTime(Timestamp::FromUnixNanos(d <= 0 ? n : n - ((n % d) + d) % d), e.arena()), true;
    }
  }
  return e.Fail(node, absl::StrCat("cannot fetch ", m, " from time.Time"));
}

bool DurationMethod(Evaluation& e, const Node& node, int64_t d, const Args& args, Value& out) {
  const std::string& m = node.name;
  if (args.empty()) {
    if (m == "Hours") return out = Value::Double(static_cast<double>(d) / 3.6e12), true;
    if (m == "Minutes") return out = Value::Double(static_cast<double>(d) / 6e10), true;
    if (m == "Seconds") return out = Value::Double(static_cast<double>(d) / 1e9), true;
    if (m == "Milliseconds") return out = MakeTagged(Value::Int(d / 1000000), kTagInt64), true;
    if (m == "Microseconds") return out = MakeTagged(Value::Int(d / 1000), kTagInt64), true;
    if (m == "Nanoseconds") return out = MakeTagged(Value::Int(d), kTagInt64), true;
    if (m == "String") return out = e.NewText(timeparse::FormatGoDuration(d)), true;
    if (m == "Abs") return out = MakeDuration(d < 0 ? -d : d), true;
  }
  return e.Fail(node, absl::StrCat("cannot fetch ", m, " from time.Duration"));
}

}  // namespace

bool CallMethod(Evaluation& e, const Node& node, const Value& object, const Args& args, Value& out) {
  if (IsTime(object)) return TimeMethod(e, node, TimeOf(object), args, out);
  if (IsDuration(object)) return DurationMethod(e, node, object.integer(), args, out);
  if (IsNil(object)) return e.Fail(node, absl::StrCat("cannot fetch ", node.name, " from <nil>"));
  return e.Fail(node, absl::StrCat("cannot fetch ", node.name, " from ", A(ExprTypeName(object))));
}

std::vector<Builtin> TimeBuiltins() {
  return {{"now", 0, 0, StaticType::kTime, Now},
          {"duration", 1, 1, StaticType::kDuration, Duration},
          {"date", 1, 3, StaticType::kTime, Date}};
}

}  // namespace otelpipe::expr
