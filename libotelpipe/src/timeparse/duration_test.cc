#include "otelpipe/timeparse/duration.h"

#include <catch2/catch.hpp>
#include <limits>
#include <string>

namespace otelpipe::timeparse {
namespace {

std::string Parsed(std::string_view text) {
  auto d = ParseGoDuration(text);
  return d.ok() ? std::to_string(*d) : std::string(d.status().message());
}

}  // namespace

TEST_CASE("durations are read as Go reads them", "[unit][timeparse]") {
  CHECK(Parsed("0") == "0");
  CHECK(Parsed("5s") == "5000000000");
  CHECK(Parsed("1h2m3.5s") == "3723500000000");
  CHECK(Parsed("-1.5h") == "-5400000000000");
  CHECK(Parsed("+.5ms") == "500000");
  CHECK(Parsed("5.s") == "5000000000");
  CHECK(Parsed("1us1ns") == "1001");
  CHECK(Parsed("1\xC2\xB5s") == "1000");
  CHECK(Parsed("1\xCE\xBCs") == "1000");
  CHECK(Parsed("9223372036854775807ns") == "9223372036854775807");
  CHECK(Parsed("-9223372036854775808ns") == "-9223372036854775808");
  CHECK(Parsed("0.100000000000000000000h") == "360000000000");
}

TEST_CASE("wrong durations are answered in Go's words", "[unit][timeparse]") {
  CHECK(Parsed("") == "time: invalid duration \"\"");
  CHECK(Parsed("x") == "time: invalid duration \"x\"");
  CHECK(Parsed("-") == "time: invalid duration \"-\"");
  CHECK(Parsed(".s") == "time: invalid duration \".s\"");
  CHECK(Parsed("5") == "time: missing unit in duration \"5\"");
  CHECK(Parsed("1h5") == "time: missing unit in duration \"1h5\"");
  CHECK(Parsed("5x") == "time: unknown unit \"x\" in duration \"5x\"");
  CHECK(Parsed("5 s") == "time: unknown unit \" s\" in duration \"5 s\"");
  CHECK(Parsed("5\xC3\xA9") == R"(time: unknown unit "\xc3\xa9" in duration "5\xc3\xa9")");
  CHECK(Parsed("9223372036854775808ns") == "time: invalid duration \"9223372036854775808ns\"");
  CHECK(Parsed("3000000h") == "time: invalid duration \"3000000h\"");
}

TEST_CASE("durations print as in Go", "[unit][timeparse]") {
  CHECK(FormatGoDuration(0) == "0s");
  CHECK(FormatGoDuration(1) == "1ns");
  CHECK(FormatGoDuration(1100) == "1.1\xC2\xB5s");
  CHECK(FormatGoDuration(2200000) == "2.2ms");
  CHECK(FormatGoDuration(1500000000) == "1.5s");
  CHECK(FormatGoDuration(3600000000000) == "1h0m0s");
  CHECK(FormatGoDuration(-245000000001) == "-4m5.000000001s");
  CHECK(FormatGoDuration(std::numeric_limits<int64_t>::min()) == "-2562047h47m16.854775808s");
}

}  // namespace otelpipe::timeparse
