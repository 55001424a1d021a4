#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

TEST_CASE("arrays become lists", "[operator][json_array_parser]") {
  OperatorHarness h("- {type: json_array_parser, parse_to: body}");
  CHECK(h.Process(R"( [1, "a,]", true, null, 2.7, 1e3, {"k": [1, "x y"], "a":"\""}] )") == "");
  CHECK(h.Process("{}") == "");
  CHECK(h.Bodies() == std::vector<std::string>{R"([1,"a,]",true,null,0,0,"{\"k\":[1,\"x y\"],\"a\":\"\\\"\"}"])", "[]"});
}

TEST_CASE("with a header arrays become maps", "[operator][json_array_parser]") {
  OperatorHarness h("- {type: json_array_parser, header: 'a,b,c'}");
  CHECK(h.Process(R"([1,"x",false])") == "");
  CHECK(h.Process("[1,2]") == "wrong number of fields: expected 3, found 2");
  CHECK(h.Take()[0].attributes == R"({"a":1,"b":"x","c":false})");
}

TEST_CASE("what does not fit is an error of the entry", "[operator][json_array_parser]") {
  OperatorHarness h("- {type: json_array_parser}");
  CHECK(h.Process("[1]") == "set parse_to: cannot set attributes root");
  CHECK(h.Process("[[1]]") == "failed to parse entry");
  CHECK(h.Process("[1") == "failed to parse entry");
  CHECK(h.ProcessEntry([](Entry& e) { e.body = Value::Int(1); }) == "type 'int' cannot be parsed as json array");
}
