#include "otelpipe/pdata/split.h"

#include <algorithm>
#include <utility>

#include "otelpipe/base/status_macros.h"
#include "pdata/split_cutters.h"

namespace otelpipe {

absl::StatusOr<BatchSplitter> BatchSplitter::Make(Batch batch, SizeUnit unit) {
  std::shared_ptr<const ClientInfo> client = batch.client();
  std::unique_ptr<Cutter> cutter;
  if (unit == SizeUnit::kBytes || batch.has_wire()) {
    OTELPIPE_ASSIGN_OR_RETURN(cutter, internal::MakeWireCutter(batch, unit));
  } else {
    OTELPIPE_ASSIGN_OR_RETURN(cutter, internal::MakeTreeCutter(std::move(batch)));
  }
  BatchSplitter splitter(std::move(cutter));
  splitter.client_ = std::move(client);
  return splitter;
}

Batch BatchSplitter::Take(size_t n, bool or_nothing) {
  Batch part = cutter_->Take(std::min(n, remaining()), or_nothing);
  if (part) part.set_client(client_);
  return part;
}

}  // namespace otelpipe
