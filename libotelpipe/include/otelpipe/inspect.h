// Looking into a configuration: what does it do with this line, and does it still do what its tests say?
//
//   ExplainOptions options{.receiver = "filelog", .source = "/var/log/pods/shop_web-1_0a1b/web/0.log", .lines = {line}};
//   OTELPIPE_ASSIGN_OR_RETURN(Explanation explanation, Explain(config, registry, options));
//   std::fputs(ToText(explanation).c_str(), stdout);
//
//   OTELPIPE_ASSIGN_OR_RETURN(TestReport report, RunTestFile("agent_test.yaml", registry));
//   if (report.failed() > 0) std::fputs(ToText(report).c_str(), stdout);
//
// Both run the receiver and its pipelines as a service would, with two differences: the input is handed over by call (otelpipe/component/feed.h) and exporters are
// replaced by a sink, so no file and no socket is opened; and time is a virtual clock, so a flush after five seconds costs none. Extensions are not made.
// Works with every receiver that has `operators`. Both calls run on the caller's thread and keep nothing. Guides: docs/explain.md, docs/testing-a-config.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/component/config_node.h"
#include "otelpipe/config.h"
#include "otelpipe/operator/expression_parts.h"
#include "otelpipe/registry.h"

namespace otelpipe {

struct ExplainOptions {
  // Id of the receiver; may be empty when only one has operators.
  std::string receiver;
  // Path of the file, or address of the sender, the lines are said to come from; empty: made up from the receiver's `include`.
  std::string source;
  std::vector<std::string> lines;  // without line feeds
  // How often the lines are run to measure the time operators take; 0 measures nothing.
  int repeat = 50;
  std::map<std::string, bool> gates;
};

// A value that an operator or processor changed. Values are JSON; empty means not there.
struct Change {
  std::string path;  // attributes.stream, resource["k8s.pod.name"], body, timestamp, severity ...
  std::string before;
  std::string after;
};

// What one operator saw and did.
struct ExplainedStep {
  std::string id;
  std::string type;
  Location location;  // of its block in the configuration
  // The step that sent the entry here, as index into the record's steps; -1 for the first.
  int parent = -1;

  enum class Outcome { kSent, kHeld, kDropped, kMuted };
  Outcome outcome = Outcome::kSent;
  bool skipped = false;  // its `if` is false
  struct Condition {
    std::string key;  // "if", "routes::0::expr", "is_last_entry"
    std::vector<ExpressionPart> parts;  // the whole first
  };
  std::vector<Condition> conditions;
  std::vector<Change> changes;  // between what it saw and what it sent first
  std::vector<std::string> sent_to;  // ids; "" is the end of the chain
  bool sent_held = false;  // what it sent is what it held from before, not this entry
  std::string error;
  std::string on_error;  // send, drop ..., when there was an error
  int64_t nanos = -1;    // its own time, without the operators behind it; -1 when not measured
};

// One entry on its way through the operators.
struct ExplainedRecord {
  std::vector<std::pair<std::string, std::string>> fields;  // the entry at the beginning: path, JSON
  bool was_held = false;  // not new: an operator sent what it held
  std::vector<ExplainedStep> steps;
};

// Records as they were at one place behind the receiver.
struct ExplainedOutput {
  std::string place;  // receiver filelog; processor resource (logs); exporter loki (logs)
  std::vector<std::vector<std::pair<std::string, std::string>>> records;  // path, JSON
  std::vector<std::string> otlp;  // the batches as OTLP JSON
};

// What one line, or the passing of time, brought about.
struct ExplainedStage {
  std::string when;   // "line 1", "after 5s", "at shutdown"
  std::string input;  // the line
  std::vector<ExplainedRecord> records;
  std::vector<ExplainedOutput> outputs;  // in order of flow
  std::vector<std::string> log;          // warnings and errors of the components that no operator's step shows
};

struct Explanation {
  std::string receiver;
  std::string source;
  std::vector<ExplainedStage> stages;
};

// InvalidArgument with the mistakes of the configuration (ConfigErrorsFromStatus), NotFound when no receiver fits.
absl::StatusOr<Explanation> Explain(const Config& config, const Registry& registry, const ExplainOptions& options);

// For people, and for programs: one JSON object with the members of the structures above.
std::string ToText(const Explanation& explanation);
std::string ToJson(const Explanation& explanation);

// --- tests of a configuration

struct TestOptions {
  // Only tests whose name contains this.
  std::string filter;
  std::map<std::string, bool> gates;
};

struct TestOutcome {
  std::string name;
  Location location;  // of the test in its file
  bool passed = false;
  std::string report;  // what differs, one or more lines; empty when it passed
  double seconds = 0;
};

struct TestReport {
  std::string file;
  std::vector<TestOutcome> tests;
  size_t failed() const;
};

// Runs the tests of a file. An error is one of the file itself or of the configuration it names, with places (ConfigErrorsFromStatus).
absl::StatusOr<TestReport> RunTestFile(const std::string& path, const Registry& registry, const TestOptions& options = {});
std::string ToText(const TestReport& report);
// The form that build servers read.
std::string ToJUnit(const std::vector<TestReport>& reports);

}  // namespace otelpipe
