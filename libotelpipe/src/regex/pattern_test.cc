#include "otelpipe/regex/pattern.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otelpipe::regex {
namespace {

using Groups = std::vector<std::optional<std::string>>;

std::shared_ptr<const Pattern> Compiled(std::string_view text) {
  auto pattern = Pattern::Compile(text);
  INFO(text << ": " << pattern.status().ToString());
  REQUIRE(pattern.ok());
  return *pattern;
}

std::string ErrorOf(std::string_view text) {
  auto pattern = Pattern::Compile(text);
  return pattern.ok() ? "compiled" : std::string(pattern.status().message());
}

// The groups of the first match; empty if there is none.
Groups GroupsOf(std::string_view pattern_text, std::string_view subject) {
  auto pattern = Compiled(pattern_text);
  std::vector<std::string_view> captures(pattern->capture_count());
  const bool matched = pattern->Match(subject, captures.data());
  CHECK(pattern->PartialMatch(subject) == matched);
  Groups groups;
  if (!matched) return groups;
  for (const std::string_view capture : captures) {
    if (capture.data() == nullptr) {
      groups.emplace_back();
    } else {
      groups.emplace_back(std::string(capture));
    }
  }
  return groups;
}

std::string Replaced(std::string_view pattern, std::string_view text, std::string_view to) {
  return Compiled(pattern)->Replace(text, to);
}

}  // namespace

TEST_CASE("syntax errors carry Go's words and fragment", "[unit][regex]") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"(a", "missing closing ): `(a`"},
      {"[a", "missing closing ]: `[a`"},
      {"a)", "unexpected ): `a)`"},
      {"(?=a)", "invalid or unsupported Perl syntax: `(?=`"},
      {"(?<=a)", "invalid named capture: `(?<=a)`"},
      {"(?>a)", "invalid or unsupported Perl syntax: `(?>`"},
      {"(?#c)", "invalid or unsupported Perl syntax: `(?#`"},
      {"(?x)a", "invalid or unsupported Perl syntax: `(?x`"},
      {"(?P=n)", "invalid or unsupported Perl syntax: `(?P`"},
      {R"(\C)", R"(invalid escape sequence: `\C`)"},
      {R"(a\1)", R"(invalid escape sequence: `\1`)"},
      {R"(\Z)", R"(invalid escape sequence: `\Z`)"},
      {R"(\h)", R"(invalid escape sequence: `\h`)"},
      {R"(\K)", R"(invalid escape sequence: `\K`)"},
      {R"(\u1234)", R"(invalid escape sequence: `\u`)"},
      {R"([\b])", R"(invalid escape sequence: `\b`)"},
      {R"(\x)", R"(invalid escape sequence: `\x`)"},
      {R"(\x1)", R"(invalid escape sequence: `\x1`)"},
      {"a\\", "trailing backslash at end of expression: ``"},
      {"a{1001}", "invalid repeat count: `{1001}`"},
      {"a{2,1}", "invalid repeat count: `{2,1}`"},
      {"(a{100}){100}", "invalid repeat count: `{100}`"},
      {"a**", "invalid nested repetition operator: `**`"},
      {"a++", "invalid nested repetition operator: `++`"},
      {"*a", "missing argument to repetition operator: `*`"},
      {"a|+?", "missing argument to repetition operator: `+?`"},
      {"[z-a]", "invalid character class range: `z-a`"},
      {R"([a-\d])", R"(invalid escape sequence: `\d`)"},
      {"[[:foo:]]", "invalid character class range: `[:foo:]`"},
      {R"(\p{Nope})", R"(invalid character class range: `\p{Nope}`)"},
      {"(?P<x y>a)", "invalid named capture: `(?P<x y>`"},
      {"(?P<>a)", "invalid named capture: `(?P<>`"},
      {"(?P<\xC3\xA9>a)", "invalid named capture: `(?P<\xC3\xA9>`"},
      {"(?P<n", "invalid named capture: `(?P<n`"},
      {"a\xFF", "invalid UTF-8: `\xFF`"},
      {std::string(1001, '(') + "a" + std::string(1001, ')'),
       "expression nests too deeply: `" + std::string(1001, '(') + "a" + std::string(1001, ')') +
           "`"},
  };
  for (const auto& [pattern, message] : table) {
    CAPTURE(pattern);
    CHECK(ErrorOf(pattern) == "error parsing regexp: " + message);
  }
}

