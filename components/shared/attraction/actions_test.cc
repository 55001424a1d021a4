#include "shared/attraction/actions.h"

#include <catch2/catch.hpp>
#include <limits>

#include "otelpipe/component/config_node.h"
#include "shared/attraction/convert.h"

namespace otelpipe::attraction {
namespace {

ConfigNode Text(std::string_view text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kString;
  node.text = std::string(text);
  return node;
}

ConfigNode Int(int64_t n) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kInt;
  node.integer = n;
  node.text = std::to_string(n);
  return node;
}

ActionConfig Make(std::string action, std::string key) {
  ActionConfig c;
  c.action = std::move(action);
  c.key = std::move(key);
  c.location = {"agent.yaml", 4, 9};
  return c;
}

ActionConfig Literal(std::string action, std::string key, ConfigNode value) {
  ActionConfig c = Make(std::move(action), std::move(key));
  c.value = std::move(value);
  return c;
}

std::string Dump(const Map& map) {
  std::string out;
  for (const KeyValue& kv : map) {
    if (!out.empty()) out += ' ';
    out += std::string(kv.key) + "=" + kv.value.AsString();
    if (kv.value.kind() == ValueKind::kInt) out += "i";
    if (kv.value.kind() == ValueKind::kDouble) out += "d";
  }
  return out;
}

struct Fixture {
  Arena arena;
  Map map;
  ClientInfo client;
  bool has_client = false;

  std::string Run(const std::vector<ActionConfig>& configs) {
    auto actions = Actions::Compile(configs, "actions");
    REQUIRE(actions.ok());
    actions->BeginBatch(arena, has_client ? &client : nullptr);
    actions->Apply(map, Logger());
    return Dump(map);
  }
};

std::string ErrorOf(ActionConfig config) {
  auto actions = Actions::Compile({Make("delete", "x"), config}, "attributes");
  REQUIRE_FALSE(actions.ok());
  auto errors = ConfigErrorsFromStatus(actions.status());
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].location.line == 4);
  CHECK(errors[0].path == "attributes::1");
  return errors[0].message;
}

TEST_CASE("insert, update and upsert differ by whether the key is there", "[unit][attraction]") {
  Fixture f;
  f.map.Set(f.arena, "a", Value::Int(1));
  CHECK(f.Run({Literal("insert", "a", Text("x")), Literal("INSERT", "b", Text("y"))}) == "a=1i b=y");
  CHECK(f.Run({Literal("update", "a", Text("x")), Literal("update", "c", Text("y"))}) == "a=x b=y");
  CHECK(f.Run({Literal("Upsert", "a", Int(7)), Literal("upsert", "c", Text(""))}) == "a=7i b=y c=");
}

TEST_CASE("from_attribute takes the type along and skips when it is missing", "[unit][attraction]") {
  Fixture f;
  f.map.Set(f.arena, "n", Value::Int(5));
  f.map.Set(f.arena, "s", Value::Str("old"));
  ActionConfig copy = Make("update", "s");
  copy.from_attribute = "n";
  ActionConfig missing = Make("insert", "z");
  missing.from_attribute = "nowhere";
  CHECK(f.Run({copy, missing}) == "n=5i s=5i");
}

TEST_CASE("a copied map is a copy", "[unit][attraction]") {
  Fixture f;
  Map* inner = f.arena.New<Map>();
  inner->Set(f.arena, "k", Value::Int(1));
  f.map.Set(f.arena, "m", Value::OfMap(inner));
  ActionConfig copy = Make("insert", "n");
  copy.from_attribute = "m";
  f.Run({copy});
  inner->Set(f.arena, "k", Value::Int(2));
  CHECK(f.map.Find("n")->map().Find("k")->integer() == 1);
}

TEST_CASE("from_context reads metadata, authentication and address", "[unit][attraction]") {
  Fixture f;
  ActionConfig meta = Make("insert", "m"), bare = Make("insert", "b"), auth = Make("insert", "u");
  ActionConfig none = Make("insert", "none"), address = Make("insert", "ip");
  meta.from_context = "metadata.X-Shop";
  bare.from_context = "x-shop";
  auth.from_context = "auth.username";
  none.from_context = "metadata.x-none";
  address.from_context = "client.address";
  SECTION("with a request") {
    f.has_client = true;
    f.client.address = "127.0.0.1";
    f.client.metadata["x-shop"] = {"a", "b"};
    f.client.auth["username"] = "u1";
    CHECK(f.Run({meta, bare, auth, none, address}) == "m=a;b b=a;b u=u1 ip=127.0.0.1");
  }
  SECTION("the address is shown without its port") {
    for (const auto& [peer, host] : {std::pair{"10.0.0.1:4711", "10.0.0.1"}, {"[::1]:4711", "::1"}, {"fe80::1", "fe80::1"}, {"/run/x", "/run/x"}}) {
      Fixture fresh;
      fresh.has_client = true;
      fresh.client.address = peer;
      CHECK(fresh.Run({address}) == std::string("ip=") + host);
    }
  }
  SECTION("without one only the address is set, to empty text") { CHECK(f.Run({meta, bare, auth, none, address}) == "ip="); }
}

