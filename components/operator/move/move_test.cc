#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using otelpipe::testing::OperatorHarness;

TEST_CASE("move takes a value to another place", "[operator][move]") {
  OperatorHarness h("- {type: move, from: attributes.a, to: 'resource[\"x.y\"]'}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("line", {{"a", "1"}, {"b", "2"}}) == "");
  auto out = h.Take();
  REQUIRE(out.size() == 1);
  CHECK(out[0].attributes == R"({"b":"2"})");
  CHECK(out[0].resource == R"({"x.y":"1"})");
}

TEST_CASE("moving the body below itself keeps the text", "[operator][move]") {
  OperatorHarness h("- {type: move, from: body, to: body.message}");
  CHECK(h.Process("line") == "");
  CHECK(h.Bodies() == std::vector<std::string>{R"({"message":"line"})"});
}

TEST_CASE("moving the body away leaves it empty", "[operator][move]") {
  OperatorHarness h("- {type: move, from: body, to: attributes.m}");
  CHECK(h.Process("line") == "");
  auto out = h.Take();
  CHECK(out[0].body_value.is_empty());
  CHECK(out[0].attributes == R"({"m":"line"})");
}

TEST_CASE("moving what is not there is an error of the entry", "[operator][move]") {
  OperatorHarness send("- {type: move, from: attributes.none, to: body}");
  CHECK(send.Process("line", {{"k", "v"}}) == "move: field does not exist: attributes.none");
  CHECK(send.Bodies() == std::vector<std::string>{"line"});
  REQUIRE(send.log().size() == 1);
  CHECK(send.log()[0] ==
        "Failed to process entry error=move: field does not exist: attributes.none action=send "
        "entry.timestamp=0001-01-01T00:00:00Z k=v");
  OperatorHarness drop("- {type: move, on_error: drop_quiet, from: attributes.none, to: body}");
  CHECK(drop.Process("line") == "move: field does not exist: attributes.none");
  CHECK(drop.Bodies().empty());
}

TEST_CASE("both missing fields are told at once", "[operator][move]") {
  OperatorHarness h("- {type: move}");
  CHECK(h.errors() == std::vector<std::string>{"copy: missing from field", "copy: missing to field"});
}
