// `otelpipe explain` and `otelpipe test`.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "commands.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/inspect.h"

namespace otelpipe::agent {
namespace {

constexpr int kDefaultLimit = 10;

// Unlike a run that fails, these say it once: nobody reads their words as those of the reference.
int Tell(std::string_view text) {
  std::fprintf(stderr, "Error: %.*s\n", static_cast<int>(text.size()), text.data());
  return 1;
}

void Print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// The first `limit` lines. `more` when there are others.
std::vector<std::string> ReadLines(std::istream& in, size_t limit, bool& more) {
  std::vector<std::string> lines;
  more = false;
  for (std::string line; std::getline(in, line);) {
    if (lines.size() == limit) {
      more = true;
      break;
    }
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

int ExplainCommand(const Options& options, const Registry& registry) {
  ExplainOptions explain;
  explain.receiver = options.receiver;
  explain.source = !options.path.empty() ? options.path : options.file;
  explain.gates = options.gates;
  int limit = kDefaultLimit;
  if (!options.limit.empty() && (!absl::SimpleAtoi(options.limit, &limit) || limit < 1)) {
    return Tell(absl::StrCat("--limit takes a number of lines, not \"", options.limit, "\""));
  }
  if (options.no_time) explain.repeat = 0;
  absl::StatusOr<Config> config = LoadConfig(options);
  if (!config.ok()) return Tell(S(config.status().message()));
  bool more = false;
  if (!options.arguments.empty()) {
    explain.lines = options.arguments;
  } else if (!options.file.empty()) {
    std::ifstream in(options.file, std::ios::binary);
    if (!in) return Tell(absl::StrCat("cannot read ", options.file));
    explain.lines = ReadLines(in, static_cast<size_t>(limit), more);
  } else {
    explain.lines = ReadLines(std::cin, static_cast<size_t>(limit), more);
  }
  if (explain.lines.empty()) return Tell("no line to explain: give --file, a line as argument, or lines on the standard input");
  absl::StatusOr<Explanation> explanation = Explain(*config, registry, explain);
  if (!explanation.ok()) return Tell(S(explanation.status().message()));
  Print(options.json ? ToJson(*explanation) : ToText(*explanation));
  if (more && !options.json) std::fprintf(stderr, "Only the first %d lines were explained; --limit takes more.\n", limit);
  return 0;
}

int TestCommand(const Options& options, const Registry& registry) {
  if (options.arguments.empty()) return Tell("name the files with tests: otelpipe test FILE...");
  TestOptions test;
  test.filter = options.filter;
  test.gates = options.gates;
  std::vector<TestReport> reports;
  int code = 0;
  for (const std::string& file : options.arguments) {
    absl::StatusOr<TestReport> report = RunTestFile(file, registry, test);
    if (!report.ok()) {
      code = Tell(S(report.status().message()));
      continue;
    }
    Print(ToText(*report));
    if (report->failed() > 0) code = 1;
    reports.push_back(*std::move(report));
  }
  if (!options.junit.empty()) {
    std::ofstream out(options.junit, std::ios::binary);
    out << ToJUnit(reports);
    if (!out.flush()) return Tell(absl::StrCat("cannot write ", options.junit));
  }
  return code;
}

}  // namespace otelpipe::agent
