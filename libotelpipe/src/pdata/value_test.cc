#include "otelpipe/pdata/value.h"

#include <catch2/catch.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>

#include "otelpipe/pdata/text.h"

using namespace otelpipe;

namespace {

std::string Json(double d) {
  std::string out;
  AppendJsonDouble(out, d);
  return out;
}
std::string Go(double d, int limit) {
  std::string out;
  AppendGoDouble(out, d, limit);
  return out;
}
std::string Quoted(std::string_view s, bool html = true) {
  std::string out;
  AppendJsonString(out, s, html);
  return out;
}

}  // namespace

TEST_CASE("doubles print as the reference's JSON prints them", "[unit][pdata]") {
  CHECK(Json(0) == "0");
  CHECK(Json(-0.0) == "-0");
  CHECK(Json(1) == "1");
  CHECK(Json(-7.25) == "-7.25");
  CHECK(Json(0.1) == "0.1");
  CHECK(Json(1e-6) == "0.000001");
  CHECK(Json(1.5e-7) == "1.5e-7");
  CHECK(Json(1e-10) == "1e-10");
  CHECK(Json(1e20) == "100000000000000000000");
  CHECK(Json(123456789012345680000.0) == "123456789012345680000");
  CHECK(Json(1e21) == "1e+21");
  CHECK(Json(9007199254740993.0) == "9007199254740992");
  CHECK(Json(std::numeric_limits<double>::denorm_min()) == "5e-324");
  CHECK(Json(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
}

TEST_CASE("the text of a double is the shortest that is that double", "[unit][pdata]") {
  // Scenario: short decimals, and doubles near them, drawn from a fixed seed.
  // Guarantees: the quick way for short decimals gives the digits that std::to_chars gives.
  std::minstd_rand random(11);
  for (int i = 0; i < 40000; ++i) {
    double value = static_cast<double>(random() % 10'000'000) / std::pow(10, random() % 9) * (random() % 5 == 0 ? 1e3 : 1);
    if (random() % 3 == 0) value = std::nextafter(value, random() % 2 == 0 ? 0 : 1e30);
    if (random() % 4 == 0) value = -value;
    char buffer[64];
    char* end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
    if (std::abs(value) < 1e-6) continue;  // those have an exponent
    CHECK(Json(value) == std::string(buffer, end));
  }
}

TEST_CASE("doubles print as Go's %g prints them", "[unit][pdata]") {
  CHECK(Go(100000, 6) == "100000");
  CHECK(Go(123456.5, 6) == "123456.5");
  CHECK(Go(1e6, 6) == "1e+06");
  CHECK(Go(1234567.5, 6) == "1.2345675e+06");
  CHECK(Go(0.0001, 6) == "0.0001");
  CHECK(Go(0.00001, 6) == "1e-05");
  CHECK(Go(-0.0, 6) == "-0");
  CHECK(Go(std::nan(""), 6) == "NaN");
  CHECK(Go(-INFINITY, 6) == "-Inf");
  CHECK(Go(1e20, 21) == "100000000000000000000");
}

TEST_CASE("JSON strings are escaped as the reference escapes them", "[unit][pdata]") {
  CHECK(Quoted("plain") == "\"plain\"");
  CHECK(Quoted("\"\\\b\f\n\r\t\x01\x1f\x7f/") == "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\"");
  CHECK(Quoted("<a&b>") == "\"\\u003ca\\u0026b\\u003e\"");
  CHECK(Quoted("<a&b>", false) == "\"<a&b>\"");
  CHECK(Quoted("\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA") == "\"\\u2028\\u2029\xE2\x80\xAA\"");
  CHECK(Quoted("\xFF\xC3\xA9\xC3") == "\"\\ufffd\xC3\xA9\\ufffd\"");
  CHECK(Quoted("\xED\xA0\x80") == "\"\\ufffd\\ufffd\\ufffd\"");  // a surrogate
  CHECK(Quoted("\xF0\x9F\x98\x80") == "\"\xF0\x9F\x98\x80\"");
}

TEST_CASE("base64 and hex go there and back and refuse what is not theirs", "[unit][pdata]") {
  for (std::string_view bytes : {"", "a", "ab", "abc", "\x01\xff\x80zz"}) {
    std::string text, back;
    AppendBase64(text, bytes);
    REQUIRE(DecodeBase64(text, back));
    CHECK(back == bytes);
  }
  std::string out;
  CHECK_FALSE(DecodeBase64("AQI", out));
  CHECK_FALSE(DecodeBase64("AQ==AQ==", out));
  CHECK_FALSE(DecodeBase64("A-_=", out));
  uint8_t id[2];
  CHECK(DecodeHex("aF09", id, 2));
  CHECK(id[0] == 0xAF);
  CHECK_FALSE(DecodeHex("af0", id, 2));
  CHECK_FALSE(DecodeHex("af0g", id, 2));
}

TEST_CASE("AsString gives labels and text outputs their form", "[unit][pdata]") {
  Arena arena;
  CHECK(Value().AsString() == "");
  CHECK(Value::Str("a\nb").AsString() == "a\nb");
  CHECK(Value::Bool(true).AsString() == "true");
  CHECK(Value::Int(-7).AsString() == "-7");
  CHECK(Value::Double(1).AsString() == "1");
  CHECK(Value::Double(NAN).AsString() == "json: unsupported value: NaN");
  CHECK(Value::Double(INFINITY).AsString() == "json: unsupported value: +Inf");
  CHECK(Value::Bytes("\x01\x02\x03").AsString() == "AQID");

  Map map;
  map.Append(arena, "z", Value::Int(1));
  map.Append(arena, "a", Value::Str("<x>"));
  map.Append(arena, "z", Value::Bytes("\x01\x02\x03"));
  map.Append(arena, "e", Value());
  CHECK(Value::OfMap(&map).AsString() == R"({"a":"\u003cx\u003e","e":null,"z":"AQID"})");
  List list;
  list.Add(arena) = Value::Double(0.5);
  list.Add(arena) = Value::OfMap(&map);
  CHECK(Value::OfList(&list).AsString() == R"([0.5,{"a":"\u003cx\u003e","e":null,"z":"AQID"}])");
  list.Add(arena) = Value::Double(NAN);
  CHECK(Value::OfList(&list).AsString() == "");
}

TEST_CASE("clones are equal and independent, and maps compare without order", "[unit][pdata]") {
  Arena arena, other;
  Map map;
  Map inner;
  inner.Set(arena, "k", Value::Str("v"));
  map.Set(arena, "m", Value::OfMap(&inner));
  map.Set(arena, "i", Value::Int(1));
  Map copy;
  Clone(map, copy, other, true);
  REQUIRE(Equal(map, copy));
  CHECK(copy.Find("m")->map().Find("k")->string().data() != inner.Find("k")->string().data());
  copy.Find("m")->map().Set(other, "k", Value::Str("w"));
  CHECK_FALSE(Equal(map, copy));
  CHECK(inner.Find("k")->string() == "v");

  Map reordered;
  reordered.Set(other, "i", Value::Int(1));
  reordered.Set(other, "m", Value::OfMap(&inner));
  CHECK(Equal(map, reordered));
  CHECK_FALSE(Equal(Value::Int(1), Value::Double(1)));
  CHECK(map.Remove("m"));
  CHECK_FALSE(map.Remove("m"));
}
