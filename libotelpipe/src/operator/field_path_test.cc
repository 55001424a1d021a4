#include "otelpipe/operator/field_path.h"

#include <catch2/catch.hpp>
#include <deque>
#include <string>

#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

FieldPath P(std::string_view text, bool rootable = false) {
  auto path = FieldPath::Parse(text, rootable);
  INFO(text);
  REQUIRE(path.ok());
  return *path;
}
std::string Error(std::string_view text, bool rootable = false) {
  auto path = FieldPath::Parse(text, rootable);
  return path.ok() ? "" : std::string(S(path.status().message()));
}
using Keys = std::vector<std::string>;

TEST_CASE("field paths split at dots and quoted brackets", "[operator][field]") {
  CHECK(P("body.a.b").keys() == Keys{"a", "b"});
  CHECK(P("body").keys().empty());
  CHECK(P("attributes[\"a.b\"].c").keys() == Keys{"a.b", "c"});
  CHECK(P("attributes['a.b']['c']").keys() == Keys{"a.b", "c"});
  CHECK(P("[\"body\"].r").keys() == Keys{"r"});
  CHECK(P("[\"body\"].r").root() == FieldPath::Root::kBody);
  CHECK(P("body.").keys() == Keys{""});
  CHECK(P("body..q").keys() == Keys{"", "q"});
  CHECK(P("body.[\"a\"]").keys() == Keys{"", "a"});
  CHECK(P("body.\"x\"").keys() == Keys{"\"x\""});
  CHECK(P("body.a b").keys() == Keys{"a b"});
  CHECK(P("attributes", true).is_root());
}

TEST_CASE("field path mistakes have the reference's words", "[operator][field]") {
  CHECK(Error("") == "splitting field: fields size is 0");
  CHECK(Error("body[x]") == "splitting field: strings in brackets must be surrounded by quotes");
  CHECK(Error("body['x") == "splitting field: found unclosed single quote");
  CHECK(Error("body[\"x") == "splitting field: found unclosed double quote");
  CHECK(Error("body['x'") == "splitting field: found unclosed left bracket");
  CHECK(Error("body[") == "splitting field: found unclosed left bracket");
  CHECK(Error("body['x'y]") == "splitting field: found characters between closed quote and closing bracket");
  CHECK(Error("body['x']y") ==
        "splitting field: bracketed access must be followed by a dot or another bracketed access");
  CHECK(Error("foo") == "unrecognized prefix");
  CHECK(Error("$body") == "unrecognized prefix");
  CHECK(Error("attributes") == "attributes cannot be referenced without subfield");
  CHECK(Error("resource") == "resource cannot be referenced without subfield");
}

TEST_CASE("field paths print with brackets when a key has a dot", "[operator][field]") {
  CHECK(P("body.a.b").ToString() == "body.a.b");
  CHECK(P("attributes[\"a.b\"].c").ToString() == "attributes['a.b']['c']");
  CHECK(P("attributes", true).ToString() == "attributes");
}

struct Fixture {
  Arena arena;
  Entry entry;
  Fixture() { entry.arena = &arena; }
  // Keys that are set must outlive the entry.
  std::deque<FieldPath> paths;
  void Set(std::string_view path, Value v) {
    paths.push_back(P(path, true));
    REQUIRE(paths.back().Set(entry, v).ok());
  }
  std::string Text(std::string_view path) {
    const Value* v = P(path).Get(entry);
    return v == nullptr ? "<absent>" : v->AsString();
  }
  Value MapOf(std::initializer_list<std::pair<const char*, Value>> items) {
    Map* map = arena.New<Map>();
    for (auto& [k, v] : items) map->Set(arena, k, v);
    return Value::OfMap(map);
  }
};

