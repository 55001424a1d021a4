#include "processor/transform/transform.h"

#include <catch2/catch.hpp>

#include "otelpipe/config.h"
#include "otelpipe/testing/test_loop.h"

namespace otelpipe {
namespace {

struct Next final : Consumer {
  void Consume(Batch batch, Done done) override {
    got = std::move(batch);
    done.Finished(absl::OkStatus());
  }
  Batch got;
};

struct Rig {
  // The first error of decoding or building, or "".
  std::string Make(const std::string& yaml, Signal signal = Signal::kLogs) {
    absl::StatusOr<Config> config = Config::Parse(yaml, "test");
    REQUIRE(config.ok());
    std::vector<ConfigError> errors;
    DecodeContext decode(&errors, "", "");
    transform::Config parsed;
    DecodeField(config->root(), parsed, decode);
    if (!errors.empty()) {
      line = errors[0].location.line;
      return errors[0].message;
    }
    Context context;
    context.id = {"transform", ""};
    context.signal = signal;
    processor = std::make_unique<TransformProcessor>(std::move(parsed), context);
    if (absl::Status status = processor->Init(); !status.ok()) return ConfigErrorsFromStatus(status)[0].message;
    processor->SetNext(&next);
    return "";
  }
  absl::Status Run(Batch batch) {
    absl::Status result;
    processor->Consume(std::move(batch), Done::OnFinished([&](const absl::Status& s) { result = s; }));
    return result;
  }
  Next next;
  std::unique_ptr<TransformProcessor> processor;
  int line = 0;
};

Batch OneLog() {
  auto data = std::make_unique<LogsData>();
  Arena& arena = data->arena;
  ResourceLogs& resource = data->resources.Add(arena);
  resource.resource.attributes.Set(arena, "env", Value::Str("prod"));
  ScopeLogs& scope = resource.scopes.Add(arena);
  scope.scope.name = "lib";
  LogRecord& record = scope.records.Add(arena);
  record.body = Value::Str("GET /user/42 took 17ms");
  record.severity_text = "info";
  record.attributes.Set(arena, "a", Value::Str("one"));
  record.attributes.Set(arena, "n", Value::Int(7));
  return Batch::FromLogs(std::move(data));
}

// The attributes of the record after the statements, or the error.
std::string After(const std::string& statements, bool body = false) {
  Rig rig;
  std::string yaml = "log_statements:\n- context: log\n  statements:\n";
  for (size_t from = 0; from < statements.size();) {
    const size_t end = std::min(statements.find('\n', from), statements.size());
    yaml += "  - '" + statements.substr(from, end - from) + "'\n";
    from = end + 1;
  }
  if (std::string error = rig.Make(yaml); !error.empty()) return "config: " + error;
  if (absl::Status status = rig.Run(OneLog()); !status.ok()) return "error: " + std::string(status.message());
  const LogRecord& record = (*rig.next.got.ReadLogs())->resources[0].scopes[0].records[0];
  if (body) return record.body.AsString();
  Map attributes;
  Arena arena;
  Clone(record.attributes, attributes, arena, true);
  return Value::OfMap(&attributes).AsString();
}

}  // namespace

TEST_CASE("Statements change the attributes of a record", "[component][transform]") {
  const std::pair<const char*, const char*> cases[] = {
      {R"o(set(attributes["b"], "x"))o", R"({"a":"one","b":"x","n":7})"},
      {R"o(set(attributes["b"], nil))o", R"({"a":"one","n":7})"},
      {R"o(set(attributes["m"]["k"][1], true))o", R"({"a":"one","m":{"k":[null,true]},"n":7})"},
      {R"o(set(attributes["b"], resource.attributes["env"]) where severity_text == "info")o", R"({"a":"one","b":"prod","n":7})"},
      {R"o(set(attributes["b"], 1) where severity_text == "warn")o", R"({"a":"one","n":7})"},
      {R"o(delete_key(attributes, "a"))o", R"({"n":7})"},
      {R"o(delete_matching_keys(attributes, "^[a-m]$"))o", R"({"n":7})"},
      {R"o(keep_keys(attributes, ["a", "z"]))o", R"({"a":"one"})"},
      {R"o(keep_matching_keys(attributes, "n"))o", R"({"n":7})"},
      {R"o(limit(attributes, 1, ["n"]))o", R"({"n":7})"},
      {R"o(truncate_all(attributes, 2))o", R"({"a":"on","n":7})"},
      {R"o(replace_pattern(attributes["a"], "o(n)", "$1-"))o", R"({"a":"n-e","n":7})"},
      {R"o(replace_all_patterns(attributes, "key", "^a$", "renamed"))o", R"({"n":7,"renamed":"one"})"},
      {R"o(replace_all_patterns(attributes, "value", "n", "N"))o", R"({"a":"oNe","n":7})"},
      {R"o(replace_match(attributes["a"], "o*", "two"))o", R"({"a":"two","n":7})"},
      {R"o(replace_all_matches(attributes, "?ne", "two"))o", R"({"a":"two","n":7})"},
      {R"o(replace_pattern(attributes["a"], "ne", "$0", SHA1, "<%s>"))o", R"({"a":"o\u003cf60d2a2f7993d5825671faef6f38d5d8a0c34130\u003e","n":7})"},
      {R"o(append(attributes["a"], "two"))o", R"({"a":["one","two"],"n":7})"},
      {R"o(append(attributes["l"], values = [1, "x"]))o", R"({"a":"one","l":[1,"x"],"n":7})"},
      {R"o(merge_maps(attributes, ParseJSON("{\"a\": 1, \"b\": {\"c\": [2]}}"), "insert"))o", R"({"a":"one","b":{"c":[2]},"n":7})"},
      {R"o(merge_maps(attributes, ParseJSON("{\"a\": 1, \"b\": 2}"), "update"))o", R"({"a":1,"n":7})"},
      {R"o(merge_maps(attributes, {"a": 1, "b": n + 1}, "upsert"))o", "config: "},
      {R"o(merge_maps(attributes, {"a": 1, "b": attributes["n"] + 1}, "upsert"))o", R"({"a":1,"b":8,"n":7})"},
      {"set(attributes[\"m\"], {\"x\": {\"y\": [1, 2]}})\nflatten(attributes)", R"({"a":"one","m.x.y.0":1,"m.x.y.1":2,"n":7})"},
      {"set(attributes[\"m\"], {\"x\": {\"y\": 1}})\nflatten(attributes, prefix = \"p\", depth = 1)", R"({"p.a":"one","p.m.x":{"y":1},"p.n":7})"},
      {"set(cache[\"t\"], Split(body, \" \"))\nset(attributes[\"verb\"], cache[\"t\"][0])\ndelete_key(cache, \"t\")", R"({"a":"one","n":7,"verb":"GET"})"},
      {R"o(merge_maps(attributes, ExtractPatterns(body, "took (?P<ms>\\d+)"), "upsert"))o", R"({"a":"one","ms":"17","n":7})"},
      {R"o(set(attributes["a"], Concat([attributes["a"], attributes["n"], nil], "/")))o", R"({"a":"one/7/\u003cnil\u003e","n":7})"},
      {R"o(set(attributes["a"], Format("%s-%03d-%v", [attributes["a"], attributes["n"], 1.5])))o", R"({"a":"one-007-1.5","n":7})"},
      {R"o(set(attributes["a"], ToSnakeCase("fooBarHTTPCode")))o", R"({"a":"foo_bar_http_code","n":7})"},
      {R"o(set(attributes["a"], ConvertCase("foo_bar-baz", "camel")))o", R"({"a":"FooBarBaz","n":7})"},
      {R"o(set(attributes["a"], MD5("x")))o", R"({"a":"9dd4e461268c8034f5c8564e155c67a6","n":7})"},
      {R"o(set(attributes["a"], FNV("hello")))o", R"({"a":-6615550055289275125,"n":7})"},
      {R"o(set(attributes["a"], Hex(Int("255"))))o", R"({"a":"00000000000000ff","n":7})"},
      {R"o(set(attributes["a"], Base64Decode("aGk=")))o", R"({"a":"hi","n":7})"},
      {R"o(set(attributes["a"], Sort([3, 1, 2], "desc")))o", R"({"a":[3,2,1],"n":7})"},
      {R"o(set(attributes["a"], ParseKeyValue("x=1 y='b c'")))o", R"({"a":{"x":"1","y":"b c"},"n":7})"},
      {R"o(set(attributes["a"], SliceToMap(ParseJSON("[{\"k\":\"x\",\"v\":1}]"), ["k"], ["v"])))o", R"({"a":{"x":1},"n":7})"},
      {R"o(set(attributes["a"], FormatTime(Time("2024-02-29 01:02:03", "%Y-%m-%d %H:%M:%S", "UTC"), "%d %b %Y %I:%M:%S %p")))o",
       R"({"a":"29 Feb 2024 01:02:03 AM","n":7})"},
      {R"o(set(attributes["a"], UnixSeconds(TruncateTime(Unix(90, 5), Duration("1m")))))o", R"({"a":60,"n":7})"},
      {R"o(set(attributes["a"], ParseCSV("1;\"x;y\"", "k,l", ";", ",")))o", R"({"a":{"k":"1","l":"x;y"},"n":7})"},
      {R"o(set(attributes["a"], URL("http://me@h:80/p.txt?q#f")["url.port"]))o", R"({"a":80,"n":7})"},
      {R"o(set(attributes["a"], String(SpanID(0x0102030405060708))))o", R"({"a":"[1,2,3,4,5,6,7,8]","n":7})"},
      // A value that has no form in OTLP empties the attribute.
      {R"o(set(attributes["a"], Duration("1s")))o", R"({"a":null,"n":7})"},
      {R"o(set(attributes, {"only": "this"}))o", R"({"only":"this"})"},
      {R"o(set(attributes[attributes["a"]], "dynamic"))o", R"({"a":"one","n":7,"one":"dynamic"})"},
  };
  for (const auto& [statement, expected] : cases) {
    INFO(statement);
    const std::string quoted = [&] {
      std::string out;
      for (char c : std::string(statement)) out += c == '\'' ? std::string("''") : std::string(1, c);
      return out;
    }();
    const std::string got = After(quoted);
    if (std::string(expected) == "config: ") {
      CHECK(got.rfind(expected, 0) == 0);
    } else {
      CHECK(got == expected);
    }
  }
}

