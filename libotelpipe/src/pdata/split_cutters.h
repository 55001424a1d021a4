// The two ways to cut a batch, see otelpipe/pdata/split.h.
#pragma once

#include <memory>

#include "otelpipe/pdata/split.h"

namespace otelpipe::internal {

// By records, from the decoded tree.
absl::StatusOr<std::unique_ptr<BatchSplitter::Cutter>> MakeTreeCutter(Batch batch);
// By records or bytes, from the OTLP bytes.
absl::StatusOr<std::unique_ptr<BatchSplitter::Cutter>> MakeWireCutter(const Batch& batch, SizeUnit unit);

}  // namespace otelpipe::internal
