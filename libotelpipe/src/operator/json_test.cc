#include "otelpipe/operator/json.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>

#include "otelpipe/base/strings.h"
#include "otelpipe/operator/entry.h"

namespace otelpipe {
namespace {

std::string Read(std::string_view text, JsonOptions options = {}) {
  Arena arena;
  auto v = ParseJsonObject(text, arena, options);
  return v.ok() ? v->AsString() : "error: " + std::string(S(v.status().message()));
}

TEST_CASE("JSON objects become maps", "[operator][json]") {
  CHECK(Read(R"({"a":1,"b":[true,false,null,"x"],"c":{"d":2.5}})") == R"({"a":1,"b":[true,false,null,"x"],"c":{"d":2.5}})");
  CHECK(Read(" \t{ } \n") == "{}");
  CHECK(Read("null") == "{}");
  CHECK(Read(R"({"a":1,"a":2})") == R"({"a":2})");
  CHECK(Read(R"({"a":"q\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"})") == "{\"a\":\"q\\\"\\\\/\\b\\f\\n\\r\\t\xC3\xA9\xF0\x9F\x98\x80\"}");
}

TEST_CASE("JSON is read leniently where the reference is", "[operator][json]") {
  CHECK(Read(R"({"a":01})") == R"({"a":1})");
  CHECK(Read(R"({"a":1.})") == R"({"a":1})");
  CHECK(Read("{\"a\":\"x\ty\"}") == R"({"a":"x\ty"})");
  CHECK(Read(R"({"a":"\ud800x"})") == "{\"a\":\"\xEF\xBF\xBDx\"}");
  CHECK(Read(R"({"a":1e-400})") == R"({"a":0})");
}

TEST_CASE("what is no JSON object is refused", "[operator][json]") {
  CHECK(Read("[1]") == "error: expected { character for map value");
  CHECK(Read("not json") == "error: json: invalid character o as null");
  CHECK(Read(R"({"a":1}x)") == "error: invalid character 'x' after top-level value");
  CHECK(Read(R"({"a" 1})") == "error: expected colon after object key");
  CHECK(Read(R"({"a":abc})") == "error: invalid character 'a' looking for beginning of value");
  CHECK(Read(R"({"a":1e400})") == "error: strconv.ParseFloat: parsing \"1e400\": value out of range");
  for (std::string_view bad : {"", "{", "{\"a\":.5}", "{\"a\":+1}", "{\"a\":NaN}", "{\"a\":1,}", "{'a':1}", "{\"a\":\"\\x\"}",
                               "{\"a\":\"x}", "{\"a\":[1,2}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\", "{\"a\":-}", "{\"a\":1e}"}) {
    INFO(bad);
    CHECK(Read(bad).substr(0, 6) == "error:");
  }
}

TEST_CASE("parse_ints keeps integers and ignores trailing text when told", "[operator][json]") {
  Arena arena;
  auto v = ParseJsonObject(R"({"i":9007199254740993,"d":1.0,"e":1e3,"big":12345678901234567890})", arena, {.parse_ints = true});
  REQUIRE(v.ok());
  CHECK(v->map().Find("i")->kind() == ValueKind::kInt);
  CHECK(v->map().Find("i")->tag() == kTagInt64);
  CHECK(v->map().Find("i")->integer() == 9007199254740993);
  CHECK(v->map().Find("d")->kind() == ValueKind::kDouble);
  CHECK(v->map().Find("e")->kind() == ValueKind::kDouble);
  CHECK(v->map().Find("big")->kind() == ValueKind::kDouble);
  CHECK(Read(R"({"a":1}x)", {.allow_trailing = true}) == R"({"a":1})");
}

TEST_CASE("numbers with a point are the doubles that strtod makes of them", "[operator][json]") {
  // Scenario: digits of every length around the point, drawn from a fixed seed.
  // Guarantees: the quick way for short numbers rounds as the definition says.
  std::minstd_rand random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string text = random() % 4 == 0 ? "-" : "";
    for (size_t n = 1 + random() % 17; n > 0; --n) text += static_cast<char>('0' + random() % 10);
    text += '.';
    for (size_t n = random() % 17; n > 0; --n) text += static_cast<char>('0' + random() % 10);
    INFO(text);
    Arena arena;
    const std::string json = "{\"a\":" + text + "}";
    auto v = ParseJsonObject(json, arena);
    REQUIRE(v.ok());
    const double want = std::strtod(text.c_str(), nullptr);
    const double got = v->map().Find("a")->number();
    CHECK(got == want);
    CHECK(std::signbit(got) == std::signbit(want));
  }
}

TEST_CASE("strings end at their quote wherever it stands", "[operator][json]") {
  for (size_t n = 0; n < 40; ++n) {
    const std::string text(n, 'x');
    INFO(n);
    CHECK(Read("{\"" + text + "\":\"" + text + "\"}") == "{\"" + text + "\":\"" + text + "\"}");
    CHECK(Read("{\"a\":\"" + text + "\\\"\\\\\"}") == "{\"a\":\"" + text + "\\\"\\\\\"}");
    CHECK(Read("{\"a\":\"" + text + "\\\"}").substr(0, 6) == "error:");
    CHECK(Read("{\"a\":\"" + text).substr(0, 6) == "error:");
  }
}

TEST_CASE("nesting ends at ten thousand levels", "[operator][json]") {
  auto nested = [](int n) {
    std::string s;
    for (int i = 0; i < n; ++i) s += "{\"a\":";
    return s + "1" + std::string(static_cast<size_t>(n), '}');
  };
  Arena arena;
  CHECK(ParseJsonObject(nested(10000), arena).ok());
  CHECK_FALSE(ParseJsonObject(nested(10001), arena).ok());
}

TEST_CASE("big objects find duplicate keys too", "[operator][json]") {
  std::string s = "{";
  for (int i = 0; i < 200; ++i) s += "\"k" + std::to_string(i % 100) + "\":" + std::to_string(i) + (i == 199 ? "}" : ",");
  Arena arena;
  auto v = ParseJsonObject(s, arena);
  REQUIRE(v.ok());
  CHECK(v->map().size() == 100);
  CHECK(v->map().Find("k7")->number() == 107);
}

}  // namespace
}  // namespace otelpipe
