#include "processor/filter/filter.h"

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
    filter::Config parsed;
    DecodeField(config->root(), parsed, decode);
    if (!errors.empty()) {
      line = errors[0].location.line;
      return errors[0].message;
    }
    Context context;
    context.id = {"filter", "x"};
    context.signal = signal;
    context.metrics = &metrics;
    context.loop = loop;
    processor = std::make_unique<FilterProcessor>(std::move(parsed), context);
    if (absl::Status status = processor->Init(); !status.ok()) return ConfigErrorsFromStatus(status)[0].message;
    processor->SetNext(&next);
    return "";
  }
  absl::Status Run(Batch batch) {
    absl::Status result;
    processor->Consume(std::move(batch), Done::OnFinished([&](const absl::Status& s) { result = s; }));
    return result;
  }
  int64_t filtered() const { return metrics.Read().at(0).value; }
  Next next;
  Metrics metrics;
  Loop* loop = nullptr;
  std::unique_ptr<FilterProcessor> processor;
  int line = 0;
};

// Two resources (env=prod: a, b; env=dev: c); severities 5, 9 and 0.
Batch ThreeLogs() {
  auto data = std::make_unique<LogsData>();
  Arena& arena = data->arena;
  auto add = [&](ScopeLogs& scope, const char* body, int severity) {
    LogRecord& record = scope.records.Add(arena);
    record.body = Value::Str(body);
    record.severity_number = severity;
  };
  data->resources.Reserve(arena, 2);
  ResourceLogs& prod = data->resources.Add(arena);
  prod.resource.attributes.Set(arena, "env", Value::Str("prod"));
  ScopeLogs& one = prod.scopes.Add(arena);
  add(one, "a", 5);
  add(one, "b", 9);
  ResourceLogs& dev = data->resources.Add(arena);
  dev.resource.attributes.Set(arena, "env", Value::Str("dev"));
  add(dev.scopes.Add(arena), "c", 0);
  return Batch::FromLogs(std::move(data));
}

// The bodies that pass, "-" for no batch, or the error.
std::string Passed(const std::string& yaml) {
  Rig rig;
  if (std::string error = rig.Make(yaml); !error.empty()) return error;
  if (absl::Status status = rig.Run(ThreeLogs()); !status.ok()) return std::string(status.message());
  if (!rig.next.got) return "-";
  std::string out;
  const LogsData& logs = **rig.next.got.ReadLogs();
  for (const ResourceLogs& r : logs.resources) {
    CHECK(r.scopes.size() == 1);
    for (const LogRecord& record : r.scopes[0].records) out += record.body.string();
  }
  return out;
}

}  // namespace

TEST_CASE("Log records are dropped by any condition, with scopes and resources that are left empty", "[component][filter]") {
  CHECK(Passed("{}") == "abc");
  CHECK(Passed("logs: {log_record: ['body == \"a\"', 'resource.attributes[\"env\"] == \"dev\"']}") == "b");
  CHECK(Passed("logs: {log_record: ['true']}") == "-");
  CHECK(Passed("logs: {log_record: 'body == \"a\",body == \"c\"'}") == "b");
  Rig rig;
  REQUIRE(rig.Make("logs: {log_record: ['resource.attributes[\"env\"] == \"prod\"']}") == "");
  REQUIRE(rig.Run(ThreeLogs()).ok());
  CHECK(rig.next.got.records() == 1);
  CHECK((*rig.next.got.ReadLogs())->resources.size() == 1);
  CHECK(rig.filtered() == 2);
}

