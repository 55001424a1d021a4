// Log operators as earlier versions of the reference wrote them: `$record`, `$labels`, the operators metadata and restructure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/component/config_node.h"

namespace otelpipe {

// Rewrites the list `operators`, with a warning for each that was changed. `path` is that of the list. True when one was.
bool RewriteOldOperators(const std::string& path, ConfigNode& operators, std::vector<ConfigError>& errors);

// What to do instead of the operator that `message` says is not there; empty for others.
std::string_view AdviceOnOperator(std::string_view message);

}  // namespace otelpipe