TEST_CASE("Statements change the body", "[component][transform]") {
  CHECK(After(R"o(set(body, attributes["n"]))o", true) == "7");
  CHECK(After("set(body, ParseJSON(\"{\\\"a\\\":{\\\"b\\\":1}}\"))\nset(body[\"a\"][\"c\"], \"x\")", true) == R"({"a":{"b":1,"c":"x"}})");
  CHECK(After(R"o(set(body["x"], 1))o") == "error: failed to execute statement: set(log.body[\"x\"], 1), log bodies of type Str cannot be indexed");
  CHECK(After(R"o(replace_pattern(body, "/user/\\d+", "/user/{id}"))o", true) == "GET /user/{id} took 17ms");
}

TEST_CASE("Mistakes stand at their statement", "[component][transform]") {
  Rig rig;
  CHECK(rig.Make("log_statements:\n- set(log.body, \"x\")\n- sett(log.body, \"y\")\n") ==
        "unable to infer a valid context ([\"resource\" \"scope\" \"log\"]) from statements [\"set(log.body, \\\"x\\\")\" \"sett(log.body, "
        "\\\"y\\\")\"] and conditions []: inferred context \"log\" does not support the function \"sett\"");
  CHECK(rig.Make("log_statements:\n- context: log\n  statements:\n  - set(body, \"x\")\n  - sett(body, \"y\")\n") ==
        "unable to parse OTTL statement \"sett(log.body, \\\"y\\\")\": undefined function \"sett\"; did you mean set?");
  CHECK(rig.line == 5);
  CHECK(rig.Make("log_statements:\n- set(log.body, \"x\"\n").find("statement has invalid syntax: 1:18: unexpected token \"<EOF>\"") != std::string::npos);
  CHECK(rig.Make("log_statements:\n- set(body, \"x\")\n").find("unable to infer context from statements [\"set(body, \\\"x\\\")\"]") == 0);
  CHECK(rig.Make("log_statements:\n- context: span\n  statements: ['set(name, \"x\")']\n") ==
        "unknown context \"span\" for statements: [set(name, \"x\")]");
  CHECK(rig.Make("log_statements:\n- context: nope\n  statements: []\n").find("unknown context nope") != std::string::npos);
  CHECK(rig.Make("log_statements:\n- Set(log.body, \"x\")\n").find("editor names must start with a lowercase letter but got 'Set'") != std::string::npos);
  CHECK(rig.Make("log_statements:\n- set(log.body, \"x\")\n- statements: []\n").find("configuring multiple configuration styles") != std::string::npos);
  CHECK(rig.Make("error_mode: never\n").find("unknown error mode never") != std::string::npos);
  CHECK(rig.Make("flatten_data: true\n").find("'flatten_data' requires") != std::string::npos);
  CHECK(rig.Make("log_statements:\n- context: log\n  statements: ['set(attributes[\"a\"], UserAgent(body))']\n")
            .find("function \"UserAgent\" is not supported yet") !=
        std::string::npos);
  CHECK(rig.Make("log_statements:\n- context: log\n  statements: ['limit(attributes, 0, [\"a\"])']\n").find("cannot be less than number of priority attributes") !=
        std::string::npos);
}

