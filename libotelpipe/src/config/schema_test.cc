#include "otelpipe/component/schema.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

struct Inner {
  bool on = true;
  static void Describe(Fields<Inner>& f) { f.Optional("on", &Inner::on, "Switch."); }
};
struct Sample {
  std::string name;
  absl::Duration wait = absl::Seconds(1);
  uint32_t count = 5;
  std::string level = "basic";
  Inner inner;
  std::vector<std::string> keys;
  static void Describe(Fields<Sample>& f) {
    f.Required("name", &Sample::name, "The \"name\".");
    f.Optional("wait", &Sample::wait, "Wait.");
    f.Optional("count", &Sample::count, "Count.");
    f.Alias("number", "count");
    f.OneOf("level", &Sample::level, {"basic", "detailed"}, "unknown ", "Level.");
    f.Optional("inner", &Sample::inner, "Block.");
    f.Optional("keys", &Sample::keys, "Keys.");
    f.Unsupported("proxy", "no");
  }
};

TEST_CASE("The schema lists types, defaults, enumerations and nested blocks", "[config][schema]") {
  const std::string schema = JsonSchema(DescribeFields<Sample>());
  auto has = [&](const std::string& part) { return schema.find(part) != std::string::npos; };
  CAPTURE(schema);
  CHECK(has(R"("name":{"type":["string","null"],"description":"The \"name\"."})"));
  CHECK(has(R"("default":"1s")"));
  CHECK(has(R"({"type":"integer","minimum":0})"));
  CHECK(has(R"("description":"Count.","default":5})"));
  CHECK(has(R"("deprecated":true,"$comment":"use count")"));
  CHECK(has(R"({"enum":["basic","detailed"]})"));
  CHECK(has(R"({"type":"object","properties":{"on":{"anyOf":[{"type":"boolean"})"));
  CHECK(has(R"("default":true)"));
  CHECK(has(R"({"type":"array","items":{"type":["string","null"]}})"));
  CHECK(has(R"("required":["name"],"additionalProperties":false)"));
  CHECK_FALSE(has("proxy"));
  CHECK(JsonSchema({}) == R"({"type":"object","properties":{},"additionalProperties":false})");
}

}  // namespace
}  // namespace otelpipe
