#include "shared/loki/labels.h"

#include <catch2/catch.hpp>

namespace otelpipe::loki {
namespace {

std::string Name(std::string_view name) {
  std::string out = "|";
  AppendLabelName(out, name);
  return out.substr(1);
}

std::string Quoted(std::string_view value) {
  std::string out;
  AppendQuoted(out, value);
  return out;
}

TEST_CASE("label names are made valid", "[unit][loki]") {
  CHECK(Name("k8s.pod-name") == "k8s_pod_name");
  CHECK(Name("caf\xc3\xa9") == "caf\xc3\xa9");
  CHECK(Name("a\xe2\x82\xac" "b") == "a_b");
  CHECK(Name("a\xff") == "a_");
  CHECK(Name("1st") == "key_1st");
  CHECK(Name("_priv") == "key_priv");
  CHECK(Name(".priv") == "key_priv");
  CHECK(Name("__name__") == "__name__");
  CHECK(Name("_") == "key_");
  CHECK(Name("") == "");
}

TEST_CASE("label values are Go string literals", "[unit][loki]") {
  CHECK(Quoted("s\"\\\n\t\xc3\xa9\xe2\x80\xa8\x01") == "\"s\\\"\\\\\\n\\t\xc3\xa9\\u2028\\x01\"");
  CHECK(Quoted("\a\b\f\r\v\x7f\xff") == "\"\\a\\b\\f\\r\\v\\x7f\\xff\"");
  CHECK(Quoted("\xc2\xa0") == "\"\\u00a0\"");
  CHECK(Quoted("\xf3\xa0\x80\x81") == "\"\\U000e0001\"");
  CHECK(Quoted("\xe6\x97\xa5\xe6\x9c\xac") == "\"\xe6\x97\xa5\xe6\x9c\xac\"");
}

TEST_CASE("labels are sorted by name, the last of equal names wins", "[unit][loki]") {
  CHECK(FormatLabels({}) == "{}");
  CHECK(FormatLabels({{"exporter", "OTLP"}, {"b.c", "1"}, {"b_c", "2"}, {"a", ""}}) ==
        "{a=\"\", b_c=\"2\", exporter=\"OTLP\"}");
}

TEST_CASE("what is written reads back", "[unit][loki]") {
  const std::string odd = "x\"\\\n\t\xc3\xa9\xe2\x80\xa8\x01\xff";
  auto labels = ParseLabels(FormatLabels({{"job", odd}, {"caf\xc3\xa9", "1"}}));
  REQUIRE(labels.ok());
  REQUIRE(labels->size() == 2);
  CHECK((*labels)[0] == std::make_pair(std::string("caf\xc3\xa9"), std::string("1")));
  CHECK((*labels)[1] == std::make_pair(std::string("job"), odd));
}

TEST_CASE("labels of other clients are read, damaged ones refused", "[unit][loki]") {
  auto labels = ParseLabels(" { b = `raw\\n` ,a=\"\\101\\u00e9\" } ");
  REQUIRE(labels.ok());
  CHECK((*labels)[0].second == "A\xc3\xa9");
  CHECK((*labels)[1].second == "raw\\n");
  CHECK(ParseLabels("{}")->empty());
  for (const char* bad : {"", "{", "a=\"b\"", "{a=b}", "{a=\"b}", "{a=\"b\",}", "{1=\"b\"}", "{a=\"\\q\"}", "{a=\"b\"} x",
                          "{a=\"\\ud800\"}", "{a=\"\\777\"}", "{=\"b\"}"}) {
    INFO(bad);
    CHECK_FALSE(ParseLabels(bad).ok());
  }
}

}  // namespace
}  // namespace otelpipe::loki
