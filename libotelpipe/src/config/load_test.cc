#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <unistd.h>

#include "config/expand.h"
#include "otelpipe/config.h"

namespace otelpipe {
namespace {

using Kind = ConfigNode::Kind;
using Variables = std::map<std::string, std::string>;

// A directory of its own that goes away with the test.
class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/otelpipe-config-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    return path_ + "/" + name;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

LoadOptions With(Variables variables, std::vector<std::string> sets = {}) {
  LoadOptions options;
  options.sets = std::move(sets);
  options.environment = [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    auto it = variables.find(name);
    if (it == variables.end()) return std::nullopt;
    return it->second;
  };
  return options;
}

const Variables kVariables = {{"A", "val"},         {"B", "A"},
                              {"NUM", "42"},        {"FLOAT", "1.5"},
                              {"BOOL", "true"},     {"EMPTY", ""},
                              {"LIST", "[1, two]"}, {"MAP", "{k: v}"},
                              {"QUOTED", "\"42\""}, {"ZERO", "0123"},
                              {"DATE", "2024-03-05"}, {"NESTED", "${env:A}"},
                              {"DOLLAR", "a$$b"},   {"U_A", "inner"},
                              {"SELF", "${env:SELF}"}, {"TWICE", "${env:TWICE}${env:TWICE}"},
                              {"TREE", "[\"${env:TREE}\",\"${env:TREE}\"]"}, {"COLON", "a: b"},
                              {"DEEP", "[[[[[[[[\"${env:DEEP}\"]]]]]]]]"},
                              {"LONG", "${env:LONG}${env:LONG}x"},
                              {"BROKEN", "[a"},     {"LISTREF", "[\"${env:A}\"]"}};

absl::StatusOr<Config> LoadText(const std::string& text) { return Config::Load({"yaml:" + text}, With(kVariables)); }

// The value of `v` as YAML, or the error without its place.
std::string Value(const std::string& scalar) {
  auto config = LoadText("v: " + scalar);
  if (!config.ok()) return "ERROR " + ConfigErrorsFromStatus(config.status())[0].message;
  std::string out = config->root().Find("v")->ToYaml();
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

TEST_CASE("References expand as the reference documents and does", "[config][expand]") {
  struct Row {
    const char* scalar;
    const char* result;
  };
  const Row rows[] = {
      {"${env:A}", "val"},
      {"${A}", "val"},
      {"pre-${A}-post", "pre-val-post"},
      {"'${env:UNSET:-def}'", "def"},
      {"'${env:UNSET:-5}'", "5"},
      {"'${AB:-def}'", "ERROR scheme \"AB\" is not supported for uri \"AB:-def\""},
      {"'${A:-def}'", "ERROR invalid uri: \"A:-def\""},
      {"'${S_X:-d}'", "ERROR invalid uri: \"S_X:-d\""},
      {"${UNSET}", "null"},
      {"x${UNSET}y", "xy"},
      {"${EMPTY}", "null"},
      {"'${env:EMPTY:-def}'", "null"},
      {"$$", "$"},
      {"$${env:A}", "${env:A}"},
      {"$$$${env:A}", "$${env:A}"},
      {"$$${env:A}", "$val"},
      {"$A", "$A"},
      {"cost $5", "cost $5"},
      {"end$", "end$"},
      {"$${env:A} ${env:A}", "${env:A} ${env:A}"},
      {"${env:A} $${env:A}", "val $val"},
      {"${env:${env:B}}", "val"},
      {"'${env:U_${B}:-z}'", "inner"},
      {"'${env:X:-${env:A}}'", "val"},
      {"${NESTED}", "val"},
      {"${DOLLAR}", "a$b"},
      {"${SELF}", "ERROR too many recursive expansions"},
      {"${TWICE}", "ERROR too many recursive expansions"},
      {"${TREE}", "ERROR too many recursive expansions"},
      {"${DEEP}", "ERROR too many recursive expansions"},
      {"x${LONG}", "ERROR too many recursive expansions"},
      {"'${}'", "ERROR environment variable \"\" has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$"},
      {"'${env:9X}'", "ERROR environment variable \"9X\" has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$"},
      {"'${env:$A}'", "ERROR the uri \"env:$A\" contains unsupported characters ('$')"},
      {"'${foo:bar}'", "ERROR scheme \"foo\" is not supported for uri \"foo:bar\""},
      {"'${env:A'", "'${env:A'"},
      {"'${yaml:{b: 1}'", "{b: 1"},
      {"'${yaml:[1, 2]}'", "- 1\n- 2"},
      {"${NUM}", "42"},
      {"'${NUM}'", "42"},
      {"'${NUM}0'", "\"420\""},
      {"1${NUM}", "\"142\""},
      {"${BOOL}", "true"},
      {"${FLOAT}", "1.5"},
      {"${LIST}", "- 1\n- two"},
      {"${MAP}", "k: v"},
      {"${QUOTED}", "\"\\\"42\\\"\""},
      {"${ZERO}", "83"},
      {"${COLON}", "a: b"},
      {"${BROKEN}", "\"[a\""},
      {"${LISTREF}", "- val"},
      {"'${http://x/y}'", "ERROR unable to download"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.scalar);
    const std::string got = Value(row.scalar);
    CAPTURE(got);
    if (std::string(row.scalar) == "'${env:A'") {
      CHECK(got == "\"${env:A\"");
    } else if (std::string(row.result).starts_with("ERROR")) {
      CHECK(got.rfind(row.result, 0) == 0);
    } else if (got.starts_with("\"") && row.result[0] != '"') {
      CHECK(got == "\"" + std::string(row.result) + "\"");
    } else {
      CHECK(got == row.result);
    }
  }
}

TEST_CASE("A value from one reference keeps its text beside its type", "[config][expand]") {
  auto config = LoadText("a: ${ZERO}\nb: ${DATE}\nc: [\"${NUM}\"]\nd: ${MAP}\n\"${A}\": key\n");
  REQUIRE(config.ok());
  CHECK(config->root().Find("a")->integer == 83);
  CHECK(config->root().Find("a")->text == "0123");
  CHECK(config->root().Find("a")->from_expansion);
  CHECK(config->root().Find("b")->kind == Kind::kTimestamp);
  CHECK(config->root().Find("c")->items[0].text == "42");
  CHECK(config->root().Find("d")->text == "{k: v}");
  CHECK(config->root().Find("${A}") != nullptr);
}

TEST_CASE("Unset and empty variables are noticed once", "[config][expand]") {
  auto config = LoadText("a: ${UNSET}\nb: x${UNSET}\nc: ${EMPTY}\nd: \"${env:GONE:-x}\"\n");
  REQUIRE(config.ok());
  REQUIRE(config->notices().size() == 2);
  CHECK(config->notices()[0].warning);
  CHECK(config->notices()[0].message == "Configuration references unset environment variable");
  CHECK(config->notices()[0].name == "UNSET");
  CHECK_FALSE(config->notices()[1].warning);
  CHECK(config->notices()[1].message == "Configuration references empty environment variable");
}

TEST_CASE("Files as values are parsed, inside text they are inserted", "[config][expand]") {
  const Scratch scratch;
  const std::string map = scratch.Write("map.yaml", "one: x\ntwo: [5]\n");
  const std::string word = scratch.Write("word", "hello\n");
  const std::string main = scratch.Write(
      "main.yaml", "a: ${file:" + map + "}\nb: ${file:" + word + "}\nc: x${file:" + word + "}y\n");
  auto config = Config::Load(main);
  REQUIRE(config.ok());
  CHECK(config->root().Find("a")->Find("two")->items[0].location.ToString() == map + ":2:7");
  CHECK(config->root().Find("a")->location.ToString() == main + ":1:4");
  CHECK(config->root().Find("b")->text == "hello\n");
  CHECK(config->root().Find("c")->text == "xhello\ny");
}

TEST_CASE("Later sources win, maps merge, lists are replaced", "[config][merge]") {
  auto merged = [](std::vector<std::string> texts, std::vector<std::string> sets = {}) {
    for (std::string& text : texts) text = "yaml:" + text;
    auto config = Config::Load(texts, With({}, std::move(sets)));
    return config.ok() ? config->root().ToYaml() : std::string(config.status().message());
  };
  CHECK(merged({"a: {x: 1, y: [1, 2]}", "a: {y: [3], z: 4}"}) == "a:\n    x: 1\n    \"y\":\n        - 3\n    z: 4\n");
  CHECK(merged({"a: {x: 1}", "a:"}) == "a: null\n");
  CHECK(merged({"a: {x: 1}", "a: {}"}) == "a:\n    x: 1\n");
  CHECK(merged({"a: {x: 1}", "a: 5"}) == "a: 5\n");
  CHECK(merged({"a: 5", "a: {x: 1}"}) == "a:\n    x: 1\n");
  CHECK(merged({"a::b::c: 1", "a::b::d: 2"}) == "a:\n    b:\n        c: 1\n        d: 2\n");
  CHECK(merged({"", "a: 1", "null"}) == "a: 1\n");
  CHECK(merged({"a: {x: 1}"}, {"a.x=2", "a.z=[1,2]", "b.c={d: e}"}) ==
        "a:\n    x: 2\n    z:\n        - 1\n        - 2\nb:\n    c:\n        d: e\n");
  CHECK(merged({"a: '${yaml:{y: 2}}'", "a: {b: 1}"}) == "a:\n    b: 1\n");
}

TEST_CASE("Lists of a pipeline are appended when asked", "[config][merge]") {
  LoadOptions options = With({});
  options.append_lists = true;
  auto config = Config::Load({"yaml:service: {extensions: [a], pipelines: {logs: {receivers: [x], processors: [p]}}}",
                              "yaml:service: {extensions: [a, b], pipelines: {logs: {receivers: [y], processors: [q]}}}"},
                             options);
  REQUIRE(config.ok());
  const ConfigNode* service = config->root().Find("service");
  CHECK(service->Find("extensions")->items.size() == 2);
  const ConfigNode* logs = service->Find("pipelines")->Find("logs");
  CHECK(logs->Find("receivers")->items.size() == 2);
  CHECK(logs->Find("processors")->items.size() == 1);
}

TEST_CASE("Merged values keep the place where they were written", "[config][merge]") {
  const Scratch scratch;
  const std::string a = scratch.Write("a.yaml", "x:\n  one: 1\n  two: 2\n");
  const std::string b = scratch.Write("b.yaml", "\nx:\n  two: 3\n");
  auto config = Config::Load({a, "file:" + b});
  REQUIRE(config.ok());
  CHECK(config->root().Find("x")->Find("one")->location.ToString() == a + ":2:8");
  CHECK(config->root().Find("x")->Find("two")->location.ToString() == b + ":3:8");
  auto set = Config::Load({a}, With({}, {"x.two=4"}));
  REQUIRE(set.ok());
  CHECK(set->root().Find("x")->Find("two")->location.ToString() == "--set=x.two");
}

TEST_CASE("Locations are refused in the reference's words", "[config][load]") {
  auto error = [](std::vector<std::string> locations, std::vector<std::string> sets = {}) {
    auto config = Config::Load(locations, With({}, std::move(sets)));
    return config.ok() ? "" : std::string(config.status().message());
  };
  CHECK(error({}) == "at least one config flag must be provided");
  CHECK(error({}, {"a=b"}).empty());
  CHECK(error({"foo:bar"}).find("unsupported scheme on URI \"foo:bar\"") != std::string::npos);
  CHECK(error({"file:/no/such.yaml"}).find("cannot retrieve the configuration: unable to read the file file:/no/such.yaml: "
                                           "open /no/such.yaml: no such file or directory") != std::string::npos);
  CHECK(error({"/tmp"}).find("read /tmp: is a directory") != std::string::npos);
  CHECK(error({"env:1A"}).find("environment variable \"1A\" has invalid name") != std::string::npos);
  CHECK(error({"http://localhost/x"}).find("configuration is not read from the network") != std::string::npos);
  CHECK(error({"yaml:[1]"}).find("retrieved value (type=[]interface {}) cannot be used as a Conf") != std::string::npos);
  CHECK(error({"yaml:word"}).find("retrieved value (type=string) cannot be used as a Conf") != std::string::npos);
  CHECK(error({"yaml:a: 1"}, {"nonsense"}).find("--set: invalid argument \"nonsense\" for \"--set\" flag: missing equal sign") == 0);
}

TEST_CASE("All problems of all sources come in one run, in the order of their places", "[config][load]") {
  const Scratch scratch;
  const std::string a = scratch.Write("a.yaml", "x: ${vault:x}\ny: '${foo:bar}'\n");
  const std::string b = scratch.Write("b.yaml", "z: [1\n");
  auto config = Config::Load({a, b, "/no/such"}, With({}, {"q"}));
  REQUIRE_FALSE(config.ok());
  const auto errors = ConfigErrorsFromStatus(config.status());
  REQUIRE(errors.size() == 5);
  CHECK(errors[0].ToString() == a + ":1:4: x: scheme \"vault\" is not supported for uri \"vault:x\"");
  CHECK(errors[1].location.line == 2);
  CHECK(errors[2].location.file == b);
}

TEST_CASE("A variable can hold the whole configuration", "[config][load]") {
  auto config = Config::Load({"env:CONF"}, With({{"CONF", "a:\n  b: 1\n"}}));
  REQUIRE(config.ok());
  CHECK(config->root().Find("a")->Find("b")->location.ToString() == "env:CONF:2:6");
}

TEST_CASE("Text given by the embedder is parsed under the name it chose", "[config][load]") {
  auto config = Config::Parse("a: {b: x$$y}", "inline");
  REQUIRE(config.ok());
  CHECK(config->root().Find("a")->Find("b")->text == "x$y");
  CHECK(config->root().Find("a")->Find("b")->location.file == "inline");
  CHECK(ConfigErrorsFromStatus(Config::Parse("a: [", "inline").status())[0].location.file == "inline");
}

TEST_CASE("a variable in the form of earlier versions stays text and is told", "[config]") {
  LoadOptions options;
  options.environment = [](const std::string& name) { return name == "SET" ? std::optional<std::string>("x") : std::nullopt; };
  auto config = Config::Load({"yaml:{a: $UNSET, b: [x $SET y, $$SET, '${SET}', $5, cost $USD, ^a$, $lower]}"}, options);
  REQUIRE(config.ok());
  CHECK(config->root().Find("a")->text == "$UNSET");
  REQUIRE(config->warnings().size() == 2);
  CHECK(config->warnings()[0].path == "a");
  CHECK(config->warnings()[0].location.line == 1);
  CHECK(config->warnings()[0].message == "$UNSET is plain text, no variable");
  CHECK(config->warnings()[1].path == "b::0");
  CHECK(config->warnings()[1].hint == "write ${env:SET}, or $$SET when the text is meant");
}

}  // namespace
}  // namespace otelpipe
