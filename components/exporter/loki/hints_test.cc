#include "exporter/loki/hints.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

std::string Names(const Value& hint) {
  LokiNameList list;
  SplitLokiHint(hint, list);
  std::string out;
  for (std::string_view name : list.names) out += "[" + std::string(name) + "]";
  return out;
}

TEST_CASE("label hints are lists in text or arrays", "[unit][loki]") {
  Arena arena;
  CHECK(Names(Value::Str("a, b ,,c.d")) == "[a][b][][c.d]");
  CHECK(Names(Value::Str("")) == "[]");
  List* list = arena.New<List>();
  list->Add(arena) = Value::Str(" x ");
  list->Add(arena) = Value::Int(7);
  CHECK(Names(Value::OfList(list)) == "[x][7]");
  CHECK(Names(Value::Int(12)) == "[12]");
}

TEST_CASE("the four hints are found and nothing else", "[unit][loki]") {
  Arena arena;
  Map map;
  map.Set(arena, "loki.event.labels", Value::Str("x"));
  map.Set(arena, "loki.format", Value::Str("raw"));
  map.Set(arena, "loki.resource.labels", Value::Str("a"));
  LokiHints hints = FindLokiHints(map);
  CHECK(hints.format == map.Find("loki.format"));
  CHECK(hints.resource_labels == map.Find("loki.resource.labels"));
  CHECK(hints.attribute_labels == nullptr);
  CHECK(hints.tenant == nullptr);
  CHECK(IsLokiHint("loki.tenant"));
  CHECK_FALSE(IsLokiHint("loki.event.labels"));
  CHECK_FALSE(IsLokiHint("loki."));
}

TEST_CASE("formats are exact words", "[unit][loki]") {
  CHECK(LokiFormatOf(Value::Str("json")) == LokiFormat::kJson);
  CHECK(LokiFormatOf(Value::Str("logfmt")) == LokiFormat::kLogfmt);
  CHECK(LokiFormatOf(Value::Str("raw")) == LokiFormat::kRaw);
  CHECK(LokiFormatOf(Value::Str("JSON")) == LokiFormat::kUnknown);
  CHECK(LokiFormatOf(Value::Int(1)) == LokiFormat::kUnknown);
}

TEST_CASE("dotted names reach into maps, longer left parts first", "[unit][loki]") {
  Arena arena;
  Map* shallow = arena.New<Map>();
  shallow->Set(arena, "request.method", Value::Str("G"));
  Map* deep = arena.New<Map>();
  deep->Set(arena, "method", Value::Str("H"));
  Map map;
  map.Set(arena, "http", Value::OfMap(shallow));
  CHECK(FindLokiAttribute(map, "http.request.method")->string() == "G");
  map.Set(arena, "http.request", Value::OfMap(deep));
  CHECK(FindLokiAttribute(map, "http.request.method")->string() == "H");
  map.Set(arena, "http.request.method", Value::Str("flat"));
  CHECK(FindLokiAttribute(map, "http.request.method")->string() == "flat");
  CHECK(FindLokiAttribute(map, "http.none") == nullptr);
  CHECK(FindLokiAttribute(map, ".") == nullptr);
}

TEST_CASE("levels have names up to 24", "[unit][loki]") {
  CHECK(LokiLevel(1) == "TRACE");
  CHECK(LokiLevel(9) == "INFO");
  CHECK(LokiLevel(24) == "FATAL4");
  CHECK(LokiLevel(25).empty());
  CHECK(LokiLevel(-3).empty());
}

}  // namespace
}  // namespace otelpipe
