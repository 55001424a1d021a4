#include "processor/filter/condition.h"

#include <catch2/catch.hpp>

#include <utility>

namespace otelpipe::filter {
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
std::string Eval(std::string_view text, const Item& item, ItemKind kind) {
  auto condition = Condition::Compile(text, kind);
  if (!condition.ok()) return std::string(condition.status().message());
  Arena arena;
  auto result = (*condition)->Eval(item, arena);
  if (!result.ok()) return "error: " + std::string(result.status().message());
  return *result ? "true" : "false";
}
std::string OfLog(std::string_view text) {
  LogItem log;
  return Eval(text, log.item, ItemKind::kLog);
}

}  // namespace

TEST_CASE("Conditions on log records hold or not", "[component][filter]") {
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

TEST_CASE("Values of different kinds neither equal nor order", "[component][filter]") {
  CHECK(OfLog("attributes[\"s\"] == 3") == "false");
  CHECK(OfLog("attributes[\"s\"] < 3") == "false");
  CHECK(OfLog("attributes[\"s\"] > 3") == "false");
  CHECK(OfLog("attributes[\"absent\"] < 3") == "false");
  CHECK(OfLog("nil != nil") == "false");
}

TEST_CASE("What cannot be evaluated is an error, unless it need not be looked at", "[component][filter]") {
  CHECK(OfLog("HasPrefix(attributes[\"i\"], \"x\")") == "error: expected string but got int64");
  CHECK(OfLog("true or HasPrefix(attributes[\"i\"], \"x\")") == "true");
  CHECK(OfLog("attributes[\"s\"][\"k\"] == 1") == "error: type string does not support string indexing");
  CHECK(OfLog("attributes[\"i\"] / 0 == 1") == "error: attempted to divide by 0");
  CHECK(OfLog("body + 1 == 1") == "error: arithmetic needs numbers, but got string and int64");
  CHECK(OfLog("Substring(body, 9, 5) == \"x\"").find("error: invalid range for substring function") == 0);
  CHECK(OfLog("Split(body, \" \")[5] == \"x\"") == "error: index 5 out of bounds");
  CHECK(OfLog("ParseInt(body, 10) == 1") == "error: invalid integer: \"hello world\"");
  CHECK(OfLog("attributes[\"l\"][4] == 1") == "error: index 4 out of bounds");
  CHECK(OfLog("Int(\"1\")") == "error: value returned from a constant expression must be bool but got int64");
}

TEST_CASE("Mistakes quote the condition and say what is wrong", "[component][filter]") {
  auto reason = [](const std::string& text) {
    const std::string message = OfLog(text);
    const std::string prefix = "unable to parse OTTL condition \"" + text + "\": ";
    REQUIRE(message.rfind(prefix, 0) == 0);
    return message.substr(prefix.size());
  };
  CHECK(reason("body ===") == "condition has invalid syntax: 1:8: unexpected token \"=\"");
  CHECK(reason("foo bar").rfind("segment \"foo\" from path \"foo\" is not a valid path", 0) == 0);
  CHECK(reason("body") == "condition has invalid syntax: 1:5: unexpected token \"<EOF>\" (expected <opcomparison> Value)");
  CHECK(reason("bar(body)") == "converter names must start with an uppercase letter but got 'bar'");
  CHECK(reason("Nope(body)") == "undefined or unsupported function \"Nope\"");
  CHECK(reason("IsRootSpan()") == "undefined or unsupported function \"IsRootSpan\"");
  CHECK(reason("severity_number == SEVERITY_NUMBER_HUGE") == "enum symbol, SEVERITY_NUMBER_HUGE, not found");
  CHECK(reason("severity_number == 1 +").find("unexpected token \"<EOF>\" (expected Value)") != std::string::npos);
  CHECK(reason("time + time > time").find("do not go together") != std::string::npos);
  CHECK(reason("UnixNano(5) > 1").find("invalid arguments of converter UnixNano: a time is needed") == 0);
  CHECK(reason("ParseInt(body, 99) == 1") == "invalid arguments of converter ParseInt: invalid base: 99");
  CHECK(reason("Duration(\"5\") == Duration(\"5s\")").find("missing unit in duration") != std::string::npos);
  CHECK(reason("ExtractPatterns(body, \"a\")[\"x\"] == 1").find("at least 1 named capture group") != std::string::npos);
  CHECK(reason("IsMatch(body, \"(\")").rfind("the regex pattern supplied to IsMatch is not a valid pattern: error parsing regexp", 0) == 0);
  CHECK(reason("IsMatch(body)") == "invalid arguments of converter IsMatch: incorrect number of arguments. Expected: 2 Received: 1");
  CHECK(reason("name == \"x\"").rfind("segment \"name\"", 0) == 0);
  CHECK(reason("body == \"x") == "condition has invalid syntax: 1:9: the text is not terminated");
  CHECK(reason("(true") == "condition has invalid syntax: 1:6: unexpected token \"<EOF>\" (expected \")\")");
  CHECK(reason(std::string(5000, '(')).find("too many parentheses") != std::string::npos);
  // No way through many parentheses is tried twice.
  CHECK(reason(std::string(90, '(') + "1 +" + std::string(90, ')')).find("condition has invalid syntax") == 0);
}

TEST_CASE("Conditions on spans and their events hold or not", "[component][filter]") {
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
    CHECK(Eval(text, item, ItemKind::kSpan) == "true");
  }
  item.event = &event;
  for (const char* text : {"name == \"exception\"", "spanevent.name == \"exception\"", "span.name == \"GET /health\""}) {
    INFO(text);
    CHECK(Eval(text, item, ItemKind::kSpanEvent) == "true");
  }
}

TEST_CASE("Conditions on metrics and data points hold or not", "[component][filter]") {
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
    CHECK(Eval(text, item, ItemKind::kMetric) == "true");
  }
  item.number = &point;
  for (const char* text : {"metric.name == \"m\"", "value_int == 7", "attributes[\"z\"] == \"a\"", "datapoint.attributes[\"z\"] == \"a\"",
                           "metric.type == METRIC_DATA_TYPE_SUM and count == nil"}) {
    INFO(text);
    CHECK(Eval(text, item, ItemKind::kDataPoint) == "true");
  }
}

}  // namespace otelpipe::filter
