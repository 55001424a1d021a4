// Expansion of ${...} in values, and of $$.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "config/sources.h"
#include "otelpipe/component/config_node.h"

namespace otelpipe::internal {

using Fetcher = std::function<absl::StatusOr<SourceText>(const Uri&)>;

// Expands all values of `root` (never keys) in place; a value that fails stays as it is. Appends one error per failing value, at its place.
void Expand(ConfigNode& root, const Fetcher& fetch, std::vector<ConfigError>& errors);

// The first reference in `text` that can be expanded, with its braces; empty when there is none. An escaped one ($${x}) found
// first ends the search.
std::string_view FindReference(std::string_view text);

}  // namespace otelpipe::internal
