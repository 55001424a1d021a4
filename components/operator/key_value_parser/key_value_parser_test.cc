#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

TEST_CASE("pairs become fields, quotes hold them together", "[operator][key_value_parser]") {
  OperatorHarness h("- {type: key_value_parser, parse_to: body}");
  CHECK(h.Process(R"(a=1  b="two words" c='it"s' d= =e a=last f="x\"y")") == "");
  CHECK(h.Bodies() == std::vector<std::string>{R"({"":"e","a":"last","b":"two words","c":"it\"s","d":"","f":"x\\\"y"})"});
}

TEST_CASE("delimiters of several characters work", "[operator][key_value_parser]") {
  OperatorHarness h("- {type: key_value_parser, parse_to: body, delimiter: '=>', pair_delimiter: '!!'}");
  CHECK(h.Process("a => 1!!b=>x=y") == "");
  CHECK(h.Bodies() == std::vector<std::string>{R"({"a":"1","b":"x=y"})"});
}

TEST_CASE("a backslash protects the next quote, over pair delimiters too", "[operator][key_value_parser]") {
  OperatorHarness h("- {type: key_value_parser, parse_to: body}");
  CHECK(h.Process(R"(a="x\\" b=1)") == "");
  CHECK(h.Process(R"(a=\\ "b=1")") == "");
  CHECK(h.Process(R"(a=\ "b=1)") == "");
  CHECK(h.Bodies() == std::vector<std::string>{R"({"a":"x\\\\","b":"1"})", R"({"a":"\\\\","b":"1"})", R"({"\"b":"1","a":"\\"})"});
}

TEST_CASE("what cannot be split is told, all of it", "[operator][key_value_parser]") {
  OperatorHarness h("- {type: key_value_parser}");
  CHECK(h.Process("a b=1 c") == R"(cannot split "a" into 2 items, got 1 item(s); cannot split "c" into 2 items, got 1 item(s))");
  CHECK(h.Process("a=\"x") == "failed to parse pairs from input: never reached the end of a quoted value");
  CHECK(h.Process("") == "parse from field body is empty");
  CHECK(h.ProcessEntry([](Entry& e) { e.body = Value::Int(1); }) == "type int cannot be parsed as key value pairs");
}

TEST_CASE("text beyond ASCII stays as it is", "[operator][key_value_parser]") {
  OperatorHarness h("- {type: key_value_parser, parse_to: body}");
  CHECK(h.Process("\xC3\xA9=\xC3\xBC") == "");
  CHECK(h.Bodies() == std::vector<std::string>{"{\"\xC3\xA9\":\"\xC3\xBC\"}"});
}

TEST_CASE("key_value_parser refuses delimiters it cannot use", "[operator][key_value_parser]") {
  CHECK(OperatorHarness("- {type: key_value_parser, delimiter: ''}").error() == "delimiter is a required parameter");
  CHECK(OperatorHarness("- {type: key_value_parser, delimiter: ' '}").error() ==
        "delimiter and pair_delimiter cannot be the same value");
}
