// Splitter: cuts a batch into parts, front to back, without copying records.
//
//   OTELPIPE_ASSIGN_OR_RETURN(Splitter splitter, Splitter::Make(std::move(batch)));
//   while (splitter.remaining() > 0) Send(splitter.Take(1000));
//
// Records (log records, spans, data points) keep their order. A resource, scope or metric that is cut appears in both parts, with its schema URL and
// metadata. Parts share the memory of the original, which lives as long as any of them; no part sees edits of another.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "otelpipe/pdata/batch.h"

namespace otelpipe::batching {

class Splitter {
 public:
  // Decodes. InvalidArgument for malformed protobuf.
  static absl::StatusOr<Splitter> Make(Batch batch);

  size_t remaining() const { return remaining_; }
  // The next `n` records, or all that remain when there are fewer. The client is that of the original.
  Batch Take(size_t n);

  // How one kind of data is cut; private to split.cc.
  class Cutter {
   public:
    virtual ~Cutter() = default;
    // With `last`, also takes what has no records behind the last one.
    virtual Batch Take(size_t n, bool last) = 0;
  };

 private:
  Splitter(std::unique_ptr<Cutter> cutter, size_t remaining) : cutter_(std::move(cutter)), remaining_(remaining) {}
  std::unique_ptr<Cutter> cutter_;
  std::shared_ptr<const ClientInfo> client_;
  size_t remaining_;
};

}  // namespace otelpipe::batching
