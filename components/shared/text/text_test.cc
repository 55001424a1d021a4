// Rows and URLs by the rules of Go. The operators that read them test the rest.
#include <catch2/catch.hpp>

#include "shared/text/csv_reader.h"
#include "shared/text/url.h"

namespace otelpipe {

TEST_CASE("A row is taken apart at delimiters outside of quotes", "[unit][text]") {
  std::vector<std::string> fields;
  REQUIRE(csv::ReadRow("a,\"b,\"\"c\"\"\",", {}, fields).ok());
  CHECK(fields == std::vector<std::string>{"a", "b,\"c\"", ""});
  fields.clear();
  CHECK(!csv::ReadRow("b\"c,a", {}, fields).ok());
  fields.clear();
  REQUIRE(csv::ReadRow("a;b\"c\"", {";", true}, fields).ok());
  CHECK(fields == std::vector<std::string>{"a", "b\"c\""});
}

TEST_CASE("A URL is taken apart", "[unit][text]") {
  auto url = uri::ParseUrl("https://me:pw@example.com:8443/a%20b/c.txt?q=1#f", false);
  REQUIRE(url.ok());
  CHECK(url->scheme == "https");
  CHECK(url->HostName() == "example.com");
  CHECK(url->Port() == "8443");
  CHECK(url->path == "/a b/c.txt");
  CHECK(url->query == "q=1");
  CHECK(url->fragment == "f");
  CHECK(!uri::ParseUrl("http://[::1", false).ok());
}

}  // namespace otelpipe
