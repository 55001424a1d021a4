#include <cstdio>

#include "absl/strings/str_cat.h"
#include "commands.h"
#include "memory.h"
#include "options.h"
#include "otelpipe/service.h"
#include "otelpipe/version.h"

namespace otelpipe::agent {
namespace {

int Main(const std::vector<std::string>& arguments) {
  absl::StatusOr<Options> options = ParseOptions(arguments);
  if (!options.ok()) {
    std::fprintf(stderr, "Error: %s\nRun 'otelpipe --help' for usage.\n", std::string(options.status().message()).c_str());
    return 1;
  }
  if (options->version) {
    std::printf("otelpipe version %s\n", OTELPIPE_VERSION);
    return 0;
  }
  if (options->help || options->command == "help") {
    std::fputs(HelpText().c_str(), stdout);
    return 0;
  }
  Registry registry;
  absl::Status status = RegisterAllComponents(registry);
  for (const std::string& plugin : options->plugins) {
    if (status.ok()) status = LoadPlugin(plugin, registry);
  }
  if (!status.ok()) return Fail(std::string(status.message()));
  if (options->command == "validate") return ValidateCommand(*options, registry);
  if (options->command == "components") return ComponentsCommand(*options, registry);
  if (options->command == "featuregate") return FeatureGateCommand(*options);
  if (options->command == "print-config") return PrintConfigCommand(*options);
  if (options->command == "print-initial-config") return PrintInitialConfigCommand(*options);
  if (options->command == "explain") return ExplainCommand(*options, registry);
  if (options->command == "test") return TestCommand(*options, registry);
  return RunCommand(*options, registry);
}

}  // namespace
}  // namespace otelpipe::agent

int main(int argc, char** argv) {
  otelpipe::agent::TuneAllocator();
  return otelpipe::agent::Main(std::vector<std::string>(argv + 1, argv + argc));
}
