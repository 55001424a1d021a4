#include "otelpipe/operator/expression.h"
#include "otelpipe/operator/expression_parts.h"

#include <catch2/catch.hpp>

#include "operator/expr/values.h"

namespace otelpipe {
namespace {

struct Fixture {
  Arena arena;
  Entry entry;
  Fixture() {
    entry.arena = &arena;
    entry.body = Value::Str("x");
    entry.has_attributes = true;
    entry.attributes.Set(arena, "level", Value::Str("info"));
    entry.attributes.Set(arena, "n", Value::Int(5));
    Map* nested = arena.New<Map>();
    nested->Set(arena, "k", Value::Str("v"));
    entry.attributes.Set(arena, "m", Value::OfMap(nested));
  }
  // The result as Go would print it with its type, or the message.
  std::string Of(std::string_view text) {
    auto e = Expression::Compile(text);
    if (!e.ok()) return "compile: " + std::string(e.status().message());
    auto v = (*e)->Eval(entry);
    if (!v.ok()) return "run: " + std::string(v.status().message());
    return std::string(expr::TypeWord(*v)) + " " + expr::GoText(*v);
  }
  std::string FirstLine(std::string_view text) {
    std::string s = Of(text);
    return s.substr(0, s.find('\n'));
  }
};

TEST_CASE("operators bind and compute as in the reference", "[operator][expr]") {
  Fixture f;
  CHECK(f.Of("1 + 2 * 3") == "int 7");
  CHECK(f.Of("7 / 2") == "float 3.5");
  CHECK(f.Of("-7 % 3") == "int -1");
  CHECK(f.Of("-2 ** 2") == "float -4");
  CHECK(f.Of("2 ^ 3 ** 2") == "float 512");
  CHECK(f.Of("5 / 0") == "float +Inf");
  CHECK(f.Of("1 < 2 < 3") == "bool true");
  CHECK(f.Of("3 > 2 > 2") == "bool false");
  CHECK(f.Of("not true == false") == "bool true");
  CHECK(f.Of("1 == 1.0") == "bool true");
  CHECK(f.Of("{\"a\":1} == {\"a\":1.0}") == "bool false");
  CHECK(f.Of("attributes.n == \"5\"") == "bool false");
  CHECK(f.Of("nil ?? \"d\"") == "string d");
  CHECK(f.Of("attributes.none?.deep?.er") == "nil <nil>");
  CHECK(f.Of("attributes.m.k + \"w\"") == "string vw");
  CHECK(f.Of("true ? 1 : 2") == "int 1");
  CHECK(f.Of("if attributes.n > 3 {\"big\"} else {\"small\"}") == "string big");
  CHECK(f.Of("let a = 2; a ** a") == "float 4");
  CHECK(f.Of("1..3") == "string [1 2 3]");
  CHECK(f.Of("\"b\" not in [\"a\"]") == "bool true");
  CHECK(f.Of("0x1F + 0b101 + 0o17 + 1_000") == "int 1051");
}

TEST_CASE("texts, lists and predicates", "[operator][expr]") {
  Fixture f;
  CHECK(f.Of("\"a,b\" | split(\",\") | join(\"-\")") == "string a-b");
  CHECK(f.Of("[3,1] | sort() | first()") == "int 1");
  CHECK(f.Of("reduce([1,2,3],#acc + #,10)") == "int 16");
  CHECK(f.Of("groupBy([1,2,3],# % 2 == 0 ? \"even\" : \"odd\")") == "string map[even:[2] odd:[1 3]]");
  CHECK(f.Of("map([{\"k\":\"a\"}],.k)") == "array [a]");
  CHECK(f.Of("filter(1..5,{# % 2 == 0})") == "array [2 4]");
  CHECK(f.Of("\"h\u00e9llo\"[1:3]") == "string \u00e9");
  CHECK(f.Of("[1,2,3][:-1]") == "array [1 2]");
  CHECK(f.Of("len(\"\u00e9\")") == "int 1");
  CHECK(f.Of("upper(\"\u00e9a\")") == "string \u00c9A");
  CHECK(f.Of("any([], true)") == "bool false");
  CHECK(f.Of("count([1,2,3],# > 1)") == "int 2");
  CHECK(f.Of("toJSON({\"b\":[1],\"a\":\"<\"})") == "string {\n  \"a\": \"\\u003c\",\n  \"b\": [\n    1\n  ]\n}");
  CHECK(f.Of("fromJSON(\"{\\\"a\\\":1}\").a") == "float 1");
}

TEST_CASE("attributes that were never set are an empty map and equal nil", "[operator][expr]") {
  Fixture f;
  f.entry.has_resource = false;
  CHECK(f.Of("resource.a == nil") == "bool true");
  CHECK(f.Of("resource == nil") == "bool true");
  CHECK(f.FirstLine("resource.a.b").find("run: cannot fetch b from <nil>") == 0);
}

TEST_CASE("a chain with ?. goes on behind parentheses and ends at an index", "[operator][expr]") {
  Fixture f;
  CHECK(f.Of("(attributes.none?.a).b") == "nil <nil>");
  CHECK(f.Of("attributes.none?.a.b.c") == "nil <nil>");
  CHECK(f.FirstLine("attributes.none?.a[\"b\"]") == "run: cannot fetch b from <nil> (1:19)");
  CHECK(f.Of("attributes.none?.[\"a\"]?.b.c") == "nil <nil>");
}

TEST_CASE("conditions that literals settle are not evaluated", "[operator][expr]") {
  Fixture f;
  CHECK(f.Of("attributes.none.x and not true") == "bool false");
  CHECK(f.Of("attributes.none.x and 1 == 2") == "bool false");
  CHECK(f.Of("body or (true and 'a' == 'a')") == "bool true");
  CHECK(f.Of("body and not false") == "string x");
  CHECK(f.FirstLine("body and 1 < 2") == "run: interface conversion: interface {} is string, not bool (1:6)");
}

TEST_CASE("times and durations have methods", "[operator][expr]") {
  Fixture f;
  CHECK(f.Of("duration(\"1h\").Seconds()") == "float 3600");
  CHECK(f.Of("(date(\"2024-03-05\") - date(\"2024-03-04\")).Hours()") == "float 24");
  CHECK(f.Of("date(\"05/03/2024\",\"02/01/2006\").Month()") == "string March");
  CHECK(f.Of("date(\"2024-03-05\").Format(\"Jan 2\")") == "string Mar 5");
  CHECK(f.Of("string(duration(\"1h30m\"))") == "string 1h30m0s");
  CHECK(f.Of("timestamp.IsZero()") == "bool true");
}

TEST_CASE("runtime errors carry the reference's words", "[operator][expr]") {
  Fixture f;
  CHECK(f.FirstLine("body.x") == "run: invalid operation: int(string) (1:6)");
  CHECK(f.FirstLine("body + 1") == "run: invalid operation: string + int (1:6)");
  CHECK(f.FirstLine("attributes.none.x") == "run: cannot fetch x from <nil> (1:17)");
  CHECK(f.FirstLine("int(\"a\")") == "run: invalid operation: int(a) (1:1)");
  CHECK(f.FirstLine("[1][5]") == "run: index out of range: 5 (array length is 1) (1:4)");
  CHECK(f.FirstLine("nosuch(1)") == "run: reflect: call of reflect.Value.Call on zero Value (1:1)");
  CHECK(f.FirstLine("1..1000001") == "run: memory budget exceeded (1:2)");
}

TEST_CASE("compile errors point at the token", "[operator][expr]") {
  Fixture f;
  CHECK(f.Of("body ==") == "compile: unexpected token EOF (1:7)\n | body ==\n | ......^");
  CHECK(f.Of("") == "compile: unexpected token EOF");
  CHECK(f.FirstLine("1 + \"a\"") == "compile: invalid operation: + (mismatched types int and string) (1:3)");
  CHECK(f.FirstLine("body matches \"[\"") == "compile: error parsing regexp: missing closing ]: `[` (1:6)");
  CHECK(f.FirstLine("a ?? b == c").find("compile: Operator (==) and coalesce expressions (??) cannot be mixed.") == 0);
  CHECK(f.FirstLine("'abc") == "compile: literal not terminated (1:1)");
  CHECK(f.FirstLine("let len = 1; len") == "compile: cannot redeclare builtin len (1:5)");
  std::string deep(5000, '(');
  CHECK(f.FirstLine(deep).find("compile: ") == 0);
}

TEST_CASE("conditions must be able to be bool, and other results are errors", "[operator][expr]") {
  Fixture f;
  CHECK(Expression::CompileBool("1 + 1").status().message() == "expected bool, but got int");
  CHECK(Expression::CompileBool("nil").status().message() == "expected bool, but got unknown");
  auto e = Expression::CompileBool("body");
  REQUIRE(e.ok());
  CHECK_FALSE((*e)->EvalBool(f.entry).ok());
  auto m = Expression::CompileBool("body matches '^x$' and attributes.level in ['info']");
  REQUIRE(m.ok());
  CHECK(*(*m)->EvalBool(f.entry));
}

TEST_CASE("a result does not share maps with the entry", "[operator][expr]") {
  Fixture f;
  auto e = Expression::Compile("attributes");
  Value v = *(*e)->Eval(f.entry);
  REQUIRE(v.is_map());
  f.entry.attributes.Set(f.arena, "later", Value::Int(1));
  CHECK(v.map().Find("later") == nullptr);
}

TEST_CASE("an expression explains itself part by part", "[operator][expr]") {
  Fixture f;
  auto explain = [&f](std::string_view text) {
    std::string out;
    const std::vector<ExpressionPart> parts = *ExplainExpression(text, f.entry);
    for (const ExpressionPart& p : parts) {
      out += std::string(static_cast<size_t>(p.depth), '.') + p.text + " = " + (p.evaluated ? p.value : "?") + (p.failed ? " !" : "") + "\n";
    }
    return out;
  };
  CHECK(explain("body") == "body = \"x\"\n");
  CHECK(explain("attributes.level != 'info' and (body matches '^x' or len(body) > 3)") ==
        "attributes.level != 'info' and (body matches '^x' or len(body) > 3) = false\n"
        ".attributes.level != 'info' = false\n"
        "..attributes.level = \"info\"\n"
        ".body matches '^x' or len(body) > 3 = ?\n"
        "..body matches '^x' = ?\n"
        "...body = ?\n"
        "..len(body) > 3 = ?\n"
        "...len(body) = ?\n"
        "....body = ?\n");
  CHECK(explain("not (body in ['x'])") == "not (body in ['x']) = false\n.body in ['x'] = true\n..body = \"x\"\n");
  CHECK(explain("let a = 1; a > 0") == "let a = 1; a > 0 = true\n");
  CHECK(explain("any(split(body, ''), # == 'x')").find("any(split(body, ''), # == 'x') = true\n.split(body, '') = ") == 0);
  CHECK(explain("body + 1").find("!") != std::string::npos);
}

TEST_CASE("templates join literals and expressions", "[operator][expr]") {
  Fixture f;
  auto t = TemplateText::Compile("a-EXPR(body)-EXPR(upper(attributes.level))!");
  REQUIRE(t.ok());
  CHECK(*t->Render(f.entry) == "a-x-INFO!");
  CHECK(*TemplateText::Compile("plain EXPR( open")->Render(f.entry) == "plain EXPR( open");
  CHECK(TemplateText::Compile("EXPR(1)")->Render(f.entry).status().message() == "embedded expression returned non-string 1");
  CHECK(std::string(TemplateText::Compile("EXPR(1 +)").status().message()).find("compile embedded expression: unexpected token") == 0);
}

}  // namespace
}  // namespace otelpipe
