#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using otelpipe::testing::OperatorHarness;

TEST_CASE("noop passes entries on whatever its condition says", "[operator][noop]") {
  OperatorHarness h("- {type: noop, if: 'body == \"other\"'}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("x") == "");
  CHECK(h.Bodies() == std::vector<std::string>{"x"});
}

TEST_CASE("noop still checks its condition when built", "[operator][noop]") {
  OperatorHarness h("- {type: noop, if: '1 + 1', on_error: explode}");
  CHECK(h.errors() == std::vector<std::string>{
                          "operator config has an invalid `on_error` field.: {\"on_error\":\"explode\"}",
                          "failed to compile expression '1 + 1': expected bool, but got int"});
}

TEST_CASE("several outputs get copies of their own", "[operator][noop]") {
  OperatorHarness h("- {type: noop, output: [p, q]}\n- {type: noop, id: p, output: e}\n- {type: noop, id: q, output: e}\n"
                    "- {type: noop, id: e}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("x", {{"a", "1"}}) == "");
  auto out = h.Take();
  REQUIRE(out.size() == 2);
  CHECK(out[0].attributes == R"({"a":"1"})");
  CHECK(out[1].attributes == R"({"a":"1"})");
}
