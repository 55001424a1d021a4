// YAML text to ConfigNode. The only file of the library that sees yaml-cpp is yaml_reader.cc; nothing it throws gets out.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "otelpipe/component/config_node.h"

namespace otelpipe::internal {

// The first document of `text`; null when there is none. `file` names the source in places.
// Rules are those of the reference's library: duplicate keys are errors, `<<` merges, keys become text.
// Errors carry their place (ConfigErrorsFromStatus): `contents are not valid YAML: yaml: line 2: did not find expected key`.
absl::StatusOr<ConfigNode> ReadYaml(std::string_view text, const std::string& file);

}  // namespace otelpipe::internal
