// Expressions with what the reference's evaluator makes of them: testdata/vectors.jsonl.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "operator/expr/values.h"
#include "otelpipe/operator/expression.h"
#include "otelpipe/operator/json.h"
#include "otelpipe/pdata/text.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe {
namespace {

// One text per value and kind: int 1 is i1, int64 1 is l1, double 1 is f1, and so on through lists and maps.
std::string Show(const Value& v) {
  auto quoted = [](std::string_view text) {
    std::string out;
    AppendJsonString(out, text);
    return out;
  };
  switch (v.kind()) {
    case ValueKind::kEmpty:
      return "nil";
    case ValueKind::kBool:
      return v.boolean() ? "true" : "false";
    case ValueKind::kString:
      return v.tag() == kTagRendered ? "r" + quoted(v.string()) : quoted(v.string());
    case ValueKind::kInt:
      return (v.tag() == kTagDuration ? "d" : v.tag() == kTagInt64 ? "l" : "i") + std::to_string(v.integer());
    case ValueKind::kDouble: {
      char text[40];
      std::snprintf(text, sizeof text, "%.17g", v.number());
      std::string out = text;
      if (out == "inf") out = "+Inf";
      if (out == "-inf") out = "-Inf";
      if (out == "nan" || out == "-nan") out = "NaN";
      return "f" + out;
    }
    case ValueKind::kBytes:
      return v.tag() == kTagTime ? "t" + timeparse::FormatRfc3339(expr::TimeOf(v)) : "b" + quoted(v.string());
    case ValueKind::kList: {
      std::string out = v.tag() == kTagStringList ? "S[" : "[";
      for (const Value& item : v.list()) out += (out.back() == '[' ? "" : ",") + Show(item);
      return out + "]";
    }
    case ValueKind::kMap: {
      std::vector<std::string> parts;
      for (const KeyValue& kv : v.map()) parts.push_back(quoted(kv.key) + ":" + Show(kv.value));
      std::sort(parts.begin(), parts.end());
      std::string out = "{";
      for (const std::string& part : parts) out += (out.size() == 1 ? "" : ",") + part;
      return out + "}";
    }
  }
  return "";
}

// The entry that all vectors speak of.
void Fill(Entry& entry, Arena& arena) {
  entry.arena = &arena;
  entry.body = Value::Str("the body text 42");
  entry.timestamp = {1714979289, 10, true};
  entry.has_attributes = entry.has_resource = true;
  auto tagged = [](Value v, uint8_t tag) {
    v.set_tag(tag);
    return v;
  };
  auto list = [&](std::initializer_list<Value> items, uint8_t tag = 0) {
    List* out = arena.New<List>();
    for (const Value& item : items) out->Add(arena) = item;
    return tagged(Value::OfList(out), tag);
  };
  auto map = [&](std::initializer_list<KeyValue> items) {
    Map* out = arena.New<Map>();
    for (const KeyValue& item : items) out->Append(arena, item.key, item.value);
    return Value::OfMap(out);
  };
  auto text = [](const char* s) { return Value::Str(s); };
  auto integer = [](int64_t i) { return Value::Int(i); };
  const KeyValue attributes[] = {
      {"s", text("text")},
      {"i", integer(5)},
      {"l", tagged(integer(7), kTagInt64)},
      {"f", Value::Double(2.5)},
      {"w", Value::Double(3)},
      {"b", Value::Bool(true)},
      {"n", Value()},
      {"e", text("")},
      {"num", text("42")},
      {"list", list({integer(3), integer(1), tagged(integer(2), kTagInt64), Value::Double(2.5)})},
      {"strs", list({text("b"), text("a"), text("c")})},
      {"sl", list({text("x"), text("y")}, kTagStringList)},
      {"m", map({{"a", integer(1)}, {"b", map({{"c", text("deep")}})}, {"z", Value()}})},
      {"u", text("h\xC3\xA9llo")},
      {"objs", list({map({{"k", text("x")}, {"v", integer(2)}}), map({{"k", text("y")}, {"v", integer(1)}})})},
      {"t", TimeToValue({1709296245, 123456789, true}, arena)},
      {"d", tagged(integer(90000000000), kTagDuration)},
      {"empty", list({})},
      {"em", map({})},
      {"bytes", Value::Bytes("xy")},
  };
  for (const KeyValue& kv : attributes) entry.attributes.Append(arena, kv.key, kv.value);
  entry.resource.Append(arena, "host", text("h1"));
  entry.resource.Append(arena, "port", integer(80));
}

std::string Of(std::string_view text, bool want_bool, const Entry& entry) {
  auto compiled = want_bool ? Expression::CompileBool(text) : Expression::Compile(text);
  if (!compiled.ok()) return "compile: " + std::string(compiled.status().message());
  auto value = (*compiled)->Eval(entry);
  if (!value.ok()) return "run: " + std::string(value.status().message());
  return Show(*value);
}

}  // namespace

// Scenario: thousands of generated expressions over one entry, each with the value and its kind, or the message, that
// the reference gives. Guarantees: ours is the same. OTELPIPE_EXPR_VECTORS names another file of such lines.
TEST_CASE("expressions give what the reference's evaluator gives", "[operator][expr]") {
  const char* other = std::getenv("OTELPIPE_EXPR_VECTORS");
  std::ifstream file(other != nullptr ? other
                                      : OTELPIPE_SOURCE_DIR "/libotelpipe/src/operator/expr/testdata/vectors.jsonl");
  REQUIRE(file.good());
  Arena arena;
  Entry entry;
  Fill(entry, arena);
  size_t lines = 0;
  std::string line;
  while (std::getline(file, line)) {
    ++lines;
    auto vector = ParseJsonObject(line, arena);
    REQUIRE(vector.ok());
    auto member = [&](const char* name) {
      const Value* found = vector->map().Find(name);
      return found != nullptr && found->is_string() ? std::string(found->string()) : std::string();
    };
    std::string wanted = member("v");
    if (!member("c").empty()) wanted = "compile: " + member("c");
    if (!member("r").empty()) wanted = "run: " + member("r");
    const std::string text = member("e");
    INFO(text);
    CHECK(Of(text, vector->map().Find("b") != nullptr, entry) == wanted);
  }
  CHECK(lines > 1000);
}

}  // namespace otelpipe
