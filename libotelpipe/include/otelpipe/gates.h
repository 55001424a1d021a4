// Feature gates: switches of behaviour by id, as the reference's `--feature-gates` has them. Those that concern components or settings we
// have act; the others are known by name only, so that command lines keep working.
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
};

// Sorted by id.
const std::vector<FeatureGate>& FeatureGates();

// Reads `a,-b,+c` into `gates`. Errors: `no such feature gate "x". valid gates: [...]`, `feature gate "x" is stable, can not be disabled`.
absl::Status ParseFeatureGates(std::string_view list, std::map<std::string, bool>& gates);

}  // namespace otelpipe
