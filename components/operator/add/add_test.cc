#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using otelpipe::testing::OperatorHarness;

TEST_CASE("add sets fixed values of every kind", "[operator][add]") {
  OperatorHarness h(
      "- {type: add, field: attributes.s, value: text}\n"
      "- {type: add, field: attributes.i, value: 42}\n"
      "- {type: add, field: attributes.f, value: 1.5}\n"
      "- {type: add, field: attributes.b, value: true}\n"
      "- {type: add, field: attributes.list, value: [1, two, [x]]}\n"
      "- {type: add, field: attributes.map, value: {a: 1, b: {c: d}}}\n"
      "- {type: add, field: resource.cluster, value: minikube}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("x") == "");
  auto out = h.Take();
  CHECK(out[0].attributes == R"({"b":true,"f":1.5,"i":42,"list":[1,"two",["x"]],"map":{"a":1,"b":{"c":"d"}},"s":"text"})");
  CHECK(out[0].resource == R"({"cluster":"minikube"})");
}

TEST_CASE("fixed maps are not shared by entries", "[operator][add]") {
  OperatorHarness h(
      "- {type: add, field: attributes.m, value: {n: {a: 1}}}\n"
      "- {type: add, field: attributes.m.n.b, value: 2, if: 'body == \"first\"'}");
  CHECK(h.Process("first") == "");
  CHECK(h.Process("second") == "");
  auto out = h.Take();
  CHECK(out[0].attributes == R"({"m":{"n":{"a":1,"b":2}}})");
  CHECK(out[1].attributes == R"({"m":{"n":{"a":1}}})");
}

TEST_CASE("a text that is EXPR as a whole is evaluated", "[operator][add]") {
  OperatorHarness h(
      "- {type: add, field: attributes.len, value: 'EXPR(len(body))'}\n"
      "- {type: add, field: attributes.lit, value: ' EXPR(1)'}\n"
      "- {type: add, field: attributes.self, value: 'EXPR(attributes)'}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("four") == "");
  CHECK(h.Take()[0].attributes == R"x({"len":4,"lit":" EXPR(1)","self":{"len":4,"lit":" EXPR(1)"}})x");
}

TEST_CASE("add without a value fails per entry, without a field when built", "[operator][add]") {
  OperatorHarness h("- {type: add, field: attributes.a}");
  CHECK(h.Process("x") == "add: missing required field 'value'");
  CHECK(h.Bodies() == std::vector<std::string>{"x"});
  CHECK(OperatorHarness("- {type: add, value: 1}").error() == "add: missing required field 'field'");
}
