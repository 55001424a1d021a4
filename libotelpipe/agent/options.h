// The command line of the agent: the reference's flags and sub-commands, and ours.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace otelpipe::agent {

struct Options {
  std::string command;  // "" runs; validate, components, featuregate, print-config, explain, test, help
  std::vector<std::string> arguments;
  std::vector<std::string> configs;
  std::vector<std::string> sets;
  std::vector<std::string> plugins;
  std::string schema;  // "" or what `components` shows the schema of: "receiver/otlp", "all"
  std::string receiver, file, path, limit;  // explain
  std::string filter, junit;                // test
  bool json = false;                        // explain
  bool no_time = false;
  std::map<std::string, bool> gates;
  bool strict = false;
  bool version = false;
  bool help = false;
};

// Errors are the reference's: `unknown flag: --foo`, `unknown command "foo" for "otelpipe"`, ...
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments);

std::string HelpText();

}  // namespace otelpipe::agent
