// Feature gates: switches of behaviour by id, as the reference's `--feature-gates` has them. Those that concern components or settings we
// have act; the others are known by name only, so that command lines keep working, and a service warns of them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace otelpipe {

struct FeatureGate {
  std::string_view id;
  std::string_view stage;  // "Alpha", "Beta", "Stable", "Deprecated"
  bool enabled;            // by default
  std::string_view description;
  std::string_view without_effect = {};  // why setting it changes nothing here; empty when it does
};

// Sorted by id.
const std::vector<FeatureGate>& FeatureGates();

// The state of a gate: as set in `gates`, else its default; false for an id that nobody knows.
bool GateEnabled(const std::map<std::string, bool>& gates, std::string_view id);

// Reads `a,-b,+c` into `gates`. Errors: `no such feature gate "x". valid gates: [...]`, `feature gate "x" is stable, can not be disabled`.
absl::Status ParseFeatureGates(std::string_view list, std::map<std::string, bool>& gates);

}  // namespace otelpipe
