// The sub-commands that do not run a service. Each returns the exit code.
#pragma once

#include "options.h"
#include "otelpipe/config.h"
#include "otelpipe/registry.h"

namespace otelpipe::agent {

// What `--config` and `--set` name, merged.
absl::StatusOr<Config> LoadConfig(const Options& options);

int ValidateCommand(const Options& options, const Registry& registry);
int ComponentsCommand(const Options& options, const Registry& registry);
int FeatureGateCommand(const Options& options);
int PrintConfigCommand(const Options& options);
// The same under the reference's name, behind its feature gate.
int PrintInitialConfigCommand(const Options& options);
int ExplainCommand(const Options& options, const Registry& registry);
int TestCommand(const Options& options, const Registry& registry);

// Runs until a signal or a fatal error (run.cc).
int RunCommand(const Options& options, const Registry& registry);

// Prints what went wrong the way the reference does: `Error: ...`, then the log-like line. Returns 1.
int Fail(std::string_view text);

}  // namespace otelpipe::agent
