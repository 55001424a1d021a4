// BatchSplitter: cuts a batch into parts, front to back.
//
//   OTELPIPE_ASSIGN_OR_RETURN(BatchSplitter splitter, BatchSplitter::Make(std::move(batch), SizeUnit::kItems));
//   while (splitter.remaining() > 0) Send(splitter.Take(1000));
//
// Records (log records, spans, data points) keep their order. A resource, scope or metric that is cut appears in both parts, with its schema URL and
// metadata. A batch that is OTLP bytes is cut as bytes, without decoding; a tree is cut as a tree, without copying records. Parts share the memory of the
// original, which lives as long as any of them; no part sees edits of another.
//
// Sizes in bytes are those of the protobuf message, so a batch that is a tree is encoded first. What a part costs beside its
// records (heads of what was cut) counts.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "otelpipe/pdata/batch.h"

namespace otelpipe {

enum class SizeUnit { kItems, kBytes };

class BatchSplitter {
 public:
  // InvalidArgument for malformed protobuf.
  static absl::StatusOr<BatchSplitter> Make(Batch batch, SizeUnit unit = SizeUnit::kItems);

  // Of what was not taken, in the unit.
  size_t remaining() const { return cutter_->remaining(); }
  // The next part of at most `n` units. When not even one record fits into `n` bytes, the part is that one record, or
  // empty (no batch at all) with `or_nothing`. The client is that of the original.
  Batch Take(size_t n, bool or_nothing = false);

  // How one form of data is cut; private to the room.
  class Cutter {
   public:
    virtual ~Cutter() = default;
    virtual size_t remaining() const = 0;
    // At most `n`, which is less than remaining() or equal; all of it includes what has no records behind the last one.
    virtual Batch Take(size_t n, bool or_nothing) = 0;
  };

 private:
  explicit BatchSplitter(std::unique_ptr<Cutter> cutter) : cutter_(std::move(cutter)) {}
  std::unique_ptr<Cutter> cutter_;
  std::shared_ptr<const ClientInfo> client_;
};

}  // namespace otelpipe
