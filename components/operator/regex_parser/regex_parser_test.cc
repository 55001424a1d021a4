#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

TEST_CASE("named groups become attributes", "[operator][regex_parser]") {
  OperatorHarness h("- {type: regex_parser, regex: '^(?P<time>[^ ^Z]+Z) (?P<stream>stdout|stderr) (?P<logtag>[^ ]*) ?(?P<log>.*)$'}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("2024-04-02T08:20:01.5Z stdout F hello there", {{"k", "v"}}) == "");
  CHECK(h.Take()[0].attributes ==
        R"({"k":"v","log":"hello there","logtag":"F","stream":"stdout","time":"2024-04-02T08:20:01.5Z"})");
}

TEST_CASE("groups that took no part are empty texts, of equal names the last counts", "[operator][regex_parser]") {
  OperatorHarness h("- {type: regex_parser, regex: '(?P<a>b)|(?P<a>c)|(?P<d>e)', parse_to: body}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("b") == "");
  CHECK(h.Process("e") == "");
  CHECK(h.Bodies() == std::vector<std::string>{R"({"a":"","d":""})", R"({"a":"","d":"e"})"});
}

TEST_CASE("a line that does not match is an error of the entry", "[operator][regex_parser]") {
  OperatorHarness h("- {type: regex_parser, regex: '^(?P<a>x)$'}");
  CHECK(h.Process("y") == "regex pattern does not match");
  CHECK(h.Bodies() == std::vector<std::string>{"y"});
  OperatorHarness quiet("- {type: regex_parser, regex: '^(?P<a>x)$', on_error: drop_quiet}");
  CHECK(quiet.Process("y") == "");
  CHECK(quiet.Bodies().empty());
  CHECK(h.ProcessEntry([](Entry& e) { e.body = Value::Bytes("x"); }) == "type '[]uint8' cannot be parsed as regex");
}

TEST_CASE("a file's path is parsed once and its parts are constants too", "[operator][regex_parser]") {
  OperatorHarness h(
      "- {type: regex_parser, parse_from: 'attributes[\"log.file.path\"]', regex: '/(?P<ns>[^_/]+)_(?P<pod>[^/]+)/', cache: {size: 128}}");
  REQUIRE(h.error() == "");
  std::string good = "/var/ns_pod-1/0.log";
  std::string bad = "/var/nothing.log";
  for (int i = 0; i < 3; ++i) {
    for (const std::string* path : {&good, &bad}) {
      std::string error = h.ProcessEntry([&](Entry& e) {
        e.body = Value::Str("x");
        Value v = Value::Str(*path);
        v.set_tag(kTagFileConstant);
        e.attributes.Set(*e.arena, "log.file.path", v);
        e.has_attributes = true;
      });
      CHECK(error == (path == &good ? "" : "regex pattern does not match"));
    }
  }
  auto out = h.Take();
  REQUIRE(out.size() == 6);
  CHECK(out[0].attributes == R"({"log.file.path":"/var/ns_pod-1/0.log","ns":"ns","pod":"pod-1"})");
  CHECK(out[4].attributes == out[0].attributes);
  CHECK(out[4].attribute_map->Find("pod")->string().data() == good.data() + 8);
}

TEST_CASE("regex_parser refuses patterns it cannot use", "[operator][regex_parser]") {
  CHECK(OperatorHarness("- {type: regex_parser}").error() == "missing required field 'regex'");
  CHECK(OperatorHarness("- {type: regex_parser, regex: '^(a)$'}").error() == "no named capture groups in regex pattern");
  CHECK(OperatorHarness("- {type: regex_parser, regex: '(?P<a>x)(?=y)'}").error() ==
        "compiling regex: error parsing regexp: invalid or unsupported Perl syntax: `(?=`");
  OperatorHarness both("- {type: regex_parser, regex: '(?P<a>x)', parse_to: body, body: attributes.a}\n- {type: regex_parser, regex: '('}");
  CHECK(both.errors() == std::vector<std::string>{"`parse_to: body` not allowed when `body` is configured",
                                                  "compiling regex: error parsing regexp: missing closing ): `(`"});
  CHECK(both.places() == std::vector<std::string>{"operators::0::parse_to:2", "operators::1::regex:3"});
}

TEST_CASE("the blocks of a parser all run and the first failure is told", "[operator][parser]") {
  OperatorHarness h(R"(
  - type: regex_parser
    regex: '^(?P<t>\S+) (?P<sev>\S+) (?P<m>.*)$'
    timestamp: {parse_from: attributes.t, layout: '%Y-%m-%dT%H:%M:%SZ'}
    severity: {parse_from: attributes.sev}
    scope_name: {parse_from: attributes.m}
    body: attributes.m
)");
  REQUIRE(h.error() == "");
  CHECK(h.Process("2024-04-02T08:20:01Z warn text") == "");
  CHECK(h.Process("nonsense error text").find("time parser: parsing time \"nonsense\"") == 0);
  auto out = h.Take();
  REQUIRE(out.size() == 2);
  CHECK(out[0].time == 1712046001000000000u);
  CHECK(out[0].severity == 13);
  CHECK(out[0].severity_text == "warn");
  CHECK(out[0].scope == "text");
  CHECK(out[0].body == "text");
  CHECK(out[1].time == 0);
  CHECK(out[1].severity == 17);
}