TEST_CASE("The error mode decides what a statement that fails does", "[component][transform]") {
  const std::string group = "log_statements:\n- statements:\n  - set(log.attributes[\"x\"], Substring(log.body, 0, 99))\n  - set(log.body, \"after\")\n";
  Rig rig;
  REQUIRE(rig.Make(group) == "");
  CHECK(rig.Run(OneLog()).code() == absl::StatusCode::kUnavailable);
  REQUIRE(rig.Make("error_mode: ignore\n" + group) == "");
  CHECK(rig.Run(OneLog()).ok());
  CHECK((*rig.next.got.ReadLogs())->resources[0].scopes[0].records[0].body.AsString() == "after");
  REQUIRE(rig.Make(group + "  error_mode: silent\n") == "");
  CHECK(rig.Run(OneLog()).ok());
}

TEST_CASE("The context is inferred from paths, functions and enums", "[component][transform]") {
  Rig rig;
  REQUIRE(rig.Make("log_statements:\n- set(resource.attributes[\"k\"], \"v\")\n- set(resource.schema_url, \"u\")\n") == "");
  CHECK(rig.Run(OneLog()).ok());
  const LogsData* data = *rig.next.got.ReadLogs();
  CHECK(data->resources[0].schema_url == "u");
  CHECK(data->resources[0].resource.attributes.Find("k")->string() == "v");
  // The enum is known in the log context only.
  REQUIRE(rig.Make("log_statements:\n- statements: ['set(resource.attributes[\"k\"], SEVERITY_NUMBER_WARN)']\n") == "");
  CHECK(rig.Run(OneLog()).ok());
  CHECK((*rig.next.got.ReadLogs())->resources[0].resource.attributes.Find("k")->integer() == 13);
  REQUIRE(rig.Make("log_statements:\n- conditions: ['log.severity_text == \"info\"']\n  statements: ['set(resource.attributes[\"k\"], 1)']\n") == "");
}

