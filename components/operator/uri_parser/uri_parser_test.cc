#include <catch2/catch.hpp>

#include "operator/testing/harness.h"
#include "shared/text/url.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

namespace {

std::string Parse(std::string_view line) {
  OperatorHarness h("- {type: uri_parser, parse_to: body, on_error: drop}");
  std::string error = h.Process(line);
  auto out = h.Bodies();
  return out.empty() ? error : out[0];
}

}  // namespace

TEST_CASE("URIs come apart", "[operator][uri_parser]") {
  CHECK(Parse("https://ann:pw@Shop.example:8443/cart/a%20b?x=1&y=2&x=3#frag") ==
        R"({"host":"Shop.example","path":"/cart/a%20b","port":"8443","query":{"x":["1","3#frag"],"y":["2"]},"scheme":"https","user":"ann"})");
  CHECK(Parse("HTTP://[::1]:80/p") == R"({"host":"::1","path":"/p","port":"80","scheme":"http"})");
  CHECK(Parse("mailto:a@b") == R"({"scheme":"mailto"})");
  CHECK(Parse("/a b\xC3\xA9") == R"({"path":"/a%20b%C3%A9"})");
  CHECK(Parse("//host/p") == R"({"path":"//host/p"})");
  CHECK(Parse("*") == R"({"path":"*"})");
  CHECK(Parse("?a=1&b=&c&a=x+y") == R"({"query":{"a":["1","x y"],"b":[""],"c":[""]}})");
  CHECK(Parse("/p?a=%zz&b=1;c=2&d=3") == R"({"path":"/p","query":{"d":["3"]}})");
}

TEST_CASE("what is no URI is told as the reference does", "[operator][uri_parser]") {
  CHECK(Parse("path") == R"(parse "path": invalid URI for request)");
  CHECK(Parse("") == R"(parse "": empty url)");
  CHECK(Parse("http://h:port/") == R"(parse "http://h:port/": invalid port ":port" after host)");
  CHECK(Parse("http://bad host/") == R"(parse "http://bad host/": invalid character " " in host name)");
  CHECK(Parse("?a=%zz") == R"(invalid URL escape "%zz")");
  CHECK(Parse("?a;b") == "invalid semicolon separator in query");
}

TEST_CASE("references keep their fragment outside requests", "[operator][uri_parser]") {
  auto url = uri::ParseUrl("https://u:p@h:1/a.txt?q=1#f%20g", false);
  REQUIRE(url.ok());
  CHECK(url->fragment == "f g");
  CHECK(url->ToString() == "https://u:p@h:1/a.txt?q=1#f%20g");
  CHECK(uri::ParseUrl("relative/path", false)->path == "relative/path");
}
