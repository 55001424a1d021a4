#include "shared/stream/framing.h"

#include <catch2/catch.hpp>

#include <string>

namespace otelpipe::stream {
namespace {

using Texts = std::vector<std::string>;

struct Result {
  Texts records;
  std::string rest;
  bool too_long;
};

Result Run(const FramingOptions& options, std::string_view data, bool at_end = false) {
  auto framing = Framing::Create(options);
  REQUIRE(framing.ok());
  std::vector<std::string_view> records;
  const Framing::Cut cut = framing->Split(data, at_end, records);
  return {Texts(records.begin(), records.end()), std::string(data.substr(cut.used)), cut.too_long};
}

TEST_CASE("Lines are records, empty ones too", "[unit][stream]") {
  FramingOptions options;
  const Result open = Run(options, " a \r\n\nb");
  CHECK(open.records == Texts{"a", ""});
  CHECK(open.rest == "b");
  CHECK_FALSE(open.too_long);
  CHECK(Run(options, "a\nb", true).records == Texts{"a", "b"});
  CHECK(Run(options, "", true).records.empty());
  options.trim_leading = options.trim_trailing = false;
  CHECK(Run(options, " a \n").records == Texts{" a "});
}

TEST_CASE("Patterns start or end records", "[unit][stream]") {
  FramingOptions options;
  options.multiline.line_start_pattern = "^S";
  CHECK(Run(options, "S1\nx\nS2\ny").records == Texts{"S1\nx"});
  CHECK(Run(options, "S1\nx\nS2\ny\n", true).records == Texts{"S1\nx", "S2\ny"});
  options.multiline.line_end_pattern = "E$";
  CHECK(Framing::Create(options).status().message() == "only one of line_start_pattern or line_end_pattern can be set");
}

TEST_CASE("A record that does not fit is told", "[unit][stream]") {
  FramingOptions options;
  options.max_size = 4;
  const Result within = Run(options, "abc\nabcd\ne\n");
  CHECK(within.records == Texts{"abc"});
  CHECK(within.too_long);
  CHECK(Run(options, "abcd").too_long);
  CHECK_FALSE(Run(options, "abc").too_long);
  CHECK(Run(options, "abcd", true).records == Texts{"abcd"});
}

TEST_CASE("Counted octets are taken as counted", "[unit][stream]") {
  FramingOptions options;
  options.octet_counting = true;
  const Result two = Run(options, "3 abc5 d\nef\n4 gh");
  CHECK(two.records == Texts{"3 abc", "5 d\nef\n"});
  CHECK(two.rest == "4 gh");
  CHECK(Run(options, "4 gh", true).records == Texts{"4 gh"});
  CHECK(Run(options, "<1>x").records.empty());
  CHECK(Run(options, "<1>x", true).records == Texts{"<1>x"});
  CHECK(Run(options, "01 x").records.empty());
  options.max_size = 8;
  CHECK(Run(options, "99999999999999999999 x").too_long);
  CHECK(Run(options, "20 x").too_long);
}

TEST_CASE("Without framing pieces are cut at the limit", "[unit][stream]") {
  FramingOptions options;
  options.whole = true;
  options.max_size = 4;
  CHECK(Run(options, " a\nb c").records == Texts{" a\nb"});
  CHECK(Run(options, " a\nb c", true).records == Texts{" a\nb", " c"});
}

}  // namespace
}  // namespace otelpipe::stream
