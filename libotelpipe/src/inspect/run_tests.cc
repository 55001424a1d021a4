#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "inspect/match.h"
#include "inspect/rig.h"
#include "inspect/test_file.h"
#include "inspect/tracer.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/inspect.h"

namespace otelpipe {
namespace {

using namespace inspect;

// Time that passes after the input, so that what waits for a timer comes out.
constexpr absl::Duration kSettle = absl::Minutes(1);

// What a test's input came to.
struct Run {
  std::unique_ptr<Rig> rig;  // texts of the batches may belong to its receiver
  std::vector<Batch> batches;
  std::vector<std::string> errors;  // operator: message
  std::vector<std::string> places;  // where its operator is, for each of errors
};

const std::string& FirstOf(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

absl::Status FeedStep(Rig& rig, const std::string& path, const InputStep& step) {
  if (!step.lines.lines.empty()) {
    if (rig.feeds_are_records()) {
      for (const std::string& line : step.lines.lines) OTELPIPE_RETURN_IF_ERROR(rig.Feed(path, line));
    } else {
      OTELPIPE_RETURN_IF_ERROR(rig.Feed(path, absl::StrCat(absl::StrJoin(step.lines.lines, "\n"), "\n")));
    }
  }
  if (!step.text.empty()) OTELPIPE_RETURN_IF_ERROR(rig.Feed(path, step.text));
  if (step.wait > absl::ZeroDuration()) rig.Advance(step.wait);
  return absl::OkStatus();
}

absl::StatusOr<Run> RunCase(const TestFile& file, const TestCase& test, const Config& config, const Registry& registry,
                            const TestOptions& options) {
  Tracer tracer;
  OTELPIPE_ASSIGN_OR_RETURN(std::unique_ptr<Rig> rig,
                            Rig::Create(config, registry, {.receiver = FirstOf(test.receiver, file.receiver), .observer = &tracer,
                                                           .log = tracer.sink(), .gates = options.gates, .now = file.start}));
  const std::string& at = FirstOf(test.at, file.at);
  std::vector<size_t> wanted;
  std::vector<std::string> known = {"receiver"};
  for (size_t i = 0; i < rig->places().size(); ++i) {
    const Rig::Place& place = rig->places()[i];
    const bool exporter = place.kind == Rig::Place::Kind::kExporter;
    if (exporter) known.push_back(place.id);
    if (at == "receiver" ? place.kind == Rig::Place::Kind::kReceiver : exporter && place.id == at) wanted.push_back(i);
  }
  if (wanted.empty()) {
    return absl::NotFoundError(absl::StrCat("at: \"", at, "\" is no exporter that \"", rig->receiver(), "\" reaches; known: ", absl::StrJoin(known, ", ")));
  }
  InputStep lines;
  lines.lines = test.lines;
  const std::vector<InputStep>& steps = test.input.empty() ? std::vector<InputStep>{lines} : test.input;
  for (const InputStep& step : steps) {
    std::string path = FirstOf(step.path, FirstOf(test.path, file.path));
    if (path.empty()) path = rig->DefaultSource();
    OTELPIPE_RETURN_IF_ERROR(FeedStep(*rig, path, step));
  }
  rig->Advance(kSettle);
  rig->Shutdown();
  Run run;
  for (Rig::Seen& seen : rig->TakeSeen()) {
    if (std::find(wanted.begin(), wanted.end(), seen.place) != wanted.end()) run.batches.push_back(std::move(seen.batch));
  }
  for (const ExplainedRecord& record : tracer.TakeRecords()) {
    for (const ExplainedStep& step : record.steps) {
      if (step.error.empty()) continue;
      run.errors.push_back(absl::StrCat(step.id, ": ", step.error));
      run.places.push_back(step.location.ToString());
    }
  }
  run.rig = std::move(rig);
  return run;
}

std::string Count(size_t n, const char* what) { return absl::StrCat(n, " ", what, n == 1 ? "" : "s"); }

void AppendLine(std::string& out, const Location& location, absl::string_view text) {
  absl::StrAppend(&out, location.ToString(), ": ", text, "\n");
}

void CompareRecords(const TestCase& test, const Run& run, std::string& out) {
  if (test.expect.is_null()) return;
  size_t n = 0;
  bool differs = false;
  std::string got;  // all of them, for the eye
  for (const Batch& batch : run.batches) {
    ForEachRecord(batch, [&](const Resource& resource, const Scope& scope, const LogRecord& record) {
      if (n < test.expect.items.size()) {
        for (const Difference& d : Match(test.expect.items[n], resource, scope, record, test.exact)) {
          AppendLine(out, d.location, absl::StrCat("record ", n + 1, ": ", d.path, ": ", d.text));
          differs = true;
        }
      }
      ++n;
      absl::StrAppend(&got, "  record ", n, "\n");
      for (const auto& [path, value] : Flatten(resource, scope, record)) absl::StrAppend(&got, "    ", path, " = ", value, "\n");
    });
  }
  if (n != test.expect.items.size()) {
    AppendLine(out, test.expect.location, absl::StrCat("want ", Count(test.expect.items.size(), "record"), ", got ", n));
    differs = true;
  }
  if (differs) absl::StrAppend(&out, n == 0 ? "" : "what came out:\n", got);
}

void CompareErrors(const TestCase& test, const Run& run, std::string& out) {
  if (test.errors.is_null()) return;
  const std::vector<ConfigNode>& want = test.errors.items;
  for (size_t i = 0; i < std::min(want.size(), run.errors.size()); ++i) {
    if (run.errors[i].find(want[i].text) == std::string::npos) {
      AppendLine(out, want[i].location, absl::StrCat("error ", i + 1, ": want one with \"", want[i].text, "\", got ", run.errors[i]));
    }
  }
  if (want.size() != run.errors.size()) {
    AppendLine(out, test.errors.location, absl::StrCat("want ", Count(want.size(), "error"), ", got ", run.errors.size()));
  }
}

std::string XmlText(std::string_view text) {
  std::string out = absl::StrReplaceAll(A(text), {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
  // Control characters have no form in XML.
  std::replace_if(out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'; }, '?');
  return out;
}

}  // namespace

size_t TestReport::failed() const {
  return static_cast<size_t>(std::count_if(tests.begin(), tests.end(), [](const TestOutcome& t) { return !t.passed; }));
}

absl::StatusOr<TestReport> RunTestFile(const std::string& path, const Registry& registry, const TestOptions& options) {
  OTELPIPE_ASSIGN_OR_RETURN(TestFile file, ReadTestFile(path));
  OTELPIPE_ASSIGN_OR_RETURN(Config config, ConfigOf(file));
  TestReport report;
  report.file = path;
  for (const TestCase& test : file.tests) {
    if (test.name.find(options.filter) == std::string::npos) continue;
    const auto begin = std::chrono::steady_clock::now();
    TestOutcome& outcome = report.tests.emplace_back();
    outcome.name = test.name;
    outcome.location = test.node.location;
    absl::StatusOr<Run> run = RunCase(file, test, config, registry, options);
    if (!run.ok()) {
      // A mistake of the configuration is the same for every test.
      const std::vector<ConfigError> errors = ConfigErrorsFromStatus(run.status());
      if (!errors.empty() && !errors[0].location.file.empty()) return run.status();
      AppendLine(outcome.report, test.node.location, run.status().message());
    } else {
      CompareRecords(test, *run, outcome.report);
      CompareErrors(test, *run, outcome.report);
      if (!outcome.report.empty() && !run->errors.empty()) {
        absl::StrAppend(&outcome.report, "errors of operators:\n");
        for (size_t i = 0; i < run->errors.size(); ++i) absl::StrAppend(&outcome.report, "  ", run->places[i], ": ", run->errors[i], "\n");
      }
    }
    outcome.passed = outcome.report.empty();
    outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  return report;
}

std::string ToText(const TestReport& report) {
  std::string out;
  for (const TestOutcome& test : report.tests) {
    absl::StrAppend(&out, test.passed ? "ok    " : "FAIL  ", test.name, "\n");
    if (test.passed) continue;
    for (absl::string_view line : absl::StrSplit(test.report, '\n')) {
      if (!line.empty()) absl::StrAppend(&out, "  ", line, "\n");
    }
  }
  absl::StrAppend(&out, report.file, ": ", Count(report.tests.size(), "test"), ", ", report.failed(), " failed\n");
  return out;
}

std::string ToJUnit(const std::vector<TestReport>& reports) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const TestReport& report : reports) {
    absl::StrAppend(&out, "  <testsuite name=\"", XmlText(report.file), "\" tests=\"", report.tests.size(), "\" failures=\"", report.failed(), "\">\n");
    for (const TestOutcome& test : report.tests) {
      absl::StrAppend(&out, "    <testcase name=\"", XmlText(test.name), "\" classname=\"", XmlText(report.file), "\" time=\"",
                      absl::StrFormat("%.3f", test.seconds), "\"");
      if (test.passed) {
        out += "/>\n";
        continue;
      }
      const std::string first = test.report.substr(0, test.report.find('\n'));
      absl::StrAppend(&out, ">\n      <failure message=\"", XmlText(first), "\">", XmlText(test.report), "</failure>\n    </testcase>\n");
    }
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace otelpipe
