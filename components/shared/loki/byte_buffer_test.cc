#include "shared/loki/byte_buffer.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "otelpipe/pdata/text.h"

namespace otelpipe::loki {
namespace {

std::string Json(std::string_view text) {
  ByteBuffer out;
  out.AppendJson(text);
  return std::string(out.view());
}

TEST_CASE("JSON strings are escaped as the reference escapes them", "[unit][loki]") {
  CHECK(Json("") == "\"\"");
  CHECK(Json("hello <b>&\"x\"") == R"("hello \u003cb\u003e\u0026\"x\"")");
  CHECK(Json("\\ \n\r\t\b\f\x01\x1f\x7f") == "\"\\\\ \\n\\r\\t\\b\\f\\u0001\\u001f\x7f\"");
  CHECK(Json("caf\xc3\xa9 \xe2\x80\xa8\xe2\x80\xa9 \xf0\x9f\x98\x80") == "\"caf\xc3\xa9 \\u2028\\u2029 \xf0\x9f\x98\x80\"");
  CHECK(Json("a\xff" "b\xc3") == "\"a\\ufffdb\\ufffd\"");
  CHECK(Json("=?;:") == "\"=?;:\"");
}

// Scenario: random bytes of many lengths, so that odd bytes fall on every place of a vector.
// Guarantees: the fast writer and the plain one of the library agree.
TEST_CASE("the fast escaper agrees with the library's", "[unit][loki]") {
  std::mt19937 random(20240405);
  const std::string odd = "\"\\<>&\n\x01\xc3\xa9\xe2\x80\xa8\xff\x80" "=;";
  for (int i = 0; i < 20000; ++i) {
    std::string text(random() % 70, 'x');
    for (char& c : text) {
      const unsigned r = random() % 24;
      if (r == 0) c = odd[random() % odd.size()];
      if (r == 1) c = static_cast<char>(random());
    }
    std::string expected;
    AppendJsonString(expected, text);
    REQUIRE(Json(text) == expected);
  }
}

TEST_CASE("long strings are escaped the same over all their length", "[unit][loki]") {
  for (size_t shift = 0; shift < 20; ++shift) {
    std::string text(shift, 'x');
    while (text.size() < 20000) text += "plain text \"q\" \xf0\x9f\x98\x80 \xe2\x80\xa8 \xff";
    std::string expected;
    AppendJsonString(expected, text);
    REQUIRE(Json(text) == expected);
    REQUIRE(Json(std::string(20000, '\x01')).size() == 120002);
  }
}

TEST_CASE("what is in the buffer can be appended again", "[unit][loki]") {
  ByteBuffer out;
  std::string expected = "abcdef";
  out.Append(expected);
  while (out.size() < 100000) {
    out.AppendAgain(2, out.size());
    expected += expected.substr(2);
    REQUIRE(out.view() == expected);
  }
}

TEST_CASE("the buffer grows, truncates and gives memory back", "[unit][loki]") {
  ByteBuffer out;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    out.AppendDecimal(i - 1500);
    out.Append(' ');
    expected += std::to_string(i - 1500) + " ";
  }
  CHECK(out.view() == expected);
  out.Truncate(5);
  CHECK(out.view() == "-1500");
  out.Clear();
  out.AppendVarint(300);
  CHECK(out.view() == "\xac\x02");
  CHECK(VarintSize(300) == 2);
  CHECK(VarintSize(127) == 1);
  out.Reset(1 << 20);
  CHECK(out.capacity() > 0);
  out.Reset(0);
  CHECK(out.capacity() == 0);
}

}  // namespace
}  // namespace otelpipe::loki