TEST_CASE("Metrics and data points are changed, and metrics added", "[component][transform]") {
  auto batch = [] {
    auto data = std::make_unique<MetricsData>();
    Arena& arena = data->arena;
    ScopeMetrics& scope = data->resources.Add(arena).scopes.Add(arena);
    Metric& sum = scope.records.Add(arena);
    sum.name = "requests";
    sum.type = MetricType::kSum;
    sum.aggregation_temporality = 2;
    NumberDataPoint& point = sum.number_points.Add(arena);
    point.value_kind = NumberKind::kInt;
    point.as_int = 3;
    Metric& histogram = scope.records.Add(arena);
    histogram.name = "latency";
    histogram.type = MetricType::kHistogram;
    histogram.aggregation_temporality = 1;
    HistogramDataPoint& bar = histogram.histogram_points.Add(arena);
    bar.count = 4;
    bar.sum = 2.5;
    bar.has_sum = true;
    return Batch::FromMetrics(std::move(data));
  };
  Rig rig;
  const char* yaml = R"(
metric_statements:
- statements:
  - convert_sum_to_gauge() where metric.name == "requests"
  - extract_sum_metric(true) where metric.name == "latency"
  - copy_metric(name = "copied", unit = "s") where metric.name == "latency"
  - scale_metric(10.0, "ms") where metric.name == "latency"
- statements:
  - set(datapoint.value_int, datapoint.value_int * 2) where metric.name == "requests"
  - set(datapoint.attributes["t"], metric.type)
)";
  REQUIRE(rig.Make(yaml, Signal::kMetrics) == "");
  REQUIRE(rig.Run(batch()).ok());
  const ScopeMetrics& scope = (*rig.next.got.ReadMetrics())->resources[0].scopes[0];
  REQUIRE(scope.records.size() == 4);
  CHECK(scope.records[0].type == MetricType::kGauge);
  CHECK(scope.records[0].number_points[0].as_int == 6);
  CHECK(scope.records[0].number_points[0].attributes.Find("t")->integer() == 1);
  CHECK(scope.records[1].unit == "ms");
  CHECK(scope.records[1].histogram_points[0].sum == 25);
  CHECK(scope.records[2].name == "latency_sum");
  CHECK(scope.records[2].number_points[0].as_double == 2.5);
  CHECK(scope.records[2].is_monotonic);
  CHECK(scope.records[3].name == "copied");
  CHECK(scope.records[3].unit == "s");
  CHECK(scope.records[3].histogram_points[0].sum == 2.5);
  // Without a condition each copy would be copied again.
  REQUIRE(rig.Make("metric_statements: [{context: metric, statements: [copy_metric()]}]", Signal::kMetrics) == "");
  CHECK(rig.Run(batch()).message().find("a condition is missing") != std::string::npos);
}

