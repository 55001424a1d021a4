// The parts of the engine that have no processor around them: globs, times, the contexts of statements, literals.
#include <catch2/catch.hpp>

#include <algorithm>

#include "shared/ottl/functions.h"
#include "shared/ottl/glob.h"
#include "shared/ottl/go_time.h"
#include "shared/ottl/ottl.h"
#include "shared/ottl/values.h"

namespace otelpipe::ottl {

TEST_CASE("Globs match whole texts", "[unit][ottl]") {
  auto matches = [](std::string_view glob, std::string_view text) {
    auto compiled = Glob::Compile(glob);
    return compiled.ok() ? compiled->Matches(text) ? "yes" : "no" : "error";
  };
  CHECK(matches("/user/*/list/*", "/user/1/list/2") == std::string("yes"));
  CHECK(matches("/user/*/list/*", "/user/1/list") == std::string("no"));
  CHECK(matches("a?c", "abc") == std::string("yes"));
  CHECK(matches("a?c", "ac") == std::string("no"));
  CHECK(matches("[a-c]x", "bx") == std::string("yes"));
  CHECK(matches("[!a-c]x", "bx") == std::string("no"));
  CHECK(matches("{one,two*}", "two more") == std::string("yes"));
  CHECK(matches("{one,two}", "three") == std::string("no"));
  CHECK(matches("a.b(c)", "a.b(c)") == std::string("yes"));
  CHECK(matches("a.b", "axb") == std::string("no"));
  CHECK(matches("\\*", "*") == std::string("yes"));
  CHECK(matches("*", "lines\nare text") == std::string("yes"));
  CHECK(matches("[a", "a") == std::string("error"));
  CHECK(matches("{a", "a") == std::string("error"));
}

TEST_CASE("Times are written by Go's layouts", "[unit][ottl]") {
  constexpr int64_t nanos = 1709168523004005006;  // 2024-02-29 01:02:03.004005006
  CHECK(FormatGoLayout("2006-01-02T15:04:05Z07:00", nanos) == "2024-02-29T01:02:03Z");
  CHECK(FormatGoLayout("Mon Jan _2 03:04:05 PM 2006 MST", nanos) == "Thu Feb 29 01:02:03 AM 2024 UTC");
  CHECK(FormatGoLayout("Monday, 2 January 06 (002)", nanos) == "Thursday, 29 February 24 (060)");
  CHECK(FormatGoLayout("15:04:05.000 15:04:05.999999 05,000000000", nanos) == "01:02:03.004 01:02:03.004005 03,004005006");
  CHECK(FormatGoLayout("-07:00 -0700 Month", nanos) == "+00:00 +0000 Month");
}

TEST_CASE("The name of the context is put before paths that have none", "[unit][ottl]") {
  auto of = [](std::string_view text, ContextKind kind) { return PrependContext(text, kind, false).value(); };
  CHECK(of("set(body, attributes[name]) where resource.attributes[\"a\"] == severity_text", ContextKind::kLog) ==
        "set(log.body, log.attributes[log.name]) where resource.attributes[\"a\"] == log.severity_text");
  CHECK(of("set(status.code, 1) where span.name == name", ContextKind::kSpan) == "set(span.status.code, 1) where span.name == span.name");
  CHECK(PrependContext("body.string == \"x\"", ContextKind::kLog, true).value() == "log.body.string == \"x\"");
}

TEST_CASE("The context nearest to the record is inferred", "[unit][ottl]") {
  const std::vector<ContextKind> metrics = {ContextKind::kResource, ContextKind::kScope, ContextKind::kMetric, ContextKind::kDataPoint};
  auto of = [&](std::vector<std::string> statements) {
    auto kind = InferContext(statements, {}, metrics);
    return kind.ok() ? std::string(ContextName(*kind)) : std::string(kind.status().message());
  };
  CHECK(of({"set(resource.attributes[\"a\"], 1)"}) == "resource");
  CHECK(of({"set(resource.attributes[\"a\"], 1)", "set(metric.name, \"x\")"}) == "metric");
  CHECK(of({"set(metric.name, \"x\") where datapoint.attributes[\"a\"] == nil"}) == "datapoint");
  CHECK(of({"convert_sum_to_gauge() where metric.name == \"x\""}) == "metric");
  // Only the metric context, which is below, knows this editor.
  CHECK(of({"copy_metric(name = \"x\") where resource.attributes[\"a\"] == nil"}) == "metric");
  CHECK(of({"copy_metric() where datapoint.attributes[\"a\"] == nil"}).find("does not support the function \"copy_metric\"") != std::string::npos);
  CHECK(of({"set(log.body, \"x\")"}).find("inferred context \"log\" is not a valid candidate") != std::string::npos);
  CHECK(of({"copy_metric()"}).find("unable to infer context from statements [\"copy_metric()\"]") == 0);
}

TEST_CASE("Literals are those of Go", "[unit][ottl]") {
  Arena constants;
  auto of = [&](const std::string& literal) {
    Map attributes;
    LogRecord record;
    Item item;
    item.log = &record;
    auto statement = Statement::Compile("set(body, " + literal + ")", {ContextKind::kLog}, constants);
    if (!statement.ok()) return std::string(statement.status().message());
    REQUIRE(statement->Run(item, constants).ok());
    return record.body.AsString();
  };
  CHECK(of(R"("a\tb\x41\u00e9\101\\")") == "a\tbA\xc3\xa9" "A\\");
  CHECK(of(R"("\d")").find("invalid quoted string \"\\d\": invalid syntax") != std::string::npos);
  CHECK(of("-1.5e3") == "-1500");
  CHECK(of("+7") == "7");
  CHECK(of(".5") == "0.5");
  CHECK(of("0x0aff") == "Cv8=");
  CHECK(of("0x0").find("even number of hex digits") != std::string::npos);
  CHECK(of("99999999999999999999").find("the number does not fit") != std::string::npos);
  CHECK(of("{\"a\": [1, {\"b\": nil}]}") == R"({"a":[1,{"b":null}]})");
  CHECK(of("1 + \"a\"").find("unexpected token \"\"a\"\"") != std::string::npos);
}

TEST_CASE("Functions are named once, and none of those that are missing is there", "[unit][ottl]") {
  std::vector<std::string_view> names;
  for (const Function* function : AllFunctions()) {
    INFO(function->name);
    CHECK(std::find(names.begin(), names.end(), function->name) == names.end());
    CHECK(!IsMissingFunction(function->name));
    names.push_back(function->name);
  }
  CHECK(names.size() > 80);
}

}  // namespace otelpipe::ottl
