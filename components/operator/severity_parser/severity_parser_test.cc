#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

TEST_CASE("severity_parser maps names, numbers and ranges", "[operator][severity_parser]") {
  OperatorHarness h(R"(
  - type: severity_parser
    parse_from: attributes.s
    mapping:
      error: [oops, 42, {min: 500, max: 510}]
      warn: 4xx
)");
  REQUIRE(h.error() == "");
  struct Case {
    const char* text;
    int number;
  };
  for (Case c : {Case{"INFO", 9}, {"Oops", 17}, {"42", 17}, {"505", 17}, {"404", 13}, {"warning", 13}, {"panic", 0}}) {
    CHECK(h.Process("x", {{"s", c.text}}) == "");
    auto out = h.Take();
    CHECK(out[0].severity == c.number);
    CHECK(out[0].severity_text == c.text);
  }
}

TEST_CASE("kinds of values that cannot be a severity are errors", "[operator][severity_parser]") {
  OperatorHarness h("- {type: severity_parser, parse_from: body, overwrite_text: true}");
  CHECK(h.ProcessEntry([](Entry& e) { e.body = Value::Double(1.5); }) ==
        "parse: type float64 cannot be a severity unless it is a whole number");
  CHECK(h.ProcessEntry([](Entry& e) {
    e.body = Value::Int(9);
    e.body.set_tag(kTagInt64);
  }) == "parse: type int64 cannot be a severity");
  CHECK(h.ProcessEntry([](Entry& e) { e.body = Value(); }) == "parse: type <nil> cannot be a severity");
  CHECK(h.ProcessEntry([](Entry& e) { e.body = Value::Int(18); }) == "");
  CHECK(h.Take()[3].severity_text == "ERROR2");
}

TEST_CASE("severity_parser refuses mappings it cannot use", "[operator][severity_parser]") {
  CHECK(OperatorHarness("- {type: severity_parser}").error() == "missing required field 'parse_from'");
  CHECK(OperatorHarness("- {type: severity_parser, parse_from: body, mapping: {info: {min: 5}}}").error() ==
        "type map[string]interface {} cannot be parsed as a severity");
  CHECK(OperatorHarness("- {type: severity_parser, parse_from: body, mapping: {info: 1.5}}").error() ==
        "type float64 cannot be parsed as a severity");
}
