#include <catch2/catch.hpp>

#include <utility>

#include "shared/ottl/ottl.h"
#include "shared/ottl/values.h"

namespace otelpipe::ottl {
namespace {

// A log record with one of everything.
struct LogItem {
  LogItem() {
    record.body = Value::Str("hello world");
    record.severity_number = 13;
    record.severity_text = "WARN";
    record.trace_id.bytes[15] = 1;
    record.attributes.Set(arena, "s", Value::Str("x"));
    record.attributes.Set(arena, "i", Value::Int(3));
    record.attributes.Set(arena, "d", Value::Double(2.5));
    record.attributes.Set(arena, "b", Value::Bool(true));
    Map* map = arena.New<Map>();
    map->Set(arena, "k", Value::Str("v"));
    record.attributes.Set(arena, "m", Value::OfMap(map));
    List* list = arena.New<List>();
    list->Add(arena) = Value::Str("first");
    record.attributes.Set(arena, "l", Value::OfList(list));
    resource.attributes.Set(arena, "env", Value::Str("dev"));
    scope.name = "lib";
    item.resource = &resource;
    item.scope = &scope;
    item.log = &record;
  }
  Arena arena;
  Resource resource;
  Scope scope;
  LogRecord record;
  Item item;
};

// "true", "false", or the error.
std::string Eval(std::string_view text, Item& item, ContextKind kind) {
  Arena constants;
  auto condition = Condition::Compile(text, {kind}, constants);
  if (!condition.ok()) return std::string(condition.status().message());
  Arena arena;
  auto result = condition->Eval(item, arena);
  if (!result.ok()) return "error: " + std::string(result.status().message());
  return *result ? "true" : "false";
}
std::string OfLog(std::string_view text) {
  LogItem log;
  return Eval(text, log.item, ContextKind::kLog);
}

}  // namespace

TEST_CASE("Conditions on log records hold or not", "[unit][ottl]") {
  const char* const holds[] = {
      "true",
      "not false",
      "body == \"hello world\"",
      "log.body == \"hello world\"",
      "severity_number >= SEVERITY_NUMBER_WARN",
      "severity_number < SEVERITY_NUMBER_ERROR and severity_number > 0",
      "severity_text == \"WARN\"",
      "attributes[\"s\"] == \"x\"",
      "log.attributes[\"i\"] == 3",
      "attributes[\"i\"] < 3.5",
      "attributes[\"d\"] > 2",
      "attributes[\"d\"] == 2.5",
      "attributes[\"b\"] == true",
      "attributes[\"m\"][\"k\"] == \"v\"",
      "attributes[\"l\"][0] == \"first\"",
      "attributes[\"absent\"] == nil",
      "attributes[\"s\"] != nil",
      "attributes[\"absent\"][\"deeper\"] == nil",
      "attributes[\"s\"] != 5",
      "resource.attributes[\"env\"] == \"dev\"",
      "instrumentation_scope.name == \"lib\"",
      "scope.name == \"lib\"",
      "IsMatch(body, \"^hel+o\")",
      "IsMatch(attributes[\"i\"], \"^3$\")",
      "IsMatch(attributes[\"m\"], \"\\\"k\\\":\")",
      "not IsMatch(attributes[\"absent\"], \".*\")",
      "IsString(body) and IsInt(attributes[\"i\"]) and IsDouble(attributes[\"d\"]) and IsBool(attributes[\"b\"])",
      "IsMap(attributes[\"m\"]) and IsList(attributes[\"l\"])",
      "IsMap(attributes)",
      "Concat([attributes[\"s\"], severity_text, attributes[\"i\"]], \"-\") == \"x-WARN-3\"",
      "HasPrefix(body, \"hello\") and HasSuffix(body, \"world\")",
      "Len(body) == 11",
      "Int(\"12\") == 12 and Double(\"1.5\") == 1.5 and String(attributes[\"i\"]) == \"3\"",
      "trace_id == TraceID(0x00000000000000000000000000000001)",
      "trace_id.string == \"00000000000000000000000000000001\"",
      "span_id == SpanID(0x0000000000000000)",
      "false or (body == \"no\" or severity_number == 13) and true",
      "-1 < attributes[\"i\"]",
      "attributes[\"i\"] + 2 == 5 and attributes[\"i\"] - 1 == 2",
      "attributes[\"i\"] * 2 + 1 == 7 and 1 + attributes[\"i\"] * 2 == 7",
      "(attributes[\"i\"] + 1) * 2 == 8",
      "((attributes[\"i\"] + 1)) > 3 and (severity_number == 13)",
      "attributes[\"i\"] / 2 == 1 and attributes[\"d\"] / 2 == 1.25",
      "[1, \"a\"] == [1, \"a\"] and [1] != [2]",
      "attributes[\"l\"] == [\"first\"]",
      "ToLowerCase(severity_text) == \"warn\" and ToUpperCase(body) == \"HELLO WORLD\"",
      "ConvertCase(severity_text, \"lower\") == \"warn\"",
      "Substring(body, 0, 5) == \"hello\"",
      "Split(body, \" \")[1] == \"world\" and Len(Split(body, \"l\")) == 4",
      "Trim(\"  x \") == \"x\" and TrimPrefix(body, \"hello \") == \"world\" and TrimSuffix(body, \"world\") == \"hello \"",
      "ParseJSON(\"{\\\"a\\\": {\\\"b\\\": \\\"c\\\"}}\")[\"a\"][\"b\"] == \"c\"",
      "ParseInt(\"ff\", 16) == 255 and ParseInt(\"-7\", 10) == -7",
      "ExtractPatterns(body, \"^(?P<first>[a-z]+) \")[\"first\"] == \"hello\"",
      "ContainsValue(attributes[\"l\"], \"first\") and not ContainsValue([1, 2], 3)",
      "time < Now() and Now() - time > Duration(\"1s\")",
      "time + Duration(\"1m\") - time == Duration(\"60s\")",
      "UnixNano(time) == time_unix_nano and UnixSeconds(time) == 0",
      "time != 0 and not (time == 0)",
      "Minutes(Duration(\"90s\")) == 1.5 and Milliseconds(Duration(\"1s\")) == 1000",
      "Year(time) == 1970 and Month(time) == 1 and Weekday(time) == 4 and Hour(observed_time) == 0",
  };
  for (const char* text : holds) {
    INFO(text);
    CHECK(OfLog(text) == "true");
    CHECK(OfLog("not (" + std::string(text) + ")") == "false");
  }
}

TEST_CASE("Values of different kinds neither equal nor order", "[unit][ottl]") {
  CHECK(OfLog("attributes[\"s\"] == 3") == "false");
  CHECK(OfLog("attributes[\"s\"] < 3") == "false");
  CHECK(OfLog("attributes[\"s\"] > 3") == "false");
  CHECK(OfLog("attributes[\"absent\"] < 3") == "false");
  CHECK(OfLog("nil != nil") == "false");
}

TEST_CASE("What cannot be evaluated is an error, unless it need not be looked at", "[unit][ottl]") {
  CHECK(OfLog("HasPrefix(attributes[\"i\"], \"x\")") == "error: expected string but got int64");
  CHECK(OfLog("true or HasPrefix(attributes[\"i\"], \"x\")") == "true");
  CHECK(OfLog("attributes[\"s\"][\"k\"] == 1") == "error: type Str does not support string indexing");
  CHECK(OfLog("attributes[\"i\"] / 0 == 1") == "error: attempted to divide by 0");
  CHECK(OfLog("body + 1 == 1") == "error: hello world must be int64, float64, time.Time or time.Duration");
  CHECK(OfLog("Substring(body, 9, 5) == \"x\"").find("error: invalid range for substring function") == 0);
  CHECK(OfLog("Split(body, \" \")[5] == \"x\"") == "error: index 5 out of bounds");
  CHECK(OfLog("ParseInt(body, 10) == 1") == "error: strconv.ParseInt: parsing \"hello world\": invalid syntax");
  CHECK(OfLog("time + time > time").find("error: time.Time must be added to time.Duration") == 0);
  CHECK(OfLog("UnixNano(5) > 1") == "error: expected time but got int64");
  CHECK(OfLog("ParseInt(\"1\", 99) == 1") == "error: strconv.ParseInt: parsing \"1\": invalid base 99");
  CHECK(OfLog("Duration(\"5\") == Duration(\"5s\")").find("missing unit in duration") != std::string::npos);
  CHECK(OfLog("ParseJSON(\"{}\")[\"a\"] == nil") == "error: key not found in map");
  CHECK(OfLog("attributes[\"l\"][4] == 1") == "error: index 4 out of bounds");
  CHECK(OfLog("Int(\"1\")") == "error: value returned from Converter in constant expression must be bool but got int64");
}

TEST_CASE("Mistakes quote the condition and say what is wrong", "[unit][ottl]") {
  auto reason = [](const std::string& text) {
    const std::string message = OfLog(text);
    const std::string prefix = "unable to parse OTTL condition " + GoQuoted(text) + ": ";
    REQUIRE(message.rfind(prefix, 0) == 0);
    return message.substr(prefix.size());
  };
  CHECK(reason("body ===") == "condition has invalid syntax: 1:8: unexpected token \"=\" (expected Field (\".\" Field)*)");
  CHECK(reason("foo bar") == "condition has invalid syntax: 1:5: unexpected token \"bar\" (expected <opcomparison> Value)");
  CHECK(reason("body") == "condition has invalid syntax: 1:5: unexpected token \"<EOF>\" (expected <opcomparison> Value)");
  CHECK(reason("bar(body)") == "converter names must start with an uppercase letter but got 'bar'");
  CHECK(reason("Nope(body)") == "undefined function \"Nope\"");
  CHECK(reason("IsRootSpan()") == "undefined function \"IsRootSpan\"");
  CHECK(reason("severity_number == SEVERITY_NUMBER_HUGE") == "enum symbol, SEVERITY_NUMBER_HUGE, not found");
  CHECK(reason("severity_number == 1 +").find("unexpected token \"<EOF>\" (expected Field") != std::string::npos);
  CHECK(reason("ExtractPatterns(body, \"a\")[\"x\"] == 1").find("at least 1 named capture group") != std::string::npos);
  CHECK(reason("IsMatch(body, \"(\")")
            .rfind("couldn't create function: the pattern supplied to IsMatch is not a valid regexp pattern: error parsing regexp", 0) == 0);
  CHECK(reason("IsMatch(body)") ==
        "error while parsing arguments for call to \"IsMatch\": incorrect number of arguments. Expected: 2 Received: 1");
  CHECK(reason("IsMatch(body, body)") == "error while parsing arguments for call to \"IsMatch\": invalid argument at position 1: must be a string");
  CHECK(reason("IsMtch(body, \"a\")") == "undefined function \"IsMtch\"; did you mean IsMatch?");
  CHECK(reason("ParseXML(body) == nil") == "function \"ParseXML\" is not supported yet");
  CHECK(reason("attributes.a == 1").rfind("the path section \"a\" was not used by the context", 0) == 0);
  CHECK(reason("flags[0] == 1").rfind("the keys indexing \"flags\" were not used by the context", 0) == 0);
  CHECK(reason("name == \"x\"").rfind("segment \"name\"", 0) == 0);
  CHECK(reason("body == \"x") == "condition has invalid syntax: 1:9: the text is not terminated");
  CHECK(reason("(true") == "condition has invalid syntax: 1:6: unexpected token \"<EOF>\" (expected \")\")");
  CHECK(reason(std::string(5000, '(')).find("too many parentheses") != std::string::npos);
  // No way through many parentheses is tried twice.
  CHECK(reason(std::string(90, '(') + "1 +" + std::string(90, ')')).find("condition has invalid syntax") == 0);
}

TEST_CASE("Conditions on spans and their events hold or not", "[unit][ottl]") {
  Resource resource;
  Scope scope;
  Span span;
  span.name = "GET /health";
  span.kind = 2;
  span.status_code = 2;
  span.status_message = "bad";
  SpanEvent event;
  event.name = "exception";
  Item item;
  item.resource = &resource;
  item.scope = &scope;
  item.span = &span;
  for (const char* text : {"name == \"GET /health\"", "span.kind == SPAN_KIND_SERVER", "kind.string == \"Server\"", "IsRootSpan()",
                           "status.code == STATUS_CODE_ERROR", "span.status.message == \"bad\"", "parent_span_id.string == \"0000000000000000\""}) {
    INFO(text);
    CHECK(Eval(text, item, ContextKind::kSpan) == "true");
  }
  item.event = &event;
  for (const char* text : {"name == \"exception\"", "spanevent.name == \"exception\"", "span.name == \"GET /health\""}) {
    INFO(text);
    CHECK(Eval(text, item, ContextKind::kSpanEvent) == "true");
  }
}

TEST_CASE("Conditions on metrics and data points hold or not", "[unit][ottl]") {
  Arena arena;
  Resource resource;
  Scope scope;
  Metric metric;
  metric.name = "m";
  metric.type = MetricType::kSum;
  metric.is_monotonic = true;
  metric.aggregation_temporality = 2;
  NumberDataPoint& point = metric.number_points.Add(arena);
  point.value_kind = NumberKind::kInt;
  point.as_int = 7;
  point.attributes.Set(arena, "z", Value::Str("a"));
  Item item;
  item.resource = &resource;
  item.scope = &scope;
  item.metric = &metric;
  for (const char* text : {"name == \"m\"", "metric.type == METRIC_DATA_TYPE_SUM", "is_monotonic == true",
                           "aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE", "HasAttrKeyOnDatapoint(\"z\")",
                           "not HasAttrKeyOnDatapoint(\"y\")", "HasAttrOnDatapoint(\"z\", \"a\")", "not HasAttrOnDatapoint(\"z\", \"b\")"}) {
    INFO(text);
    CHECK(Eval(text, item, ContextKind::kMetric) == "true");
  }
  item.number = &point;
  for (const char* text : {"metric.name == \"m\"", "value_int == 7", "attributes[\"z\"] == \"a\"", "datapoint.attributes[\"z\"] == \"a\"",
                           "metric.type == METRIC_DATA_TYPE_SUM and count == nil"}) {
    INFO(text);
    CHECK(Eval(text, item, ContextKind::kDataPoint) == "true");
  }
}

}  // namespace otelpipe::ottl
