#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

TEST_CASE("a JSON body becomes attributes", "[operator][json_parser]") {
  OperatorHarness h("- {type: json_parser}");
  CHECK(h.Process(R"({"a":1,"b":{"c":[true,null]}})", {{"k", "v"}, {"a", "old"}}) == "");
  auto out = h.Take();
  CHECK(out[0].attributes == R"({"a":1,"b":{"c":[true,null]},"k":"v"})");
  CHECK(out[0].attribute_map->Find("a")->kind() == ValueKind::kDouble);
}

TEST_CASE("parse_ints yields integers", "[operator][json_parser]") {
  OperatorHarness h("- {type: json_parser, parse_ints: true, parse_to: body}");
  CHECK(h.Process(R"({"a":9007199254740993,"d":1.0} trailing)") == "");
  auto out = h.Take();
  CHECK(out[0].body == R"({"a":9007199254740993,"d":1})");
  CHECK(out[0].body_value.map().Find("d")->kind() == ValueKind::kDouble);
}

TEST_CASE("what is no JSON object stays as it is", "[operator][json_parser]") {
  OperatorHarness h("- {type: json_parser}");
  CHECK(h.Process("[1]") == "expected { character for map value");
  CHECK(h.Process(R"({"a":1}x)") == "invalid character 'x' after top-level value");
  CHECK(h.Bodies().size() == 2);
  CHECK(h.ProcessEntry([](Entry& e) { e.body = Value::Bytes("{}"); }) == "type []uint8 cannot be parsed as JSON");
  OperatorHarness from("- {type: json_parser, parse_from: attributes.zz}");
  CHECK(from.Process("{}") == "Entry is missing the expected parse_from field.: {\"parse_from\":\"attributes.zz\"}");
}
