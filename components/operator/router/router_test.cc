#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using otelpipe::Entry;
using otelpipe::OperatorContext;
using otelpipe::testing::OperatorHarness;

TEST_CASE("the first route that matches gets the entry, the default the rest", "[operator][router]") {
  OperatorHarness h(R"(
  - type: router
    routes:
      - {expr: 'body == "a"', output: tail, attributes: {route: 'one-EXPR(body)'}}
      - {expr: 'body matches "^[ab]"', output: tail, attributes: {route: two}}
      - {expr: 'body == "swallow"'}
    default: tail
  - {type: tail}
)");
  REQUIRE(h.error() == "");
  for (const char* line : {"a", "b", "c", "swallow"}) CHECK(h.Process(line) == "");
  auto out = h.Take();
  REQUIRE(out.size() == 3);
  CHECK(out[0].attributes == R"({"route":"one-a","tail":true})");
  CHECK(out[1].attributes == R"({"route":"two","tail":true})");
  CHECK(out[2].attributes == R"({"tail":true})");
}

TEST_CASE("what no route takes is dropped", "[operator][router]") {
  OperatorHarness h("- {type: router, routes: [{expr: 'body == \"a\"', output: tail}]}\n- {type: tail}");
  CHECK(h.Process("a") == "");
  CHECK(h.Process("b") == "");
  CHECK(h.Bodies() == std::vector<std::string>{"a"});
}

TEST_CASE("a route whose expression fails is passed over", "[operator][router]") {
  OperatorHarness h(
      "- {type: router, routes: [{expr: 'attributes.x > 1', output: tail, attributes: {r: bad}}, {expr: 'attributes.y', output: "
      "tail, attributes: {r: notbool}}], default: tail}\n- {type: tail}");
  CHECK(h.Process("a") == "");
  CHECK(h.Take()[0].attributes == R"({"tail":true})");
  CHECK(h.log().size() == 2);
  CHECK(h.log()[0].find("Running expression returned an error") == 0);
}

TEST_CASE("all outputs of a route see the changes of those before", "[operator][router]") {
  OperatorHarness h(
      "- {type: router, routes: [{expr: 'true', output: [a, b]}]}\n"
      "- {type: tail, id: a, key: a, output: batching_log_emitter}\n- {type: tail, id: b, key: b}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("x", {{"k", "v"}}) == "");
  auto out = h.Take();
  REQUIRE(out.size() == 2);
  CHECK(out[0].attributes == R"({"a":true,"k":"v"})");
  CHECK(out[1].attributes == R"({"a":true,"b":true,"k":"v"})");
}

TEST_CASE("an attribute that is no text loses the entry", "[operator][router]") {
  OperatorHarness h(
      "- {type: router, routes: [{expr: 'true', output: tail, attributes: {a: 'EXPR(1)'}}]}\n- {type: tail}");
  CHECK(h.Process("x").find("embedded expression returned non-string 1") != std::string::npos);
  CHECK(h.Bodies().empty());
}

TEST_CASE("mistakes of all routes are told with their places", "[operator][router]") {
  OperatorHarness h(
      "- type: router\n  routes:\n  - {expr: 'body ==', output: tail}\n  - expr: 'true'\n    output: nope\n- {type: tail}");
  REQUIRE(h.errors().size() == 1);
  CHECK(h.error().find("failed to compile expression 'body ==': unexpected token EOF (1:7)") == 0);
  CHECK(h.places() == std::vector<std::string>{"operators::0::routes::0::expr:4"});
  OperatorHarness unknown("- {type: router, routes: [{expr: 'true', output: nope}]}\n- {type: tail}");
  CHECK(unknown.error() == "failed to set outputs on route: operator nope does not exist: {\"operator_id\":\"router\"}");
  OperatorHarness input("- {type: router, routes: [{expr: 'true', output: file_input}]}\n- {type: tail}");
  CHECK(input.error() ==
        "operators cannot be connected, because the output operator can not process logs: "
        "{\"input_operator\":\"router\",\"output_operator\":\"file_input\"}");
  OperatorHarness self("- {type: router, id: r, routes: [{expr: 'true', output: r}]}\n- {type: tail}");
  CHECK(self.error() == "pipeline has a circular dependency: {\"cycles\":\"(r -\\u003e r)\"}");
}
