// Spellings that earlier versions of the reference took: rewritten to what they mean today where that is unambiguous, with a warning at their place;
// else advice is added to the error that decoding gives.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "otelpipe/component/config_node.h"
#include "otelpipe/component/ids.h"

namespace otelpipe {

// Rewrites `node`, the configuration of a component. `type` is as written, `path` is the component's ("receivers::filelog/2"). True when something was
// rewritten.
bool RewriteOldSpellings(ComponentKind kind, const std::string& type, const std::string& path, ConfigNode& node, std::vector<ConfigError>& errors);

// Adds hints to errors from `first` on that are about keys which are gone (AdviceOnOperator: about operators).
void AdviseOldSpellings(ComponentKind kind, const std::string& type, size_t first, std::vector<ConfigError>& errors);

}  // namespace otelpipe
