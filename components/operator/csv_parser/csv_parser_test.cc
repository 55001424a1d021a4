#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

namespace {

std::string Parse(const std::string& settings, std::string_view line) {
  OperatorHarness h("- {type: csv_parser, parse_to: attributes, on_error: drop, " + settings + "}");
  INFO(h.error());
  REQUIRE(h.errors().empty());
  std::string error = h.Process(line);
  auto out = h.Take();
  return out.empty() ? error : out[0].attributes;
}

}  // namespace

TEST_CASE("CSV rows become fields", "[operator][csv_parser]") {
  CHECK(Parse("header: 'a,b,c'", "1,\"x,\"\"y\"\"\",3") == R"({"a":"1","b":"x,\"y\"","c":"3"})");
  CHECK(Parse("header: 'a,b', delimiter: ';', header_delimiter: ','", "1; 2") == R"({"a":"1","b":" 2"})");
  CHECK(Parse("header: 'a,b', ignore_quotes: true", "\"1,2\"") == R"({"a":"\"1","b":"2\""})");
  CHECK(Parse("header: 'a,b,c'", "\"1\",\"x,y\",\"\"") == R"({"a":"1","b":"x,y","c":""})");
  CHECK(Parse("header: 'a,b,c'", "\"\",2,") == R"({"a":"","b":"2","c":""})");
  CHECK(Parse("header: 'a;b', delimiter: ';'", "\"x;y\";z") == R"({"a":"x;y","b":"z"})");
  CHECK(Parse("header: 'a,b', lazy_quotes: true", "x\"y,\"q\"r\"") == R"({"a":"x\"y","b":"q\"r"})");
  CHECK(Parse("header: 'a,b'", "1,\"two\nlines\"") == R"({"a":"1","b":"two\nlines"})");
  CHECK(Parse("header: 'a,b,c'", "1,2\n\n3,4") == R"({"a":"1","b":"2\n3","c":"4"})");
}

TEST_CASE("rows that do not fit are errors", "[operator][csv_parser]") {
  CHECK(Parse("header: 'a,b,c'", "1,2") == "wrong number of fields: expected 3, found 2");
  CHECK(Parse("header: 'a,b'", "") == "no csv lines found");
  CHECK(Parse("header: 'a,b'", "\"ab\"c,d") ==
        "read csv line: parse error on line 1, column 4: extraneous or missing \" in quoted-field");
  CHECK(Parse("header: 'a,b'", "a\"b,c") == "read csv line: parse error on line 1, column 2: bare \" in non-quoted-field");
  CHECK(Parse("header: 'a,b'", "1,2,b\"q") == R"({"a":"1","b":"2"})");
}

TEST_CASE("the header may come with the entry", "[operator][csv_parser]") {
  OperatorHarness h("- {type: csv_parser, header_attribute: h, parse_to: body}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("1,2", {{"h", "a,b"}}) == "");
  CHECK(h.Process("1,2", {{"h", "c,d"}}) == "");
  CHECK(h.Process("1,2") == "failed to read dynamic header attribute h");
  CHECK(h.ProcessEntry([](Entry& e) { e.attributes.Set(*e.arena, "h", Value::Int(1)); }) ==
        "header is expected to be a string but is int");
  CHECK(h.Bodies() == std::vector<std::string>{R"({"a":"1","b":"2"})", R"({"c":"1","d":"2"})"});
}

TEST_CASE("csv_parser refuses settings that contradict", "[operator][csv_parser]") {
  CHECK(OperatorHarness("- {type: csv_parser}").error() == "missing required field 'header' or 'header_attribute'");
  CHECK(OperatorHarness("- {type: csv_parser, header: 'a,b', header_attribute: c}").error() ==
        "only one header parameter can be set: 'header' or 'header_attribute'");
  CHECK(OperatorHarness("- {type: csv_parser, header: 'a,b', delimiter: ';;'}").error() == "invalid 'delimiter': ';;'");
  CHECK(OperatorHarness("- {type: csv_parser, header: a}").error() == "missing field delimiter in header");
  CHECK(OperatorHarness("- {type: csv_parser, header: 'a,b', lazy_quotes: true, ignore_quotes: true}").error() ==
        "only one of 'ignore_quotes' or 'lazy_quotes' can be true");
}