TEST_CASE("Log records are dropped by the older blocks", "[component][filter]") {
  CHECK(Passed("logs: {include: {match_type: strict, bodies: [a, c]}}") == "ac");
  CHECK(Passed("logs: {exclude: {match_type: regexp, bodies: ['[ab]']}}") == "c");
  CHECK(Passed("logs: {include: {severity_number: {min: info}}}") == "b");
  CHECK(Passed("logs: {include: {severity_number: {min: '5', match_undefined: true}}}") == "abc");
  CHECK(Passed("logs: {include: {severity_number: {min: FOO}}}") == "ab");
  CHECK(Passed("logs: {exclude: {match_type: strict, resource_attributes: [{key: env, value: prod}]}}") == "c");
  CHECK(Passed("logs: {include: {match_type: strict}}") == "abc");
  CHECK(Passed("logs: {include: {match_type: strict, resource_attributes: [{key: env, value: prod}]},"
               " exclude: {match_type: strict, bodies: [a]}}") == "b");
}

TEST_CASE("error_mode says what becomes of a condition that fails", "[component][filter]") {
  const std::string conditions = "logs: {log_record: ['HasPrefix(severity_number, \"x\")', 'body == \"a\"']}\n";
  Rig rig;
  REQUIRE(rig.Make(conditions) == "");
  const absl::Status status = rig.Run(ThreeLogs());
  CHECK(IsRetryable(status));
  CHECK(std::string(status.message()).rfind("failed to eval condition: HasPrefix(severity_number, \"x\"), expected string but got int64; ", 0) == 0);
  CHECK_FALSE(rig.next.got);
  CHECK(Passed(conditions + "error_mode: ignore") == "bc");
  CHECK(Passed(conditions + "error_mode: Silent") == "bc");
}

// Scenario: a condition fails on a batch that a receiver of files offers.
// Guarantees: the refusal does not come from inside Consume, where it would mean a full queue.
TEST_CASE("A batch that no condition can judge is refused a turn later", "[component][filter]") {
  testing::TestLoop loop;
  Rig rig;
  rig.loop = &loop;
  REQUIRE(rig.Make("logs: {log_record: ['HasPrefix(severity_number, \"x\")']}\n") == "");
  int inside = 0, all = 0;
  bool consuming = true;
  rig.processor->Consume(ThreeLogs(), Done::OnFinished([&](const absl::Status& s) {
    CHECK(IsRetryable(s));
    inside += consuming ? 1 : 0;
    ++all;
  }));
  consuming = false;
  loop.RunUntilIdle();
  CHECK(inside == 0);
  CHECK(all == 1);
}

TEST_CASE("A batch that passes whole keeps its bytes", "[component][filter]") {
  Rig rig;
  REQUIRE(rig.Make("logs: {log_record: ['body == \"a\"']}") == "");
  Batch some = ThreeLogs();
  Batch wire = Batch::FromWire(Signal::kLogs, some.wire());
  REQUIRE(rig.Run(std::move(wire)).ok());
  CHECK(rig.next.got.records() == 2);
  CHECK_FALSE(rig.next.got.has_wire());
  REQUIRE(rig.Make("logs: {log_record: ['body == \"nobody\"']}") == "");
  wire = Batch::FromWire(Signal::kLogs, some.wire());
  REQUIRE(rig.Run(std::move(wire)).ok());
  CHECK(rig.next.got.records() == 3);
  CHECK(rig.next.got.has_wire());
}

TEST_CASE("Mistakes of filters are found while decoding, at their line", "[component][filter]") {
  Rig rig;
  CHECK(rig.Make("error_mode: Panic").find("unknown error mode panic") != std::string::npos);
  CHECK(rig.Make("error_mode: ''").find("unknown error mode") != std::string::npos);
  CHECK(rig.Make("logs:\n  log_record:\n    - 'true'\n    - 'body ==='\n") ==
        "unable to parse OTTL condition \"body ===\": condition has invalid syntax: 1:8: unexpected token \"=\" (expected Field (\".\" Field)*)");
  CHECK(rig.line == 4);
  // Conditions of signals that the pipeline does not carry too.
  CHECK(rig.Make("traces: {span: ['nope == 1']}") != "");
  CHECK(rig.Make("logs: {log_record: ['true'], include: {match_type: strict, bodies: [a]}}") ==
        "cannot use ottl conditions and include/exclude for logs at the same time");
  CHECK(rig.Make("metrics: {include: {match_type: expr}}", Signal::kMetrics).rfind("match_type expr is not supported", 0) == 0);
  CHECK(rig.Make("logs: {include: {match_type: odd, bodies: [a]}}").find("unrecognized match_type: 'odd'") != std::string::npos);
}

