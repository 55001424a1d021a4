#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

TEST_CASE("scope_name_parser names the scope, records are grouped by it", "[operator][scope_name_parser]") {
  OperatorHarness h("- {type: scope_name_parser, parse_from: attributes.s}");
  for (const char* s : {"a", "b", "a"}) CHECK(h.Process(s, {{"s", s}}) == "");
  auto out = h.Take();
  REQUIRE(out.size() == 3);
  CHECK(out[0].scope == "a");
  CHECK(out[1].scope == "a");
  CHECK(out[2].scope == "b");
}

TEST_CASE("a scope name must be a text that is there", "[operator][scope_name_parser]") {
  OperatorHarness h("- {type: scope_name_parser, parse_from: body.s}");
  CHECK(h.Process("x") == "log entry does not have the expected parse_from field: {\"parse_from\":\"body.s\"}");
  CHECK(h.ProcessEntry([](Entry& e) {
    auto* map = e.arena->New<Map>();
    map->Set(*e.arena, "s", Value::Int(5));
    e.body = Value::OfMap(map);
  }) == "parse_from field does not contain a string: {\"parse_from\":\"body.s\"}");
  CHECK(OperatorHarness("- {type: scope_name_parser}").error() == "missing required field 'parse_from'");
}
