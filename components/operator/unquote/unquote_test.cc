#include <catch2/catch.hpp>

#include "operator/testing/harness.h"
#include "operator/unquote/unquote.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

namespace {

std::string Read(std::string_view text) {
  std::string out;
  return UnquoteGo(text, out) ? out : "<invalid>";
}

}  // namespace

TEST_CASE("literals of three kinds lose their quotes", "[operator][unquote]") {
  CHECK(Read(R"("a\tb\"\\\x41\101\u00e9\U0001F600")") == "a\tb\"\\AA\xC3\xA9\xF0\x9F\x98\x80");
  CHECK(Read("`a\\n\r`") == "a\\n");
  CHECK(Read("'x'") == "x");
  CHECK(Read("'\\''") == "'");
  CHECK(Read("'\xC3\xA9'") == "\xC3\xA9");
  CHECK(Read("''") == "");
  CHECK(Read("\"\"") == "");
}

TEST_CASE("anything else is refused", "[operator][unquote]") {
  for (std::string_view bad : {"", "a", "\"", "\"a", "\"a\nb\"", R"("\'")", R"("\/")", R"("\ud800")", R"("\x4")", R"("\400")", "'xy'",
                               R"('\"')", "`a`b`", " \"a\"", "\"a\" "}) {
    INFO(bad);
    CHECK(Read(bad) == "<invalid>");
  }
}

TEST_CASE("the operator changes its field in place", "[operator][unquote]") {
  OperatorHarness h("- {type: unquote, field: body}");
  CHECK(h.Process("\"a\"") == "");
  CHECK(h.Process("a") == "invalid syntax");
  CHECK(h.ProcessEntry([](Entry& e) { e.body = Value::Int(1); }) == "type int cannot be unquoted");
  CHECK(h.Bodies() == std::vector<std::string>{"a", "a", "1"});
}
