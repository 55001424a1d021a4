// Shard: the batcher of one combination of metadata values (the only one when there are no metadata_keys).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/pdata/split.h"

namespace otelpipe::batching {

struct Instruments {
  Counter* size_trigger = nullptr;
  Counter* timeout_trigger = nullptr;
  Histogram* send_size = nullptr;
  Histogram* send_size_bytes = nullptr;  // null below the level detailed: it has the batch encoded
};

struct Limits {
  absl::Duration timeout;
  size_t send_batch_size = 0;
  size_t send_batch_max_size = 0;  // 0 = none
  // Without a timer everything is sent as soon as the next component takes it.
  bool has_timer() const { return timeout > absl::ZeroDuration() && send_batch_size > 0; }
};

// Holds batches until there are enough records or the timeout is over, and sends them on merged, or cut to the maximum. One send at a time: the next one waits
// until the last was accepted or finished. While it waits, what comes in is held without acceptance, so its producers wait too.
// A batch is accepted when it is held and finished when the last send with records of it has finished. Always owned by a shared_ptr.
class Shard : public std::enable_shared_from_this<Shard> {
 public:
  Shard(Limits limits, Loop* loop, Logger log, Instruments instruments, Consumer* next,
        std::shared_ptr<const ClientInfo> client);
  ~Shard();

  void Add(Batch batch, size_t records, Done done);
  // Sends all that is held and from now on everything at once, without waiting.
  void Drain();

 private:
  struct Origin;
  struct Item;
  class Send;
  enum class Trigger { kSize, kTimeout };

  void Pump();
  void SendFront(Trigger trigger);
  void Released();
  void AcceptHeld();

  const Limits limits_;
  Loop* const loop_;
  const Logger log_;
  const Instruments instruments_;
  Consumer* const next_;
  const std::shared_ptr<const ClientInfo> client_;
  std::deque<Item> items_;
  size_t records_ = 0;
  size_t unaccepted_ = 0;
  Timer timer_;
  bool due_ = false;
  bool waiting_ = false;  // for the acceptance of the last send
  bool pumping_ = false;
  bool draining_ = false;
};

}  // namespace otelpipe::batching