TEST_CASE("Data points that become alike are merged", "[component][transform]") {
  auto batch = [] {
    auto data = std::make_unique<MetricsData>();
    Arena& arena = data->arena;
    ScopeMetrics& scope = data->resources.Add(arena).scopes.Add(arena);
    Metric& gauge = scope.records.Add(arena);
    gauge.name = "g";
    gauge.type = MetricType::kGauge;
    for (int i = 1; i <= 4; ++i) {
      NumberDataPoint& point = gauge.number_points.Add(arena);
      point.value_kind = NumberKind::kInt;
      point.as_int = i * i;
      point.attributes.Set(arena, "zone", Value::Str(i < 4 ? "a" : "b"));
      point.attributes.Set(arena, "pod", Value::Int(i));
    }
    Metric& histogram = scope.records.Add(arena);
    histogram.name = "h";
    histogram.type = MetricType::kHistogram;
    for (uint64_t i = 1; i <= 2; ++i) {
      HistogramDataPoint& point = histogram.histogram_points.Add(arena);
      point.count = i;
      point.sum = 1.5;
      point.has_sum = true;
      point.bucket_counts.Add(arena) = i;
      point.attributes.Set(arena, "pod", Value::Int(static_cast<int64_t>(i)));
    }
    return Batch::FromMetrics(std::move(data));
  };
  auto after = [&](const std::string& statement) {
    Rig rig;
    REQUIRE(rig.Make("metric_statements: [{context: metric, statements: ['" + statement + "']}]", Signal::kMetrics) == "");
    REQUIRE(rig.Run(batch()).ok());
    std::string out;
    const ScopeMetrics& scope = (*rig.next.got.ReadMetrics())->resources[0].scopes[0];
    for (const auto& p : scope.records[0].number_points) out += std::to_string(p.as_int) + " ";
    for (const auto& p : scope.records[1].histogram_points) out += std::to_string(p.count) + "/" + std::to_string(p.bucket_counts[0]) + " ";
    return out;
  };
  CHECK(after(R"o(aggregate_on_attributes("sum", ["zone"]))o") == "14 16 3/3 ");
  CHECK(after(R"o(aggregate_on_attributes("max", []))o") == "16 3/3 ");
  CHECK(after(R"o(aggregate_on_attributes("median", ["zone"]))o") == "4 16 3/3 ");
  CHECK(after(R"o(aggregate_on_attributes("mean", []))o") == "7 3/3 ");
  CHECK(after(R"o(aggregate_on_attributes("count", []))o") == "4 3/3 ");
  CHECK(after(R"o(aggregate_on_attributes("sum"))o") == "1 4 9 16 1/1 2/2 ");
  CHECK(after(R"o(aggregate_on_attribute_value("min", "zone", ["a"], "b"))o") == "1 4 9 16 1/1 2/2 ");
}