TEST_CASE("delete moves the last attribute into the hole", "[unit][attraction]") {
  Fixture f;
  for (const char* key : {"a", "b", "c", "d"}) f.map.Set(f.arena, key, Value::Int(1));
  CHECK(f.Run({Make("delete", "a")}) == "d=1i b=1i c=1i");
  ActionConfig pattern = Make("delete", "");
  pattern.pattern = "^[db]$";
  CHECK(f.Run({pattern}) == "c=1i");
}

TEST_CASE("hash follows the recorded vectors", "[unit][attraction]") {
  Arena arena;
  CHECK(Hash(Value::Str("abc"), arena).string() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(Hash(Value::Int(42), arena).string() == "ed049108bc18f2c64369e8d0ea42850bdd1a7d1dd340cfde716315579702a76c");
  CHECK(Hash(Value::Double(2.75), arena).string() == "a4bd556a68500c73b6fa225c50291abf27d9083a7c21ccd651b1907d31f01e78");
  CHECK(Hash(Value::Bool(true), arena).string() == "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a");
  CHECK(Hash(Value::Int(-3), arena).string() == "74d323611439a39d8fba5a7516ade43cbe914ef3631c9450bc59ff1bae6341a0");
  CHECK(Hash(Value::Str(""), arena).string().empty());
  CHECK(Hash(Value::Bytes("x"), arena).string().empty());
}

TEST_CASE("a key named and matched is hashed twice", "[unit][attraction]") {
  Fixture f;
  f.map.Set(f.arena, "a", Value::Str("abc"));
  ActionConfig both = Make("hash", "a");
  both.pattern = "a";
  Arena arena;
  std::string twice(Hash(Hash(Value::Str("abc"), arena), arena).string());
  CHECK(f.Run({both}) == "a=" + twice);
}

TEST_CASE("extract sets every named group, empty when it took no part", "[unit][attraction]") {
  Fixture f;
  f.map.Set(f.arena, "url", Value::Str("http://h:80/p?q=1"));
  f.map.Set(f.arena, "host", Value::Int(1));
  ActionConfig extract = Make("extract", "url");
  extract.pattern = R"(^(?P<scheme>\w+)://(?P<host>\w+)(?P<user>@)?)";
  CHECK(f.Run({extract}) == "url=http://h:80/p?q=1 host=h scheme=http user=");
  f.map.Set(f.arena, "url", Value::Int(3));
  CHECK(f.Run({extract}) == "url=3i host=h scheme=http user=");
}

TEST_CASE("convert changes the type in place or leaves the value", "[unit][attraction]") {
  Fixture f;
  f.map.Set(f.arena, "a", Value::Double(-2.9));
  f.map.Set(f.arena, "b", Value::Str("1e3"));
  f.map.Set(f.arena, "c", Value::Str(" 1"));
  f.map.Set(f.arena, "d", Value::Bool(true));
  f.map.Set(f.arena, "e", Value::Int(12));
  auto convert = [](std::string key, std::string type) {
    ActionConfig c = Make("convert", std::move(key));
    c.converted_type = std::move(type);
    return c;
  };
  CHECK(f.Run({convert("a", "int"), convert("b", "double"), convert("c", "int"), convert("d", "int"),
               convert("e", "string"), convert("nowhere", "int")}) == "a=-2i b=1000d c= 1 d=1i e=12");
  CHECK(ConvertToInt(Value::Double(1e30))->integer() == std::numeric_limits<int64_t>::min());
  CHECK(ConvertToInt(Value::Double(std::numeric_limits<double>::quiet_NaN()))->integer() ==
        std::numeric_limits<int64_t>::min());
}

TEST_CASE("numbers in text follow Go's syntax", "[unit][attraction]") {
  CHECK(ParseInt("+5") == 5);
  CHECK(ParseInt("-9223372036854775808") == std::numeric_limits<int64_t>::min());
  for (const char* bad : {"", "+", "+-5", "1_0", " 1", "0x10", "9223372036854775808", "1.5"}) CHECK_FALSE(ParseInt(bad));
  CHECK(ParseFloat("1.5") == 1.5);
  CHECK(ParseFloat(".5") == 0.5);
  CHECK(ParseFloat("5.") == 5.0);
  CHECK(ParseFloat("-1e+3") == -1000.0);
  CHECK(ParseFloat("0x1p-2") == 0.25);
  CHECK(ParseFloat("-0X1.8p+1") == -3.0);
  CHECK(ParseFloat("0x_1p4") == 16.0);
  CHECK(ParseFloat("+Inf") == std::numeric_limits<double>::infinity());
  CHECK(ParseFloat("-infinity") == -std::numeric_limits<double>::infinity());
  CHECK(ParseFloat("1e-400") == 0.0);
  auto nan = ParseFloat("NaN");
  REQUIRE(nan);
  CHECK(*nan != *nan);
  for (const char* bad : {"", "+nan", "1e400", "1_0", "0x1", "--1", "+-1", "1e", "1 ", "infx", "0xp1", "."}) {
    INFO(bad);
    CHECK_FALSE(ParseFloat(bad));
  }
}

TEST_CASE("each mistake in an action is told in the reference's words, at its place", "[unit][attraction]") {
  CHECK(ErrorOf(Make("insert", "")) ==
        "error creating AttrProc due to missing required field \"key\" at the 1-th actions");
  CHECK(ErrorOf(Make("delete", "")) ==
        "error creating AttrProc due to missing required field (at least one of \"key\" and \"pattern\" have to be used) at "
        "the 1-th actions");
  CHECK(ErrorOf(Make("frob", "a")) == "error creating AttrProc due to unsupported action \"frob\" at the 1-th actions");
  CHECK(ErrorOf(Make("insert", "a")) ==
        "error creating AttrProc. Either field \"value\", \"from_attribute\" or \"from_context\" setting must be specified for "
        "1-th action");
  ActionConfig two = Literal("upsert", "a", Int(1));
  two.from_attribute = "b";
  CHECK(ErrorOf(two) == "error creating AttrProc due to multiple value sources being set at the 1-th actions");
  ActionConfig pattern = Literal("insert", "a", Int(1));
  pattern.pattern = "x";
  CHECK(ErrorOf(pattern) ==
        "error creating AttrProc. Action \"insert\" does not use the \"pattern\" field. This must not be specified for 1-th action");
  ActionConfig type = Make("delete", "a");
  type.converted_type = "int";
  CHECK(ErrorOf(type) ==
        "error creating AttrProc. Action \"delete\" does not use the \"converted_type\" field. This must not be specified for "
        "1-th action");
  CHECK(ErrorOf(Literal("hash", "a", Int(1))) ==
        "error creating AttrProc. Action \"hash\" does not use \"value\" or \"from_attribute\" field. These must not be "
        "specified for 1-th action");
  ActionConfig bad = Make("delete", "");
  bad.pattern = "(";
  CHECK(ErrorOf(bad) == "error creating AttrProc. Field \"pattern\" has invalid pattern: \"(\" to be set at the 1-th actions");
  CHECK(ErrorOf(Literal("extract", "a", Int(1))) ==
        "error creating AttrProc. Action \"extract\" does not use a value source field. These must not be specified for 1-th "
        "action");
  CHECK(ErrorOf(Make("extract", "a")) ==
        "error creating AttrProc due to missing required field \"pattern\" for action \"extract\" at the 1-th action");
  ActionConfig unnamed = Make("extract", "a");
  unnamed.pattern = "(?P<n>x)(y)";
  CHECK(ErrorOf(unnamed) ==
        "error creating AttrProc. Field \"pattern\" contains at least one unnamed matcher group at the 1-th actions");
  unnamed.pattern = "x";
  CHECK(ErrorOf(unnamed) == "error creating AttrProc. Field \"pattern\" contains no named matcher groups at the 1-th actions");
  CHECK(ErrorOf(Literal("convert", "a", Int(1))) ==
        "error creating AttrProc. Action \"convert\" does not use value sources or \"pattern\" field. These must not be "
        "specified for 1-th action");
  CHECK(ErrorOf(Make("convert", "a")) ==
        "error creating AttrProc due to missing required field \"converted_type\" for action \"convert\" at the 1-th action");
  ActionConfig odd = Make("convert", "a");
  odd.converted_type = "bool";
  CHECK(ErrorOf(odd) ==
        "error creating AttrProc due to invalid value \"bool\" in field \"converted_type\" for action \"convert\" at the 1-th "
        "action");
  ConfigNode date = Text("2024-03-05");
  date.kind = ConfigNode::Kind::kTimestamp;
  CHECK(ErrorOf(Literal("insert", "a", date)) == "<Invalid value type time.Time>");
}

}  // namespace
}  // namespace otelpipe::attraction
