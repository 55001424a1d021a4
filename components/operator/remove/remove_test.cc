#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using otelpipe::testing::OperatorHarness;

TEST_CASE("remove deletes one field or a whole root", "[operator][remove]") {
  OperatorHarness one("- {type: remove, field: attributes.a}");
  CHECK(one.Process("x", {{"a", "1"}, {"b", "2"}}) == "");
  CHECK(one.Take()[0].attributes == R"({"b":"2"})");
  OperatorHarness all("- {type: remove, field: attributes}\n- {type: remove, field: body}\n- {type: remove, field: resource}");
  CHECK(all.Process("x", {{"a", "1"}}) == "");
  auto out = all.Take();
  CHECK(out[0].attributes == "{}");
  CHECK(out[0].body_value.is_empty());
}

TEST_CASE("removing what is not there is an error of the entry", "[operator][remove]") {
  OperatorHarness h("- {type: remove, field: body.x}");
  CHECK(h.Process("x") == "remove: field does not exist: body.x");
  CHECK(h.Bodies() == std::vector<std::string>{"x"});
  CHECK(OperatorHarness("- {type: remove}").error() == "remove: field is empty");
}