TEST_CASE("Spans and their events are changed", "[component][transform]") {
  auto data = std::make_unique<TracesData>();
  Arena& arena = data->arena;
  Span& span = data->resources.Add(arena).scopes.Add(arena).records.Add(arena);
  span.name = "GET /health";
  span.events.Add(arena).name = "exception";
  Rig rig;
  const char* yaml = R"(
trace_statements:
- context: span
  statements:
  - set(status.code, STATUS_CODE_ERROR) where IsRootSpan() and Len(events) == 1
  - set(kind.string, "Server")
  - set(trace_id.string, "0102030405060708090a0b0c0d0e0f10")
  - set(span_id, SpanID(0x0102030405060708))
  - set(trace_state, "a=1,b=2")
  - set(trace_state["b"], "3")
  - set(trace_state["Bad"], "4")
  - set(attributes["a"], trace_state["a"])
- context: spanevent
  statements:
  - set(name, Concat([span.name, name], ":"))
)";
  REQUIRE(rig.Make(yaml, Signal::kTraces) == "");
  REQUIRE(rig.Run(Batch::FromTraces(std::move(data))).ok());
  const Span& got = (*rig.next.got.ReadTraces())->resources[0].scopes[0].records[0];
  CHECK(got.status_code == 2);
  CHECK(got.kind == 2);
  CHECK(got.trace_id.bytes[15] == 16);
  CHECK(got.span_id.bytes[7] == 8);
  CHECK(got.trace_state == "b=3,a=1");
  CHECK(got.attributes.Find("a")->string() == "1");
  CHECK(got.events[0].name == "GET /health:exception");
}

TEST_CASE("Literals live as long as the batch", "[component][transform]") {
  Batch kept;
  {
    Rig rig;
    const char* yaml = R"(
log_statements:
- context: log
  statements: ['set(attributes["a long key of the statement"], "a long text of the statement")']
)";
    REQUIRE(rig.Make(yaml) == "");
    REQUIRE(rig.Run(OneLog()).ok());
    kept = std::move(rig.next.got);
  }
  const LogRecord& record = (*kept.ReadLogs())->resources[0].scopes[0].records[0];
  CHECK(record.attributes.Find("a long key of the statement")->string() == "a long text of the statement");
}

}  // namespace otelpipe