TEST_CASE("Spans and events are dropped; a span without events stays", "[component][filter]") {
  Rig rig;
  auto spans = [] {
    auto data = std::make_unique<TracesData>();
    auto& records = data->resources.Add(data->arena).scopes.Add(data->arena).records;
    records.Reserve(data->arena, 2);
    Span& one = records.Add(data->arena);
    one.name = "one";
    one.events.Add(data->arena).name = "e";
    records.Add(data->arena).name = "two";
    return Batch::FromTraces(std::move(data));
  };
  REQUIRE(rig.Make("traces: {span: ['name == \"two\"'], spanevent: ['name == \"e\"']}", Signal::kTraces) == "");
  REQUIRE(rig.Run(spans()).ok());
  const auto& left = (*rig.next.got.ReadTraces())->resources[0].scopes[0].records;
  REQUIRE(left.size() == 1);
  CHECK(left[0].name == "one");
  CHECK(left[0].events.empty());
  CHECK(rig.filtered() == 1);
  REQUIRE(rig.Make("spans: {exclude: {match_type: strict, span_names: [one]}}", Signal::kTraces) == "");
  REQUIRE(rig.Run(spans()).ok());
  CHECK((*rig.next.got.ReadTraces())->resources[0].scopes[0].records[0].name == "two");
}

TEST_CASE("Metrics and points are dropped; a metric without points goes", "[component][filter]") {
  auto metrics = [] {
    auto data = std::make_unique<MetricsData>();
    ResourceMetrics& resource = data->resources.Add(data->arena);
    resource.resource.attributes.Set(data->arena, "env", Value::Str("dev"));
    auto& records = resource.scopes.Add(data->arena).records;
    records.Reserve(data->arena, 2);
    Metric& a = records.Add(data->arena);
    a.name = "a";
    a.type = MetricType::kGauge;
    a.number_points.Reserve(data->arena, 2);
    a.number_points.Add(data->arena).as_int = 1;
    a.number_points.Add(data->arena).as_int = 2;
    Metric& b = records.Add(data->arena);
    b.name = "b";
    b.type = MetricType::kHistogram;
    b.histogram_points.Add(data->arena).count = 5;
    return Batch::FromMetrics(std::move(data));
  };
  struct Case {
    const char* yaml;
    const char* left;
    int64_t filtered;
  };
  const Case cases[] = {
      {"metrics: {datapoint: ['value_int == 1', 'count == 5']}", "a1", 2},
      {"metrics: {metric: ['name == \"a\"']}", "b1", 2},
      {"metrics: {include: {match_type: strict, metric_names: [a]}}", "a2", 1},
      {"metrics: {exclude: {match_type: regexp, metric_names: ['^a']}}", "b1", 2},
      {"metrics: {include: {match_type: strict, resource_attributes: [{key: env, value: dev}], metric_names: [b]}}", "b1", 2},
      {"metrics: {exclude: {match_type: strict, resource_attributes: [{key: env, value: dev}]}}", "", 3},
  };
  for (const Case& c : cases) {
    INFO(c.yaml);
    Rig rig;
    REQUIRE(rig.Make(c.yaml, Signal::kMetrics) == "");
    REQUIRE(rig.Run(metrics()).ok());
    std::string left;
    if (rig.next.got) {
      for (const Metric& m : (*rig.next.got.ReadMetrics())->resources[0].scopes[0].records) {
        left += std::string(m.name) + std::to_string(m.point_count());
      }
    }
    CHECK(left == c.left);
    CHECK(rig.filtered() == c.filtered);
  }
}

}  // namespace otelpipe
