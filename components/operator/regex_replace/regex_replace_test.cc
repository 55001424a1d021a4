#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

TEST_CASE("regex_replace replaces all matches", "[operator][regex_replace]") {
  OperatorHarness h("- {type: regex_replace, field: body, regex: '(\\w+)=(\\w+)', replace_with: '$${2}:$1'}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("a=1 b=2") == "");
  CHECK(h.Process("none") == "");
  CHECK(h.Bodies() == std::vector<std::string>{"1:a 2:b", "none"});
}

TEST_CASE("terminal colours go by name", "[operator][regex_replace]") {
  OperatorHarness h("- {type: regex_replace, field: body, regex_name: ansi_control_sequences}");
  CHECK(h.Process("\x1b[31mred\x1b[0m") == "");
  CHECK(h.Bodies() == std::vector<std::string>{"red"});
}

TEST_CASE("an absent field is left alone, other kinds are errors", "[operator][regex_replace]") {
  OperatorHarness h("- {type: regex_replace, field: attributes.x, regex: a, replace_with: b}");
  CHECK(h.Process("x") == "");
  CHECK(h.ProcessEntry([](Entry& e) { e.attributes.Set(*e.arena, "x", Value::Int(1)); }) == "type int cannot be handled");
}

TEST_CASE("regex_replace needs one pattern", "[operator][regex_replace]") {
  CHECK(OperatorHarness("- {type: regex_replace, field: body}").error() == "either regex or regex_name must be set");
  CHECK(OperatorHarness("- {type: regex_replace, field: body, regex: a, regex_name: b}").error() ==
        "either regex or regex_name must be set");
  CHECK(OperatorHarness("- {type: regex_replace, field: body, regex_name: b}").error() == "regex_name b is unknown");
  CHECK(OperatorHarness("- {type: regex_replace, field: body, regex: '('}").error() ==
        "error parsing regexp: missing closing ): `(`");
}
