#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using otelpipe::testing::OperatorHarness;

TEST_CASE("copy leaves the source in place", "[operator][copy]") {
  OperatorHarness h("- {type: copy, from: attributes.a, to: resource.a}");
  CHECK(h.Process("line", {{"a", "1"}}) == "");
  auto out = h.Take();
  CHECK(out[0].attributes == R"({"a":"1"})");
  CHECK(out[0].resource == R"({"a":"1"})");
}

TEST_CASE("copies of maps are deep, also into themselves", "[operator][copy]") {
  OperatorHarness h(
      "- {type: copy, from: body, to: body.c}\n"
      "- {type: copy, from: body.c, to: attributes.m}\n"
      "- {type: copy, from: body.x, to: attributes.m.x}");
  CHECK(h.ProcessEntry([](otelpipe::Entry& e) {
    auto* map = e.arena->New<otelpipe::Map>();
    map->Set(*e.arena, "k", otelpipe::Value::Int(1));
    map->Set(*e.arena, "x", otelpipe::Value::Str("s"));
    e.body = otelpipe::Value::OfMap(map);
  }) == "");
  auto out = h.Take();
  CHECK(out[0].body == R"({"c":{"k":1,"x":"s"},"k":1,"x":"s"})");
  CHECK(out[0].attributes == R"({"m":{"k":1,"x":"s"}})");
}

TEST_CASE("copying what is not there is an error of the entry", "[operator][copy]") {
  OperatorHarness h("- {type: copy, from: attributes.none, to: body}");
  CHECK(h.Process("line") == "copy: from field does not exist in this entry: attributes.none");
  CHECK(h.Bodies() == std::vector<std::string>{"line"});
}

TEST_CASE("copy needs both fields and no bare roots", "[operator][copy]") {
  CHECK(OperatorHarness("- {type: copy}").errors() ==
        std::vector<std::string>{"copy: missing from field", "copy: missing to field"});
  CHECK(OperatorHarness("- {type: copy, from: attributes, to: body}").error() ==
        "'operators[0]' unmarshal to copy: 'from' attributes cannot be referenced without subfield");
}