TEST_CASE("group names may repeat, begin with a digit and use either spelling", "[unit][regex]") {
  auto pattern = Compiled("(?P<a>b)|(?<a>c)|(?P<1x>d)|(e)");
  CHECK(pattern->group_names() == std::vector<std::string>{"", "a", "a", "1x", ""});
  CHECK(pattern->group_count() == 4);
  CHECK(GroupsOf("(?P<a>b)|(?P<a>c)", "b") == Groups{"b", "b", std::nullopt});
}

TEST_CASE("matching is unanchored and leftmost-first", "[unit][regex]") {
  CHECK(GroupsOf("a|ab", "xab") == Groups{"a"});
  CHECK(GroupsOf("(?i)warn", "a WaRn b") == Groups{"WaRn"});
  CHECK(GroupsOf("a.c", "a\nc").empty());
  CHECK(GroupsOf("(?s)a.c", "a\nc") == Groups{"a\nc"});
  CHECK(GroupsOf("b$", "b\n").empty());
  CHECK(GroupsOf("(?m)b$", "b\n") == Groups{"b"});
  CHECK(GroupsOf("(a)?(b)?", "b") == Groups{"b", std::nullopt, "b"});
  CHECK(GroupsOf("a{,2}", "a{,2}") == Groups{"a{,2}"});
  CHECK(GroupsOf(R"(\Qa.b\E+)", "a.bb") == Groups{"a.bb"});
  CHECK(GroupsOf(R"(\x{10FFFF}|\01)", "\x01") == Groups{"\x01"});
  CHECK(GroupsOf("", "") == Groups{""});
  CHECK(GroupsOf("(x*)", std::string_view()) == Groups{"", ""});
}

TEST_CASE("a bad byte counts as one character, as in Go", "[unit][regex]") {
  CHECK(GroupsOf("^a(.)b$", "a\xFF" "b") == Groups{"a\xFF" "b", "\xFF"});
  CHECK(GroupsOf(R"(^a(\x{FFFD})b$)", "a\xFF" "b") == Groups{"a\xFF" "b", "\xFF"});
  CHECK(GroupsOf("^(.)(.)(.)$", "\xED\xA0\x80") ==
        Groups{"\xED\xA0\x80", "\xED", "\xA0", "\x80"});
  CHECK(GroupsOf(R"(^(\pL+)(.*)$)", "\xC3\xA9\xFFz") ==
        Groups{"\xC3\xA9\xFFz", "\xC3\xA9", "\xFFz"});
  CHECK(GroupsOf(R"(\B)", "a\xC3\xA9") == Groups{""});
}

TEST_CASE("replacement templates follow Go", "[unit][regex]") {
  CHECK(Replaced("(a)(b)", "xabx", "$2$1") == "xbax");
  CHECK(Replaced("(a)(b)", "ab", "${1}x") == "ax");
  CHECK(Replaced("(a)(b)", "ab", "$1x") == "");
  CHECK(Replaced("(a)(b)", "ab", "$10|$0") == "|ab");
  CHECK(Replaced("(?P<n>a)", "a", "[$n][${n}][$m]") == "[a][a][]");
  CHECK(Replaced("a", "a", "$$") == "$");
  CHECK(Replaced("a", "a", "$") == "$");
  CHECK(Replaced("a", "a", "$ $-${${}") == "$ $-${${}");
  CHECK(Replaced("(a)", "a", R"(\1)") == R"(\1)");
  CHECK(Replaced("b*", "abc", "-") == "-a-c-");
  CHECK(Replaced("(?P<n>a)|(?P<n>b)", "ab", "<$n>") == "<a><b>");
  CHECK(Replaced("a", "a", "$\xC3\xA9!") == "!");
  CHECK(Replaced("(a)", "a", "$01") == "");
  CHECK(Replaced("", "\xC3\xA9", "-") == "-\xC3\xA9-");
  CHECK(Replaced("^a", "aaa", "b") == "baa");
}

}  // namespace otelpipe::regex
