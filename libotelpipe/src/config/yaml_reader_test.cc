#include "config/yaml_reader.h"

#include <catch2/catch.hpp>

namespace otelpipe::internal {
namespace {

using Kind = ConfigNode::Kind;

ConfigNode Read(std::string_view text) {
  auto tree = ReadYaml(text, "a.yaml");
  INFO(text);
  INFO(tree.status().ToString());
  REQUIRE(tree.ok());
  return *tree;
}
std::string ErrorOf(std::string_view text) {
  auto tree = ReadYaml(text, "a.yaml");
  return tree.ok() ? "" : ConfigErrorsFromStatus(tree.status())[0].ToString();
}

TEST_CASE("Values know their line and column", "[config][yaml]") {
  const ConfigNode root = Read("a:\n  b: 5\n  c:\n    - x\n    - {d: e}\nf:\ng: 1\n");
  CHECK(root.Find("a")->Find("b")->location.ToString() == "a.yaml:2:6");
  CHECK(root.Find("a")->entries[0].key_location.ToString() == "a.yaml:2:3");
  CHECK(root.Find("a")->Find("c")->items[1].Find("d")->location.ToString() == "a.yaml:5:11");
  CHECK(root.Find("f")->is_null());
  CHECK(root.Find("f")->location.ToString() == "a.yaml:6:1");
}

TEST_CASE("Scalars are typed, quoted and tagged ones as they say", "[config][yaml]") {
  const ConfigNode root = Read(
      "a: '5'\nb: 5\nc: yes\nd: |\n  x\ne: !!str 5\nf: !!float 5\ng: !!binary aGk=\nh: !mine 5\ni: ~\nj: \"\"\n");
  CHECK(root.Find("a")->kind == Kind::kString);
  CHECK(root.Find("a")->quoted);
  CHECK(root.Find("b")->integer == 5);
  CHECK(root.Find("c")->kind == Kind::kString);
  CHECK(root.Find("d")->text == "x\n");
  CHECK(root.Find("e")->kind == Kind::kString);
  CHECK(root.Find("f")->kind == Kind::kFloat);
  CHECK(root.Find("g")->text == "hi");
  CHECK(root.Find("h")->kind == Kind::kString);
  CHECK(root.Find("i")->is_null());
  CHECK(root.Find("j")->kind == Kind::kString);
}

TEST_CASE("Keys become text", "[config][yaml]") {
  const ConfigNode root = Read("1: a\ntrue: b\n0x10: c\n1.50: d\n'2': e\n");
  for (const char* key : {"1", "true", "16", "1.5", "2"}) {
    CAPTURE(key);
    CHECK(root.Find(key) != nullptr);
  }
}

TEST_CASE("Anchors, aliases and merge keys", "[config][yaml]") {
  const ConfigNode root = Read(
      "base: &base {x: 1, y: 2}\nmore: &more {y: 3, z: 4}\none:\n  <<: *base\n  y: 9\ntwo:\n  <<: [*base, *more]\nthree: *more\n"
      "four:\n  '<<': 5\n");
  CHECK(root.Find("one")->Find("x")->integer == 1);
  CHECK(root.Find("one")->Find("y")->integer == 9);
  CHECK(root.Find("one")->Find("<<") == nullptr);
  CHECK(root.Find("two")->Find("y")->integer == 2);
  CHECK(root.Find("two")->Find("z")->integer == 4);
  CHECK(root.Find("three")->location.ToString() == "a.yaml:8:8");
  CHECK(root.Find("four")->Find("<<")->integer == 5);
}

TEST_CASE("Only the first document counts", "[config][yaml]") {
  CHECK(Read("a: 1\n---\na: [\n").Find("a")->integer == 1);
  CHECK(Read("").is_null());
  CHECK(Read("# nothing\n").is_null());
  CHECK(Read("---\nnull\n").is_null());
}

TEST_CASE("What is no YAML is refused with its place and a hint", "[config][yaml]") {
  const std::string head = "contents are not valid YAML: yaml: ";
  CHECK(ErrorOf("receivers:\n\tfilelog:\n") ==
        "a.yaml:2:1: " + head + "line 2: found character that cannot start any token; indent with spaces, not with tabs");
  CHECK(ErrorOf("a:\n  - [1, 2\n") == "a.yaml:2:5: " + head + "line 2: did not find expected ',' or ']'; close the bracket opened here");
  CHECK(ErrorOf("{a: 1, b: {c: 2}") == "a.yaml:1:1: " + head + "line 1: did not find expected ',' or '}'; close the bracket opened here");
  CHECK(ErrorOf("a: b: c").find("line 1: mapping values are not allowed in this context") != std::string::npos);
  CHECK(ErrorOf("a: ${yaml:{b: 1}}").find("in quotes") != std::string::npos);
  CHECK(ErrorOf("a: 'x").find("found unexpected end of stream") != std::string::npos);
  CHECK(ErrorOf("a: @x").find("1:4: " + head + "line 1: found character that cannot start any token") != std::string::npos);
  CHECK(ErrorOf("a: *nope").find("unknown anchor referenced") != std::string::npos);
  CHECK(ErrorOf("nop: 1\nnop: 2") ==
        "a.yaml:2:1: " + head + "line 2: mapping key \"nop\" already defined at line 1; join the two blocks or rename one of them");
  CHECK(ErrorOf("? [a]\n: b").find("invalid map key") != std::string::npos);
  CHECK(ErrorOf("a: 1\n<<: 5\n").find("map merge requires map or sequence of maps as the value") != std::string::npos);
  CHECK(ErrorOf("a: \x01").find("1:4: " + head + "line 1: control characters are not allowed") != std::string::npos);
  CHECK(ErrorOf("a: \xFF").find("invalid UTF-8") != std::string::npos);
  CHECK(ErrorOf("a: &x [*x]").find("anchor value contains itself") != std::string::npos);
  CHECK(ErrorOf("a: !!int x").find("cannot decode !!str `x` as a !!int") != std::string::npos);
  CHECK(ErrorOf(std::string(5000, '[')).find("not valid YAML") != std::string::npos);
}

TEST_CASE("A bomb of aliases is refused", "[config][yaml]") {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    const std::string name = "a" + std::to_string(i);
    text += name + ": &" + name + " [" + last;
    for (int j = 0; j < 9; ++j) text += "," + last;
    text += "]\n";
  }
  CHECK(ErrorOf(text).find("excessive aliasing") != std::string::npos);

  // Copies of any shape are counted before they are made.
  std::string list = "a: &a [x";
  for (int i = 0; i < 998; ++i) list += ",x";
  list += "]\nb:\n";
  for (int i = 0; i < 150; ++i) list += "- *a\n";
  CHECK(ReadYaml(list, "f.yaml").ok());
  for (int i = 0; i < 100; ++i) list += "- *a\n";
  CHECK(ErrorOf(list).find("excessive aliasing") != std::string::npos);
}

}  // namespace
}  // namespace otelpipe::internal
