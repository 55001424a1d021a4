// The ids and the graph of an `operators:` list: names, duplicates, order of flow, cycles.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/operator/program.h"

namespace otelpipe::internal {

// The id of each member. An operator without an id, or whose id is its type, is called after its type: the first `noop`, later ones `noop1`, `noop2`
// and so on, past ids that are taken. `host` is the receiver's input, first in the list.
std::vector<std::string> OperatorIds(const OperatorList& list, std::string_view host);

// A graph by index: edges[i] are the successors of i.
using Edges = std::vector<std::vector<size_t>>;
// Every node after those that lead to it; cycles are cut.
std::vector<size_t> OrderOfFlow(const Edges& edges);
// `(a -> b -> a), (c -> c)`, or empty when there is no cycle.
std::string DescribeCycles(const Edges& edges, const std::vector<std::string>& names);

}  // namespace otelpipe::internal
