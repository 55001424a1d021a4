#include "otelpipe/inspect.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>

#include "otelpipe/base/strings.h"
#include "otelpipe/service.h"

namespace otelpipe {
namespace {

// A registry of what the build has. Slim builds may lack the components these tests use.
const Registry& All() {
  static const Registry* registry = [] {
    auto* all = new Registry;
    (void)RegisterAllComponents(*all);
    return all;
  }();
  return *registry;
}
bool Has(std::string_view receiver, std::initializer_list<std::string_view> operators) {
  bool has = All().Find(ComponentKind::kReceiver, receiver) != nullptr && All().Find(ComponentKind::kExporter, "debug") != nullptr;
  for (std::string_view type : operators) has = has && All().FindOperator(type) != nullptr;
  return has;
}

Config Load(const std::string& receiver, const std::string& more = "") {
  absl::StatusOr<Config> config = Config::Parse(
      "receivers:\n" + receiver + "\nexporters: {debug: }\n" + (more.empty() ? "service: {pipelines: {logs: {receivers: [" +
      receiver.substr(2, receiver.find(':') - 2) + "], exporters: [debug]}}}\n" : more), "c.yaml");
  INFO(config.status().ToString());
  REQUIRE(config.ok());
  return *std::move(config);
}

Explanation Run(const Config& config, std::vector<std::string> lines, std::string source = "/var/log/a.log") {
  absl::StatusOr<Explanation> e = Explain(config, All(), {.source = std::move(source), .lines = std::move(lines), .repeat = 0});
  INFO(e.status().ToString());
  REQUIRE(e.ok());
  return *std::move(e);
}

std::string Field(const std::vector<std::pair<std::string, std::string>>& fields, std::string_view path) {
  for (const auto& [p, value] : fields) {
    if (p == path) return value;
  }
  return "";
}

// What reached the exporter, as JSON of bodies.
std::vector<std::string> Bodies(const Explanation& e) {
  std::vector<std::string> out;
  for (const ExplainedStage& stage : e.stages) {
    if (stage.outputs.empty()) continue;
    for (const auto& record : stage.outputs.back().records) out.push_back(Field(record, "body"));
  }
  return out;
}

using Outcome = ExplainedStep::Outcome;

TEST_CASE("each operator shows what it saw and did", "[inspect][explain]") {
  if (!Has("filelog", {"json_parser", "move", "filter"})) return;
  const Config config = Load(R"(  filelog:
    include: [/var/log/*.log]
    operators:
      - {type: json_parser, if: 'body startsWith "{" and body endsWith "}"'}
      - {type: filter, expr: 'attributes.level == "debug"'}
      - {type: move, from: attributes.msg, to: body}
)");
  const Explanation e = Run(config, {R"({"level":"info","msg":"hi"})", R"({"level":"debug"})", "plain"});
  REQUIRE(e.stages.size() == 3);
  REQUIRE(e.stages[0].records.size() == 1);
  const std::vector<ExplainedStep>& steps = e.stages[0].records[0].steps;
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].id == "json_parser");
  CHECK(steps[0].location.ToString() == "c.yaml:5:9");
  CHECK(steps[0].sent_to == std::vector<std::string>{"filter"});
  REQUIRE(steps[0].changes.size() == 2);
  CHECK(steps[0].changes[0].path == "attributes.level");
  CHECK(steps[0].changes[0].before.empty());
  CHECK(steps[0].changes[0].after == "\"info\"");
  CHECK(steps[2].parent == 1);
  CHECK(steps[2].changes[0].path == "body");
  CHECK(steps[2].changes[0].after == "\"hi\"");
  CHECK(steps[2].sent_to == std::vector<std::string>{""});
  REQUIRE(e.stages[0].outputs.size() == 2);
  CHECK(e.stages[0].outputs[0].place == "receiver filelog");
  CHECK(e.stages[0].outputs[1].place == "exporter debug (logs)");
  CHECK(Field(e.stages[0].outputs[1].records[0], "attributes[\"log.file.name\"]") == "\"a.log\"");
  CHECK(e.stages[0].outputs[1].otlp[0].find("\"resourceLogs\"") == 1);

  const std::vector<ExplainedStep>& dropped = e.stages[1].records[0].steps;
  REQUIRE(dropped.size() == 2);
  CHECK(dropped[1].outcome == Outcome::kDropped);
  CHECK(e.stages[1].outputs.empty());

  // Scenario: the condition is false, the field of the move is not there.
  const std::vector<ExplainedStep>& plain = e.stages[2].records[0].steps;
  CHECK(plain[0].skipped);
  REQUIRE(plain[0].conditions.size() == 1);
  const std::vector<ExpressionPart>& parts = plain[0].conditions[0].parts;
  CHECK(parts[0].value == "false");
  CHECK(parts[1].text == "body startsWith \"{\"");
  CHECK(parts[1].value == "false");
  CHECK_FALSE(parts[3].evaluated);
  CHECK(plain[2].error.find("field does not exist") != std::string::npos);
  CHECK(plain[2].on_error == "send");
  CHECK(Bodies(e) == std::vector<std::string>{"\"hi\"", "\"plain\""});
  CHECK(ToText(e).find("body startsWith \"{\" is false") != std::string::npos);
}

TEST_CASE("what is held shows, and comes out when its time has come", "[inspect][explain]") {
  if (!Has("filelog", {"recombine"})) return;
  const Config config = Load(R"(  filelog:
    include: [/var/log/*.log]
    operators:
      - {type: recombine, combine_field: body, is_last_entry: 'body endsWith "."', combine_with: "", force_flush_period: 5s}
)");
  const Explanation e = Run(config, {"a", "b.", "c"});
  REQUIRE(e.stages.size() == 4);
  CHECK(e.stages[0].records[0].steps[0].outcome == Outcome::kHeld);
  CHECK(e.stages[1].records[0].steps[0].outcome == Outcome::kSent);
  CHECK_FALSE(e.stages[1].records[0].steps[0].sent_held);
  CHECK(e.stages[2].records[0].steps[0].outcome == Outcome::kHeld);
  CHECK(e.stages[3].when == "after 5s");
  CHECK(Bodies(e) == std::vector<std::string>{"\"ab.\"", "\"c\""});
}

TEST_CASE("records of several lines are flushed by the virtual clock", "[inspect][explain]") {
  if (!Has("filelog", {})) return;
  const Config config = Load("  filelog:\n    include: [/var/log/*.log]\n    multiline: {line_start_pattern: '^\\d'}\n");
  const Explanation e = Run(config, {"1 a", "  b", "2 c"});
  CHECK(Bodies(e) == std::vector<std::string>{"\"1 a\\n  b\"", "\"2 c\""});
  CHECK(e.stages.back().when == "after 500ms");
}

TEST_CASE("receivers of sockets are fed without one", "[inspect][explain]") {
  if (!Has("tcplog", {}) || !Has("udplog", {}) || !Has("syslog", {})) return;
  const Explanation tcp = Run(Load("  tcplog:\n    listen_address: 10.9.8.7:1\n    add_attributes: true\n"), {"a", "b"}, "10.0.0.1:77");
  CHECK(Bodies(tcp) == std::vector<std::string>{"\"a\"", "\"b\""});
  const auto& record = tcp.stages[0].outputs[0].records[0];
  CHECK(Field(record, "attributes[\"net.peer.ip\"]") == "\"10.0.0.1\"");
  CHECK(Field(record, "attributes[\"net.host.port\"]") == "\"1\"");
  const Explanation udp = Run(Load("  udplog:\n    listen_address: 10.9.8.7:1\n"), {"a\nb\n"}, "");
  CHECK(Bodies(udp) == std::vector<std::string>{"\"a\\nb\""});
  const Explanation syslog =
      Run(Load("  syslog:\n    protocol: rfc5424\n    udp: {listen_address: 10.9.8.7:1}\n"), {"<34>1 2003-10-11T22:14:15.003Z host su - ID47 - hello"}, "");
  REQUIRE(syslog.stages[0].records[0].steps.size() == 1);
  CHECK(syslog.stages[0].records[0].steps[0].type == "syslog_parser");
  CHECK(Field(syslog.stages[0].outputs[0].records[0], "attributes.hostname") == "\"host\"");
  CHECK_FALSE(Explain(Load("  tcplog:\n    listen_address: 10.9.8.7:1\n    add_attributes: true\n"), All(), {.source = "nonsense", .lines = {"a"}}).ok());
}

TEST_CASE("operators that write elsewhere do not", "[inspect][explain]") {
  if (!Has("filelog", {"file_output", "copy"})) return;
  const std::string path = "/tmp/otelpipe_inspect_" + std::to_string(::getpid()) + ".out";
  const Config config = Load("  filelog:\n    include: [/var/log/*.log]\n    operators: [{type: file_output, path: " + path + "}]\n");
  const Explanation e = Run(config, {"a"});
  CHECK(e.stages[0].records[0].steps[0].outcome == Outcome::kMuted);
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("the library call explains one line", "[inspect][explain]") {
  if (!Has("filelog", {"noop"})) return;
  const Registry& registry = All();
  const Config config = Load("  filelog:\n    include: [/var/log/*.log]\n    operators: [{type: noop}]\n");
  absl::StatusOr<Explanation> explanation = Explain(config, registry, {.receiver = "filelog", .source = "/var/log/a.log", .lines = {"x"}});
  REQUIRE(explanation.ok());
  CHECK(explanation->stages[0].records[0].steps[0].nanos > 0);
  const std::string json = ToJson(*explanation);
  CHECK(json.find(R"({"receiver":"filelog","source":"/var/log/a.log","stages":[{"when":"line 1","input":"x")") == 0);
  CHECK_FALSE(Explain(config, registry, {.receiver = "tcplog", .lines = {"x"}}).ok());
}

TEST_CASE("mistakes of the configuration come with their places", "[inspect][explain]") {
  if (!Has("filelog", {"regex_parser"})) return;
  const Config config = Load("  filelog:\n    include: [/var/log/*.log]\n    operators: [{type: regex_parser, regex: '('}]\n");
  absl::StatusOr<Explanation> e = Explain(config, All(), {.lines = {"x"}});
  REQUIRE_FALSE(e.ok());
  CHECK(std::string(e.status().message()).find("c.yaml:4:45: receivers::filelog::operators::0::regex") == 0);
}

// --- files of tests

struct File {
  explicit File(const std::string& text) : path("/tmp/otelpipe_inspect_" + std::to_string(::getpid()) + ".yaml") {
    std::ofstream(path) << text;
  }
  ~File() { std::remove(path.c_str()); }
  TestReport Run() const {
    absl::StatusOr<TestReport> report = RunTestFile(path, All());
    INFO(report.status().ToString());
    REQUIRE(report.ok());
    return *std::move(report);
  }
  std::string Error() const { return std::string(S(RunTestFile(path, All()).status().message())); }
  std::string path;
};

constexpr char kConfig[] = R"(config:
  receivers:
    filelog:
      include: [/var/log/*.log]
      operators:
        - {type: json_parser, parse_to: body}
        - {type: severity_parser, parse_from: body.level}
        - {type: time_parser, parse_from: body.ts, layout_type: gotime, layout: 'Jan _2 15:04:05'}
  processors:
    resource: {attributes: [{key: env, value: '${env:STAGE}', action: insert}]}
  exporters: {debug: }
  service: {pipelines: {logs: {receivers: [filelog], processors: [resource], exporters: [debug]}}}
env: {STAGE: prod}
path: /var/log/a.log
now: 2024-06-01T00:00:00Z
tests:
)";
bool HasAll() {
  return Has("filelog", {"json_parser", "severity_parser", "time_parser"}) && All().Find(ComponentKind::kProcessor, "resource") != nullptr;
}

TEST_CASE("records are compared by what is expected of them", "[inspect][test]") {
  if (!HasAll()) return;
  const File file(std::string(kConfig) + R"(
  - name: partial
    lines: ['{"level":"warn","ts":"Jan  2 03:04:05","n":1.5,"l":[1,"a"]}']
    expect: [{severity_number: 13, severity_text: warn, timestamp: 2024-01-02T03:04:05Z, body: {n: 1.5, l: [1, a], none: null, level: {$matches: '^w'}}}]
  - name: exact
    exact: true
    at: debug
    lines: ['{"level":"warn","ts":"Jan  2 03:04:05"}']
    expect:
      - {severity_number: 13, severity_text: warn, timestamp: 2024-01-02T03:04:05Z, body: {level: warn, ts: "Jan  2 03:04:05"},
         attributes: {log.file.name: a.log}, resource: {env: prod}}
  - name: nothing
    lines: []
    expect: []
)");
  const TestReport report = file.Run();
  INFO(ToText(report));
  CHECK(report.tests.size() == 3);
  CHECK(report.failed() == 0);
}

TEST_CASE("differences have their places in the file of tests", "[inspect][test]") {
  if (!HasAll()) return;
  const File file(std::string(kConfig) + R"(  - name: wrong
    exact: true
    lines: ['{"level":"warn","n":1}']
    expect:
      - body: {n: "1", level: warn}
        attributes: {a: b}
      - {}
)");
  const TestReport report = file.Run();
  REQUIRE(report.failed() == 1);
  const std::string& text = report.tests[0].report;
  INFO(text);
  CHECK(text.find(file.path + ":21:19: record 1: body.n: want \"1\", got 1\n") != std::string::npos);
  CHECK(text.find(file.path + ":22:25: record 1: attributes.a: want \"b\", got nothing\n") != std::string::npos);
  CHECK(text.find("attributes[\"log.file.name\"]: not expected, got \"a.log\"\n") != std::string::npos);
  CHECK(text.find("severity_number: want nothing, got 13\n") != std::string::npos);
  CHECK(text.find(file.path + ":21:7: want 2 records, got 1\n") != std::string::npos);
  CHECK(text.find("  record 1\n    severity_number = 13\n") != std::string::npos);
  CHECK(text.find("time_parser: log entry does not have the expected parse_from field") != std::string::npos);
  const std::string junit = ToJUnit({report});
  CHECK(junit.find("tests=\"1\" failures=\"1\"") != std::string::npos);
  CHECK(junit.find("want &quot;1&quot;, got 1") != std::string::npos);
}

TEST_CASE("mistakes in a file of tests are told with their places", "[inspect][test]") {
  const File unknown("config: a.yaml\ntests:\n  - name: a\n    lines: [x]\n    expect: [{bodi: x}]\n    exakt: true\n");
  CHECK(unknown.Error().find(unknown.path + ":5:15: expect: a record has no \"bodi\"") != std::string::npos);
  CHECK(unknown.Error().find(unknown.path + ":6:5: tests::0: 'tests[0]' has invalid keys: exakt; did you mean \"exact\"?") != std::string::npos);
  const File empty("config: a.yaml\n");
  CHECK(empty.Error().find("there is no test") != std::string::npos);
  const File missing("config: none.yaml\ntests: [{name: a, expect: []}]\n");
  CHECK(missing.Error().find("none.yaml: no such file or directory") != std::string::npos);
  if (!HasAll()) return;
  const File config(std::string(kConfig) + "  - {name: a, expect: []}\nset: ['receivers.filelog.start=end']\n");
  CHECK(config.Error().find("has invalid keys: start") != std::string::npos);
  const File at(std::string(kConfig) + "  - {name: a, at: loki, expect: []}\n");
  CHECK(at.Run().tests[0].report.find(at.path + ":17:5: at: \"loki\" is no exporter that \"filelog\" reaches; known: receiver, debug") == 0);
}

}  // namespace
}  // namespace otelpipe
