// Merging of batches of one signal into one.
//
//   Batch all = MergeBatches(std::move(parts), [&](size_t i, const absl::Status& status) { Refuse(i, status); });
#pragma once

#include <functional>
#include <vector>

#include "otelpipe/pdata/batch.h"

namespace otelpipe {

// All of `parts` in their order. Parts that are all OTLP bytes become one message by concatenation; otherwise the trees are joined, moving resources and keeping
// the memory of each part alive. A part that cannot be decoded is left out after a call of `failed(index, status)`. The result is empty when nothing remains.
// It has no client.
Batch MergeBatches(std::vector<Batch> parts, const std::function<void(size_t, const absl::Status&)>& failed);

}  // namespace otelpipe
