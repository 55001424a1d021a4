#include "otelpipe/timeparse/time_layout.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

namespace otelpipe::timeparse {
namespace {

TimeLayout::Settings Layout(std::string type, std::string layout, std::string location = "UTC") {
  TimeLayout::Settings settings;
  settings.layout_type = std::move(type);
  settings.layout = std::move(layout);
  settings.location = std::move(location);
  settings.local = absl::UTCTimeZone();
  return settings;
}

std::string CompileError(const TimeLayout::Settings& settings) {
  auto layout = TimeLayout::Compile(settings);
  return layout.ok() ? "compiled" : std::string(layout.status().message());
}

TimeLayout Compiled(const TimeLayout::Settings& settings) {
  auto layout = TimeLayout::Compile(settings);
  INFO(layout.status().ToString());
  REQUIRE(layout.ok());
  return *layout;
}

std::string Text(const absl::StatusOr<Timestamp>& t) {
  return t.ok() ? FormatRfc3339(*t) : std::string(t.status().message());
}

std::string Parsed(const TimeLayout::Settings& settings, std::string_view value) {
  return Text(Compiled(settings).Parse(value));
}

std::string Strptime(std::string layout, std::string_view value, std::string location = "UTC") {
  return Parsed(Layout("strptime", std::move(layout), std::move(location)), value);
}

std::string Gotime(std::string layout, std::string_view value, std::string location = "UTC") {
  return Parsed(Layout("gotime", std::move(layout), std::move(location)), value);
}

std::string Epoch(std::string layout, std::string_view value) {
  return Parsed(Layout("epoch", std::move(layout)), value);
}

// A clock at noon of 2024-03-05.
TimeLayout::Settings WithClock(TimeLayout::Settings settings, Timestamp now = {1709640000, 0}) {
  settings.now = [now] { return now; };
  return settings;
}

}  // namespace

TEST_CASE("wrong layouts are refused in the reference's words", "[unit][timeparse]") {
  CHECK(CompileError(Layout("strptime", "")) ==
        "missing required configuration parameter `layout`");
  CHECK(CompileError(Layout("foo", "x")) == "unsupported layout_type foo");
  CHECK(CompileError(Layout("native", "")) == "compiled");
  CHECK(CompileError(Layout("epoch", "s", "Foo/Bar")) == "compiled");
  CHECK(CompileError(Layout("epoch", "m")) == "invalid `layout` for `epoch` type");
  CHECK(CompileError(Layout("strptime", "%Y", "Foo/Bar")) ==
        "invalid 'location': failed to load location Foo/Bar: unknown time zone Foo/Bar");
  CHECK(CompileError(Layout("strptime", "%Y", "../x")) ==
        "invalid 'location': failed to load location ../x: time: invalid location name");
  CHECK(CompileError(Layout("strptime", "2006")) ==
        "invalid strptime layout: format string should not contain decimals");
  CHECK(CompileError(Layout("strptime", "%H:%L")) ==
        "invalid strptime layout: invalid fractional seconds directive: ':%L'. must be preceded "
        "with '.' or ','");
  CHECK(CompileError(Layout("strptime", "%%L")) ==
        "invalid strptime layout: invalid fractional seconds directive: '%%L'. must be preceded "
        "with '.' or ','");
  CHECK(CompileError(Layout("strptime", "%Q %Y %E")) ==
        "invalid strptime layout: invalid strptime format: [unsupported ctimefmt.ToNative() "
        "directive: %Q unsupported ctimefmt.ToNative() directive: %E]");
  CHECK(CompileError(Layout("gotime", "15:04:05T999")) ==
        "invalid gotime layout: invalid fractional seconds directive: 'T999'. must be preceded "
        "with '.' or ','");
  CHECK(CompileError(Layout("gotime", "05.999,99")) == "compiled");
}

TEST_CASE("each strptime directive has its Go element", "[unit][timeparse]") {
  const std::pair<std::string, std::string> table[] = {
      {"%Y-%m-%dT%H:%M:%S.%LZ", "2006-01-02T15:04:05.999Z"},
      {"%y %q %g %e %o", "06 1 2 _2 _1"},
      {"%b %h %B %a %A", "Jan Jan January Mon Monday"},
      {"%I %l %p %P", "03 3 PM pm"},
      {".%f,%s", ".999999,999999999"},
      {"%Z %z %w %i %j %k", "MST Z0700 -070000 -07 -07:00 -07:00:00"},
      {"%D %x %F %T %X %R", "01/02/2006 01/02/2006 2006-01-02 15:04:05 15:04:05 15:04"},
      {"%r", "03:04:05 pm"},
      {"%c", "Mon Jan 02 15:04:05 2006"},
      {"%n%t%%", "\n\t%"},
      {"%Y%", "2006%"},
      {"%L", "999"},
  };
  for (const auto& [layout, go] : table) {
    CAPTURE(layout);
    CHECK(Compiled(Layout("", layout)).go_layout() == go);
  }
}

TEST_CASE("date-times are read", "[unit][timeparse]") {
  const std::string iso = "%Y-%m-%dT%H:%M:%S.%LZ";
  CHECK(Strptime(iso, "2024-03-05T06:07:08.123Z") == "2024-03-05T06:07:08.123Z");
  CHECK(Strptime(iso, "2024-03-05T06:07:08.1Z") == "2024-03-05T06:07:08.1Z");
  CHECK(Strptime(iso, "2024-03-05T06:07:08Z") == "2024-03-05T06:07:08Z");
  CHECK(Strptime(iso, "2024-03-05T06:07:08,1234567899Z") == "2024-03-05T06:07:08.123456789Z");
  CHECK(Strptime(iso, "2024-03-05T6:07:08Z") == "2024-03-05T06:07:08Z");
  CHECK(Strptime("%Y-%m-%d %H:%M:%S", "2024-03-05 06:07:08.5") == "2024-03-05T06:07:08.5Z");
  CHECK(Strptime("%e %b %Y", " 5 Mar 2024") == "2024-03-05T00:00:00Z");
  CHECK(Strptime("%e %b %Y", "15 mAR 2024") == "2024-03-15T00:00:00Z");
  CHECK(Strptime("%q/%g/%Y", "3/5/2024") == "2024-03-05T00:00:00Z");
  CHECK(Strptime("%o %Y", "_3 2024") == "2024-03-01T00:00:00Z");
  CHECK(Strptime("Jan %Y", "Oct 2024") == "2024-10-01T00:00:00Z");
  CHECK(Strptime("%Y %H", "2024   06") == "2024-01-01T06:00:00Z");
  CHECK(Strptime("%y", "69") == "1969-01-01T00:00:00Z");
  CHECK(Strptime("%y", "68") == "2068-01-01T00:00:00Z");
  CHECK(Strptime("%F %r", "2024-03-05 12:07:08 am") == "2024-03-05T00:07:08Z");
  CHECK(Strptime("%F %I %p", "2024-03-05 01 PM") == "2024-03-05T13:00:00Z");
  CHECK(Gotime("2006-002", "2024-065") == "2024-03-05T00:00:00Z");
  CHECK(Gotime("2006 __2", "2024  60") == "2024-02-29T00:00:00Z");
  CHECK(Gotime("20060102150405", "20240305060708") == "2024-03-05T06:07:08Z");
  CHECK(Gotime("02.01.2006 15:04:05.000000", "05.03.2024 06:07:08.123456") ==
        "2024-03-05T06:07:08.123456Z");
  CHECK(Gotime("2006-01-02T15:04:05Z07:00", "2000-02-29T23:59:59Z") == "2000-02-29T23:59:59Z");
}

TEST_CASE("bad values are answered in Go's words", "[unit][timeparse]") {
  const std::string iso = "%Y-%m-%dT%H:%M:%S.%LZ";
  const std::string as = " as \"2006-01-02T15:04:05.999Z\": cannot parse ";
  CHECK(Strptime(iso, "2022-1-2T14:24:56Z") ==
        "parsing time \"2022-1-2T14:24:56Z\"" + as + "\"1-2T14:24:56Z\" as \"01\"");
  CHECK(Strptime(iso, "2022-02-30T14:24:56Z") ==
        "parsing time \"2022-02-30T14:24:56Z\": day out of range");
  CHECK(Strptime(iso, "2023-02-29T14:24:56Z") ==
        "parsing time \"2023-02-29T14:24:56Z\": day out of range");
  CHECK(Strptime(iso, "2022-13-30T14:24:56Z") ==
        "parsing time \"2022-13-30T14:24:56Z\": month out of range");
  CHECK(Strptime(iso, "2022-12-30T24:24:56Z") ==
        "parsing time \"2022-12-30T24:24:56Z\": hour out of range");
  CHECK(Strptime(iso, "2022-12-30T14:60:56Z") ==
        "parsing time \"2022-12-30T14:60:56Z\": minute out of range");
  CHECK(Strptime(iso, "2022-12-30T14:24:60Z") ==
        "parsing time \"2022-12-30T14:24:60Z\": second out of range");
  CHECK(Strptime(iso, "2022-12-30T14:24:59Z x") ==
        "parsing time \"2022-12-30T14:24:59Z x\": extra text: \" x\"");
  CHECK(Strptime(iso, "2022-12-30T14:24:59") ==
        "parsing time \"2022-12-30T14:24:59\"" + as + "\"\" as \"Z\"");
  CHECK(Strptime("%Y", "a\n\xC3\xA9\"") ==
        R"(parsing time "a\x0a\xc3\xa9\"" as "2006": cannot parse "a\x0a\xc3\xa9\"" as "2006")");
  CHECK(Strptime("%Y %z", "2024 +2500") ==
        "parsing time \"2024 +2500\": time zone offset hour out of range");
  CHECK(Gotime("2006-002", "2023-366") ==
        "parsing time \"2023-366\": day-of-year out of range");
  CHECK(Gotime("15:04:05.000", "01:02:03.12") ==
        R"(parsing time "01:02:03.12" as "15:04:05.000": cannot parse ".12" as ".000")");
  CHECK(Strptime("%Y\t%m", "2024 03") ==
        R"(parsing time "2024 03" as "2006\x0901": cannot parse " 03" as "\x09")");
}

TEST_CASE("zones: offsets, abbreviations, gaps and overlaps", "[unit][timeparse]") {
  const std::string local = "%Y-%m-%d %H:%M:%S";
  CHECK(Strptime(local, "2024-01-05 06:07:08", "America/New_York") == "2024-01-05T11:07:08Z");
  CHECK(Strptime(local, "2022-03-13 02:30:00", "America/New_York") == "2022-03-13T06:30:00Z");
  CHECK(Strptime(local, "2022-11-06 01:30:00", "America/New_York") == "2022-11-06T05:30:00Z");
  CHECK(Strptime(local + " %z", "2024-01-05 06:07:08 +0100", "America/New_York") ==
        "2024-01-05T05:07:08Z");
  CHECK(Strptime(local + " %k", "2024-01-05 06:07:08 -00:00:08") == "2024-01-05T06:07:16Z");
  const std::string named = local + " %Z";
  CHECK(Strptime(named, "2024-03-05 06:07:08 UTC") == "2024-03-05T06:07:08Z");
  CHECK(Strptime(named, "2024-03-05 06:07:08 GMT") == "2024-03-05T06:07:08Z");
  CHECK(Strptime(named, "2024-03-05 06:07:08 EST") == "2024-03-05T11:07:08Z");
  CHECK(Strptime(named, "2024-03-05 06:07:08 CET") == "2024-03-05T05:07:08Z");
  CHECK(Strptime(named, "2024-03-05 06:07:08 GMT+3") == "2024-03-05T06:07:08Z");
  CHECK(Strptime(named, "2024-07-05 06:07:08 EDT", "America/New_York") == "2024-07-05T10:07:08Z");
  CHECK(Strptime(named, "2024-07-05 06:07:08 IST", "Europe/Dublin") == "2024-07-05T05:07:08Z");
  CHECK(Strptime(named, "2024-03-05 06:07:08 PST") ==
        "failed to load location PST: unknown time zone PST");
  CHECK(Strptime(named, "2024-03-05 06:07:08 +03") ==
        "failed to load location +03: unknown time zone +03");
  CHECK(Strptime(local, "2024-07-05 06:07:08", "Atlantic/Azores") ==
        "failed to load location +00: unknown time zone +00");

  // Without a location: UTC if the layout ends in Z, the host's zone otherwise.
  TimeLayout::Settings settings = Layout("strptime", local + "Z", "");
  REQUIRE(absl::LoadTimeZone("Europe/Berlin", &settings.local));
  CHECK(Parsed(settings, "2024-01-05 06:07:08Z") == "2024-01-05T06:07:08Z");
  settings.layout = local;
  CHECK(Parsed(settings, "2024-01-05 06:07:08") == "2024-01-05T05:07:08Z");
  settings.location = "Local";
  CHECK(Parsed(settings, "2024-01-05 06:07:08") == "2024-01-05T05:07:08Z");
}

TEST_CASE("a missing year becomes this year or the last", "[unit][timeparse]") {
  const auto at = [](std::string_view value) {
    return Parsed(WithClock(Layout("strptime", "%b %e %H:%M:%S")), value);
  };
  CHECK(at("Mar  5 00:00:00") == "2024-03-05T00:00:00Z");
  CHECK(at("Mar 12 12:00:00") == "2024-03-12T12:00:00Z");
  CHECK(at("Mar 12 12:00:01") == "2023-03-12T12:00:01Z");
  CHECK(at("Dec 31 23:59:59") == "2023-12-31T23:59:59Z");
  // Feb 29 of the year 0 is a day; in 2023 it is Mar 1.
  CHECK(Parsed(WithClock(Layout("strptime", "%b %e"), {1677672000, 0}), "Feb 29") ==
        "2023-03-01T00:00:00Z");
  CHECK(Parsed(WithClock(Layout("strptime", "%H:%M:%S")), "01:02:03") == "2024-01-01T01:02:03Z");
  CHECK(Parsed(WithClock(Layout("strptime", "%Y-%m-%d")), "0000-02-03") ==
        "2024-02-03T00:00:00Z");
  CHECK(Parsed(WithClock(Layout("strptime", "%b %e", "Europe/Berlin")), "Jan 2") ==
        "2024-01-01T23:00:00Z");
  const Timestamp year_zero{DaysFromCivil(0, 3, 1) * 86400, 0};
  CHECK(CompleteYear(year_zero, absl::UTCTimeZone(), {1709640000, 0}, absl::UTCTimeZone()) ==
        Timestamp{1709251200, 0});
}

TEST_CASE("epoch layouts by kind of value", "[unit][timeparse]") {
  CHECK(Epoch("s", "1709618828") == "2024-03-05T06:07:08Z");
  CHECK(Epoch("s", "-5") == "1969-12-31T23:59:55Z");
  CHECK(Epoch("s", "+0") == "1970-01-01T00:00:00Z");
  CHECK(Epoch("ms", "1709618828123") == "2024-03-05T06:07:08.123Z");
  CHECK(Epoch("us", "1709618828123456") == "2024-03-05T06:07:08.123456Z");
  CHECK(Epoch("ns", "1709618828123456789") == "2024-03-05T06:07:08.123456789Z");
  CHECK(Epoch("s.ms", "12.5") == "1970-01-01T00:00:12.005Z");
  CHECK(Epoch("s.ms", "0.1234") == "1970-01-01T00:00:01.234Z");
  CHECK(Epoch("s.ms", "-5.5") == "1969-12-31T23:59:55.005Z");
  CHECK(Epoch("s.us", "1709618828.123456") == "2024-03-05T06:07:08.123456Z");
  CHECK(Epoch("s.ns", "1.-1") == "1970-01-01T00:00:00.999999999Z");
  for (const std::string bad : {"1136214245.9", "abc", "", " 1", "1_0", "99999999999999999999"}) {
    CHECK(Epoch("s", bad) == "invalid value '" + bad + "' for layout 's'");
  }
  CHECK(Epoch("s.ms", "5") == "invalid value '5' for layout 's.ms'");
  CHECK(Epoch("s.ms", "1.2.3") == "invalid value '1.2.3' for layout 's.ms'");

  const TimeLayout seconds = Compiled(Layout("epoch", "s"));
  CHECK(Text(seconds.ParseInt(1709618828)) == "2024-03-05T06:07:08Z");
  CHECK(Text(seconds.ParseDouble(1709618828.75)) == "2024-03-05T06:07:08Z");
  CHECK(Text(seconds.ParseDouble(-1.9)) == "1969-12-31T23:59:59Z");
  const TimeLayout dotted = Compiled(Layout("epoch", "s.ms"));
  CHECK(Text(dotted.ParseInt(12)) == "1970-01-01T00:00:12Z");
  CHECK(Text(dotted.ParseDouble(1709618828.123)) == "2024-03-05T06:07:08.123Z");
  CHECK(Text(dotted.ParseDouble(5.5)) == "invalid value '     5.500' for layout 's.ms'");
  CHECK(Text(Compiled(Layout("epoch", "s.ns")).ParseDouble(1709618828.123456789)) ==
        "2024-03-05T06:07:08.123456717Z");
  CHECK(Text(Compiled(Layout("epoch", "ns")).ParseDouble(1709618828123456789.0)) ==
        "2024-03-05T06:07:08.123456768Z");
  CHECK(Text(Compiled(Layout("gotime", "2006")).ParseInt(5, "int")) ==
        "type int cannot be parsed as a time");
  CHECK(Parsed(Layout("native", ""), "x") ==
        "native time.Time field required, but found x of type string");
}

TEST_CASE("times print as in Go and wrap as in OTLP", "[unit][timeparse]") {
  CHECK(FormatGoTime({1577836800, 0}) == "2020-01-01 00:00:00 +0000 UTC");
  CHECK(FormatGoTime({1577836800, 120000000}) == "2020-01-01 00:00:00.12 +0000 UTC");
  CHECK(FormatGoTime(Timestamp::GoZero()) == "0001-01-01 00:00:00 +0000 UTC");
  CHECK(FormatRfc3339({-1, 999999999}) == "1969-12-31T23:59:59.999999999Z");
  CHECK(static_cast<uint64_t>(Timestamp{-1, 0}.unix_nanos()) == 18446744072709551616u);
  CHECK(Timestamp::FromUnixNanos(-1) == Timestamp{-1, 999999999});
  CHECK(Timestamp::FromUnixNanos(1709618828123456789).unix_nanos() == 1709618828123456789);
  for (int64_t day = -1000000; day < 1000000; day += 97) {
    const CivilTime civil = CivilFromUnix(day * 86400);
    REQUIRE(DaysFromCivil(civil.year, civil.month, civil.day) == day);
  }
}

}  // namespace otelpipe::timeparse
