#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using otelpipe::testing::OperatorHarness;

TEST_CASE("retain keeps the listed fields and untouched roots", "[operator][retain]") {
  OperatorHarness h("- {type: retain, fields: [attributes.a, attributes.none]}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("x", {{"a", "1"}, {"b", "2"}}) == "");
  auto out = h.Take();
  CHECK(out[0].attributes == R"({"a":"1"})");
  CHECK(out[0].body == "x");
}

TEST_CASE("a root of which nothing is left is empty", "[operator][retain]") {
  OperatorHarness h("- {type: retain, fields: [body.zz]}");
  CHECK(h.Process("x", {{"a", "1"}}) == "");
  auto out = h.Take();
  CHECK(out[0].body_value.is_empty());
  CHECK(out[0].attributes == R"({"a":"1"})");
}

TEST_CASE("retain needs fields in a list", "[operator][retain]") {
  CHECK(OperatorHarness("- {type: retain}").error() == "retain: 'fields' is empty");
  CHECK(OperatorHarness("- {type: retain, fields: body.a}").error() ==
        "'operators[0]' unmarshal to retain: 'fields' source data must be an array or slice, got string");
}
