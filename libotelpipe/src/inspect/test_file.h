// The file of tests, decoded. docs/testing-a-config.md describes it for its writers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/config.h"

namespace otelpipe::inspect {

// Lines as a list or as a text with one line each. Numbers and the like are taken as they are written.
struct Lines {
  std::vector<std::string> lines;
};
void DecodeField(const ConfigNode& node, Lines& out, DecodeContext& context);

// One step of `input`: something arrives, or time passes.
struct InputStep {
  std::string path;
  Lines lines;
  std::string text;
  absl::Duration wait = absl::ZeroDuration();
  static void Describe(Fields<InputStep>& f);
};

struct TestCase {
  std::string name;
  std::string receiver;
  std::string path;
  Lines lines;
  std::vector<InputStep> input;
  std::string at;
  bool exact = false;
  ConfigNode expect;
  ConfigNode errors;
  ConfigNode node;  // the whole test, for places
  static void Describe(Fields<TestCase>& f);
};
void DecodeField(const ConfigNode& node, TestCase& out, DecodeContext& context);

struct TestFile {
  ConfigNode config;
  std::vector<std::string> set;
  std::map<std::string, std::string> env;
  std::string receiver;
  std::string path;
  std::string at = "receiver";
  ConfigNode now;  // a time, in quotes or not
  std::vector<TestCase> tests;
  static void Describe(Fields<TestFile>& f);

  // What is not said in a file; not from YAML.
  std::string name;
  std::string text;
  absl::Time start = absl::InfinitePast();
};

// NotFound when the file cannot be read; else all mistakes with their places.
absl::StatusOr<TestFile> ReadTestFile(const std::string& path);
// The configuration a file names or holds.
absl::StatusOr<Config> ConfigOf(const TestFile& file);

}  // namespace otelpipe::inspect
