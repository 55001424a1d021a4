#include "shared/loki/logfmt.h"

#include <catch2/catch.hpp>

namespace otelpipe::loki {
namespace {

std::string Parsed(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (!ParseLogfmt(text, pairs)) return "error";
  std::string out;
  for (auto& [key, value] : pairs) out += "[" + key + "|" + value + "]";
  return out;
}

TEST_CASE("logfmt text is read by its first line", "[unit][loki]") {
  CHECK(Parsed("hello world") == "[hello|][world|]");
  CHECK(Parsed("first line\nsecond k=v") == "[first|][line|]");
  CHECK(Parsed("") == "");
  CHECK(Parsed("  \t ") == "");
  CHECK(Parsed("a=1 b=\"x y\" c= d") == "[a|1][b|x y][c|][d|]");
  CHECK(Parsed("a=\"q\\\"\\u00e9\\n\\ud83d\\ude00\"") == "[a|q\"\xc3\xa9\n\xf0\x9f\x98\x80]");
  CHECK(Parsed("a=\"\"") == "[a|]");
  CHECK(Parsed("a\r") == "[a|]");
  CHECK(Parsed("k\xff=1") == "error");
  CHECK(Parsed("a=b=c") == "error");
  CHECK(Parsed("=b") == "error");
  CHECK(Parsed("a\"b") == "error");
  CHECK(Parsed("a=b\"c") == "error");
  CHECK(Parsed("a=\"open") == "error");
  CHECK(Parsed("a=\"open\\") == "error");
  CHECK(Parsed("a=\"\\q\"") == "error");
  CHECK(Parsed("{\"a\":1}") == "error");
  CHECK(Parsed(std::string(65536, 'a')) == "error");
  CHECK(Parsed(std::string(65535, 'a')) == "[" + std::string(65535, 'a') + "|]");
}

std::string Line(const Value& body) {
  std::string out;
  LogfmtWriter writer;
  writer.Body(body);
  return writer.Write(out) ? out : "error";
}

TEST_CASE("bodies of every kind become pairs", "[unit][loki]") {
  Arena arena;
  CHECK(Line(Value::Str("hello world")) == "hello= world=");
  CHECK(Line(Value::Str("{\"a\":1}")) == R"(msg="{\"a\":1}")");
  CHECK(Line(Value::Str("x=null")) == "x=null");
  CHECK(Line(Value()) == "");
  CHECK(Line(Value::Int(5)) == "msg=5");
  CHECK(Line(Value::Bytes(std::string_view("\0\xff", 2))) == "msg=\"\\u0000\\ufffd\"");
  CHECK(Line(Value::Double(1)) == "msg=1");
  CHECK(Line(Value::Double(100000)) == "msg=100000");
  CHECK(Line(Value::Double(1000000)) == "msg=1e+06");
  CHECK(Line(Value::Double(1e21)) == "msg=1e+21");
  CHECK(Line(Value::Double(0.00001)) == "msg=1e-05");
  List* list = arena.New<List>();
  list->Add(arena) = Value::Str("a");
  list->Add(arena) = Value();
  Map* inner = arena.New<Map>();
  inner->Set(arena, "k", Value::Str("v"));
  list->Add(arena) = Value::OfMap(inner);
  CHECK(Line(Value::OfList(list)) == "body_0=a body_2_k=v");
  Map* map = arena.New<Map>();
  map->Set(arena, "a b=\"", Value::Str("null"));
  map->Set(arena, "m", Value::OfMap(inner));
  CHECK(Line(Value::OfMap(map)) == "ab=\"null\" m_k=v");
  map->Set(arena, " ", Value::Int(1));
  CHECK(Line(Value::OfMap(map)) == "error");
}

TEST_CASE("fields replace pairs of map bodies only", "[unit][loki]") {
  Arena arena;
  LogfmtWriter writer;
  writer.Body(Value::Str("traceID=abc msg=hi"));
  writer.Field("traceID", "01");
  std::string out;
  REQUIRE(writer.Write(out));
  CHECK(out == "traceID=abc msg=hi traceID=01");
  Map* map = arena.New<Map>();
  map->Set(arena, "traceID", Value::Str("abc"));
  writer.Clear();
  writer.Body(Value::OfMap(map));
  writer.Field("traceID", "01");
  writer.Attribute("attribute_", "q", Value::Str("a\"b=c"));
  writer.Attribute("attribute_", "nl", Value::Str("l1\nl2"));
  writer.Attribute("attribute_", "s", Value::Str(""));
  writer.Attribute("attribute_", "gone", Value());
  out.clear();
  REQUIRE(writer.Write(out));
  CHECK(out == "traceID=01 attribute_q=\"a\\\"b=c\" attribute_nl=\"l1\\nl2\" attribute_s=");
}

}  // namespace
}  // namespace otelpipe::loki
