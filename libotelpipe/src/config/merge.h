// Merging of several sources into one tree.
#pragma once

#include "otelpipe/component/config_node.h"

namespace otelpipe::internal {

// Lays `later` over `base`: maps recursively, everything else replaced. Values keep the places where they were written.
// With `append_lists`, lists at service::extensions and of receivers and exporters below service are appended, without what is there already.
void MergeInto(ConfigNode& base, ConfigNode later, bool append_lists = false);

// `a::b: 1` becomes `a: {b: 1}`, at any depth. What two spellings of one path say is merged, in order.
void SplitKeys(ConfigNode& node);

// True when both hold the same value, wherever it was written.
bool SameValue(const ConfigNode& a, const ConfigNode& b);

}  // namespace otelpipe::internal
