#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

TEST_CASE("time_parser sets the time from a field", "[operator][time_parser]") {
  OperatorHarness h("- {type: time_parser, parse_from: attributes.t, layout: '%Y-%m-%dT%H:%M:%S.%LZ'}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("x", {{"t", "2024-04-02T08:20:01.000000001Z"}}) == "");
  CHECK(h.Process("x") ==
        "log entry does not have the expected parse_from field: {\"parse_from\":\"attributes.t\"}");
  CHECK(h.ProcessEntry([](Entry& e) {
    e.attributes.Set(*e.arena, "t", Value::Bool(true));
  }) == "type bool cannot be parsed as a time");
  auto out = h.Take();
  CHECK(out[0].time == 1712046001000000001u);
  CHECK(out[1].time == 0);
}

TEST_CASE("time_parser reads epochs from numbers", "[operator][time_parser]") {
  OperatorHarness h("- {type: time_parser, parse_from: body, layout_type: epoch, layout: ms}");
  CHECK(h.ProcessEntry([](Entry& e) { e.body = Value::Int(1136214245123); }) == "");
  CHECK(h.ProcessEntry([](Entry& e) { e.body = Value::Double(1136214245123.0); }) == "");
  CHECK(h.Process("1136214245123") == "");
  for (const auto& r : h.Take()) CHECK(r.time == 1136214245123000000u);
}

TEST_CASE("time_parser refuses what it cannot use", "[operator][time_parser]") {
  CHECK(OperatorHarness("- {type: time_parser, layout: '%Y'}").error() == "missing required parameter 'parse_from'");
  CHECK(OperatorHarness("- {type: time_parser, parse_from: body}").error() ==
        "missing required configuration parameter `layout`");
  CHECK(OperatorHarness("- {type: time_parser, parse_from: body, layout: x, layout_type: lunar}").error() ==
        "unsupported layout_type lunar");
}
