// Batcher: joins what comes out of the queue into requests (sending_queue.batch; otlp.md 5.6).
//
//   batcher.Add(std::move(batch), origin, ready);   // appends the requests that are full
//   batcher.Flush(ready);                           // the rest, after flush_timeout
//
// Each Add cuts pieces of max_size from the front until the rest fits; the rest becomes a request when it has min_size, else it waits. A single record larger than
// max_size bytes goes alone. No timers here.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "otelpipe/component/sending_queue.h"
#include "otelpipe/pdata/split.h"
#include "queue/request.h"

namespace otelpipe {

class Batcher {
 public:
  // `failed` is called for an origin whose data turns out to be malformed; the rest goes on without it. It takes over that origin's share in `open`.
  using Failed = std::function<void(const std::shared_ptr<Origin>&, const absl::Status&)>;
  Batcher(const QueueBatchConfig& config, SizeUnit unit, Failed failed)
      : config_(config), unit_(unit), failed_(std::move(failed)) {}

  // True when what waits now (if anything) began with this call, so that its time starts.
  bool Add(Batch batch, std::shared_ptr<Origin> origin, std::vector<Request>& ready);
  void Flush(std::vector<Request>& ready);
  bool empty() const { return parts_.empty(); }

 private:
  struct Part {
    Batch batch;
    std::optional<BatchSplitter> rest;  // instead of `batch`, once it was cut
    size_t size;
    std::shared_ptr<Origin> origin;
  };
  void TakeFront(size_t limit, std::vector<Request>& ready);
  size_t SizeOf(const Batch& batch) const { return unit_ == SizeUnit::kItems ? batch.records() : batch.wire_size(); }

  const QueueBatchConfig& config_;
  const SizeUnit unit_;
  const Failed failed_;
  std::deque<Part> parts_;
  size_t size_ = 0;
};

}  // namespace otelpipe