TEST_CASE("setting creates maps on the way and discards what is no map", "[operator][field]") {
  Fixture f;
  f.entry.body = Value::Str("line");
  f.Set("body.a.b", Value::Int(1));
  CHECK(f.Text("body.a.b") == "1");
  f.Set("attributes.x.y.z", Value::Str("v"));
  CHECK(f.entry.has_attributes);
  CHECK(f.Text("attributes.x.y.z") == "v");
  f.Set("attributes.x.y", Value::Str("flat"));
  CHECK(f.Text("attributes.x.y.z") == "<absent>");
  CHECK(f.Text("attributes.x.y") == "flat");
}

TEST_CASE("setting a map merges its top level", "[operator][field]") {
  Fixture f;
  f.Set("body", f.MapOf({{"k", Value::Int(1)}, {"a", Value::Str("s")}}));
  f.Set("body", f.MapOf({{"a", Value::Int(2)}}));
  CHECK(f.Text("body.k") == "1");
  CHECK(f.Text("body.a") == "2");
  f.Set("attributes", f.MapOf({{"m", f.MapOf({{"x", Value::Int(1)}})}}));
  f.Set("attributes", f.MapOf({{"m", f.MapOf({{"y", Value::Int(2)}})}}));
  CHECK(f.Text("attributes.m.x") == "<absent>");
  CHECK(f.Text("attributes.m.y") == "2");
  CHECK(P("attributes", true).Set(f.entry, Value::Int(1)).message() == "cannot set attributes root");
  CHECK(P("resource", true).Set(f.entry, Value::Int(1)).message() == "cannot set resource root");
}

TEST_CASE("deleting returns the value and leaves roots empty", "[operator][field]") {
  Fixture f;
  f.Set("attributes.a", Value::Str("v"));
  f.Set("attributes.b", Value::Str("w"));
  Value out;
  CHECK(P("attributes.a").Delete(f.entry, &out));
  CHECK(out.string() == "v");
  CHECK_FALSE(P("attributes.a").Delete(f.entry, &out));
  CHECK_FALSE(P("attributes.b.c").Delete(f.entry, &out));
  CHECK(P("attributes", true).Delete(f.entry, &out));
  CHECK(out.map().size() == 1);
  CHECK_FALSE(f.entry.has_attributes);
  f.entry.body = Value::Str("x");
  CHECK(P("body").Delete(f.entry, nullptr));
  CHECK(f.entry.body.is_empty());
}

TEST_CASE("copies of an entry share no maps", "[operator][entry]") {
  Fixture f;
  f.Set("attributes.m.x", Value::Str("one"));
  Arena other;
  Entry copy = Copy(f.entry, &other);
  Entry same = Copy(f.entry, &f.arena);
  f.Set("attributes.m.x", Value::Str("two"));
  CHECK(P("attributes.m.x").Get(copy)->string() == "one");
  CHECK(P("attributes.m.x").Get(same)->string() == "one");
}

TEST_CASE("a file constant copied elsewhere keeps its tag only when interned", "[operator][entry]") {
  Fixture f;
  Value path = Value::Str("/var/log/x.log");
  path.set_tag(kTagFileConstant);
  f.Set("attributes.p", path);
  Arena other;
  CHECK(P("attributes.p").Get(Copy(f.entry, &other))->tag() == kTagNone);
  std::string kept(path.string());
  InternFunction intern = [&](std::string_view) { return std::string_view(kept); };
  Entry held = Copy(f.entry, &other, &intern);
  CHECK(P("attributes.p").Get(held)->tag() == kTagFileConstant);
  CHECK(P("attributes.p").Get(held)->string().data() == kept.data());
}

TEST_CASE("time values go there and back", "[operator][entry]") {
  Arena arena;
  EntryTime t{1700000000, 5, true};
  EntryTime back = TimeFromValue(TimeToValue(t, arena));
  CHECK(back.seconds == t.seconds);
  CHECK(back.nanos == 5);
  CHECK(back.set);
  CHECK_FALSE(TimeFromValue(TimeToValue(EntryTime{}, arena)).set);
}

}  // namespace
}  // namespace otelpipe
