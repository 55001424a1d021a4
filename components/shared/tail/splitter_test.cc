#include "shared/tail/splitter.h"

#include <catch2/catch.hpp>

namespace otelpipe::tail {
namespace {

using Texts = std::vector<std::string>;

struct Result {
  Texts texts;
  size_t used;
};
Result Split(SplitterOptions options, std::string_view data, bool at_end = true, bool flush = false) {
  auto splitter = Splitter::Create(std::move(options));
  REQUIRE(splitter.ok());
  std::vector<Token> tokens;
  size_t used = splitter->Split(data, at_end, tokens);
  Result r{{}, used};
  for (const Token& t : tokens) r.texts.emplace_back(data.substr(t.begin, t.length));
  if (flush) {
    tokens.clear();
    splitter->Flush(data.substr(used), tokens);
    for (const Token& t : tokens) r.texts.emplace_back(data.substr(used).substr(t.begin, t.length));
  }
  return r;
}
SplitterOptions With(const char* encoding) {
  SplitterOptions o;
  o.encoding = *Encoding::Find(encoding);
  return o;
}

}  // namespace

TEST_CASE("Lines are cut at newlines and trimmed", "[shared][tail]") {
  Result r = Split({}, "one\n\n  two  \r\nthree");
  CHECK(r.texts == Texts{"one", "", "two"});
  CHECK(r.used == 14);
  SplitterOptions keep;
  keep.trim_leading = keep.trim_trailing = false;
  CHECK(Split(keep, "  q\r\r\n x \n").texts == Texts{"  q\r", " x "});
  keep.trim_leading = true;
  CHECK(Split(keep, "  a  \n   \n").texts == Texts{"a  ", "   "});
  keep.trim_leading = false;
  keep.trim_trailing = true;
  CHECK(Split(keep, "  a  \n   \n").texts == Texts{"  a", ""});
}

TEST_CASE("A record above the limit is cut in pieces", "[shared][tail]") {
  SplitterOptions o;
  o.max_size = 10;
  std::string text = std::string(25, 'A') + "\n" + std::string(10, 'B') + "\n";
  Result r = Split(o, text);
  CHECK(r.texts == Texts{std::string(10, 'A'), std::string(10, 'A'), "AAAAA", std::string(10, 'B')});
  CHECK(r.used == text.size());
  r = Split(o, std::string(25, 'C'));
  CHECK(r.texts == Texts{std::string(10, 'C'), std::string(10, 'C')});
  CHECK(r.used == 20);
  o.encoding = *Encoding::Find("nop");
  CHECK(Split(o, std::string(25, 'C')).texts.size() == 3);
}

TEST_CASE("A start pattern begins records, and what is before the first is one", "[shared][tail]") {
  SplitterOptions o;
  o.line_start_pattern = "^START";
  Result r = Split(o, "pre\nSTART 1\n a\nSTART 2\n c\n", true, true);
  CHECK(r.texts == Texts{"pre", "START 1\n a", "START 2\n c"});
  CHECK(Split(o, "STARTxSTART y").texts == Texts{"STARTx"});
  o.line_start_pattern = "---\\n";
  o.omit_pattern = true;
  CHECK(Split(o, "---\na\nb\n---\nc\n---\n", true, true).texts == Texts{"a\nb", "c", "---"});
}

TEST_CASE("An end pattern ends records", "[shared][tail]") {
  SplitterOptions o;
  o.line_end_pattern = "END\\n";
  CHECK(Split(o, "a\nb END\nc END\nd\n", true, true).texts == Texts{"a\nb END", "c END", "d"});
}

TEST_CASE("Wrong patterns are refused in the reference's words", "[shared][tail]") {
  SplitterOptions o;
  o.line_start_pattern = "a";
  o.line_end_pattern = "b";
  CHECK(Splitter::Create(o).status().message() == "only one of line_start_pattern or line_end_pattern can be set");
  o.line_end_pattern = "";
  o.line_start_pattern = "[";
  CHECK(Splitter::Create(o).status().message() ==
        "compile line start regex: error parsing regexp: missing closing ]: `[`");
  o.encoding = *Encoding::Find("nop");
  CHECK(Splitter::Create(o).status().message() == "line_start_pattern should not be set when using nop encoding");
}

TEST_CASE("Two-byte encodings are cut at code units", "[shared][tail]") {
  // U+0A00 U+010A hold the bytes of a newline across units; only the real one counts.
  std::string data("\x01\x0A\x0A\x00 \x00" "b\x00\x0A\x00", 10);
  Result r = Split(With("utf-16le"), data);
  REQUIRE(r.texts.size() == 2);
  Arena arena;
  CHECK(Encoding::Find("utf-16le")->Decode(r.texts[1], arena) == "b");
}

TEST_CASE("Encodings are found by their names and aliases", "[shared][tail]") {
  Arena arena;
  CHECK(Encoding::Find("")->Decode("\xff\xfe" "bad", arena) == "\xEF\xBF\xBD\xEF\xBF\xBD" "bad");
  CHECK(Encoding::Find("utf-8-raw")->Decode("\xff", arena) == "\xff");
  CHECK(Encoding::Find("LATIN1")->Decode("na\xefve", arena) == "na\xC3\xAFve");
  CHECK(Encoding::Find("windows-1252")->Decode("\x80", arena) == "\xE2\x82\xAC");
  CHECK(Encoding::Find("ANSI_X3.4-1968")->Decode("b\xe9", arena) == "b\xEF\xBF\xBD");
  CHECK(Encoding::Find("big5")->Decode("\xa4\xa4", arena) == "\xE4\xB8\xAD");
  CHECK(Encoding::Find("utf-16be")->Decode(std::string_view("\xD8\x3D\xDE\x00", 4), arena) == "\xF0\x9F\x98\x80");
  CHECK(Encoding::Find("utf-16be")->Decode(std::string_view("\xD8\x3D", 2), arena) == "\xEF\xBF\xBD");
  CHECK(Encoding::Find("nonsense").status().message() == "unsupported encoding 'nonsense'");
  CHECK(Encoding::Find("utf-32").status().message() == "no charmap defined for encoding 'utf-32'");
  CHECK(RepairUtf8("a\xe2\x82" "b\xf0\x9f") == "a\xEF\xBF\xBD" "b\xEF\xBF\xBD");
  for (const char* name : {"euc-kr", "euc-jp", "iso-2022-jp", "shift_jis", "gb18030", "gbk", "iso-8859-16", "koi8-u", "mac",
                           "windows-874", "windows-1258", "cp437", "ibm00858", "ibm037", "ibm1047", "ibm01140", "hebrew"}) {
    INFO(name);
    CHECK(Encoding::Find(name).ok());
  }
}

}  // namespace otelpipe::tail
