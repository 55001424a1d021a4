#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using otelpipe::testing::OperatorHarness;

TEST_CASE("filter drops what matches", "[operator][filter]") {
  OperatorHarness h("- {type: filter, expr: 'body == \"a\"'}");
  REQUIRE(h.error() == "");
  for (const char* line : {"a", "b", "a", "c"}) CHECK(h.Process(line) == "");
  CHECK(h.Bodies() == std::vector<std::string>{"b", "c"});
}

TEST_CASE("filter drops a part", "[operator][filter]") {
  OperatorHarness none("- {type: filter, expr: 'true', drop_ratio: 0.0009}");
  for (int i = 0; i < 1000; ++i) CHECK(none.Process("x") == "");
  CHECK(none.Bodies().size() == 1000);
  OperatorHarness half("- {type: filter, expr: 'true', drop_ratio: 0.5}");
  for (int i = 0; i < 4000; ++i) CHECK(half.Process("x") == "");
  size_t kept = half.Bodies().size();
  CHECK(kept > 1700);
  CHECK(kept < 2300);
}

TEST_CASE("an expression that fails drops the entry and says so", "[operator][filter]") {
  OperatorHarness h("- {type: filter, expr: 'attributes.n > 3'}");
  CHECK(h.Process("x", {{"n", "no number"}}) == "");
  CHECK(h.Bodies().empty());
  REQUIRE(h.log().size() == 1);
  CHECK(h.log()[0].find("Running expressing returned an error") == 0);
}

TEST_CASE("filter refuses wrong settings", "[operator][filter]") {
  CHECK(OperatorHarness("- {type: filter}").error() == "failed to compile expression '': unexpected token EOF");
  CHECK(OperatorHarness("- {type: filter, expr: 'true', drop_ratio: 2}").error() ==
        "drop_ratio must be a number between 0 and 1");
}
