// Delivery: hands batches to the pipelines of a receiver, in order, and keeps what was refused for lack of room.
//
//   Delivery delivery(context, options, [this] { ReadOn(); });
//   delivery.Offer(consumer, std::move(batch), std::move(acks), bytes);
//   if (delivery.HasRoom()) ...      // else stop reading and wait for the callback
//
// One batch at a time waits to be accepted, so order is kept where the pipeline has no queue. Bytes handed over and not finished are bounded by the window.
//
// A refusal with a retryable status at once, inside Consume, means that there is no room (a full queue, a memory limit): the batch is kept and offered
// again, whatever retry_on_failure says. Any other failure is retried by retry_on_failure, or dropped and counted.
// References to the input are released when a batch is finished, as not delivered only when the delivery was given up. Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/operator/entry.h"
#include "otelpipe/pdata/batch.h"

namespace otelpipe::stream {

// The `retry_on_failure` block of receivers.
struct RetryConfig {
  bool enabled = false;
  absl::Duration initial_interval = absl::Seconds(1);
  absl::Duration max_interval = absl::Seconds(30);
  absl::Duration max_elapsed_time = absl::Minutes(5);
  static void Describe(Fields<RetryConfig>& f);
};

struct DeliveryOptions {
  RetryConfig retry;
  // The input can be read again after a restart: what the pipeline refuses during the stop is let go. Otherwise it is offered until the service ends.
  bool replayable = false;
  std::string transport;  // label of the counters
};

class Delivery {
 public:
  static constexpr int64_t kWindowBytes = 4 << 20;

  // `on_room` is called whenever there may be room again.
  Delivery(const Context& context, DeliveryOptions options, std::function<void()> on_room);
  // Batches not finished are given up; what nobody holds any more is logged.
  ~Delivery();
  Delivery(const Delivery&) = delete;

  // `next` outlives the delivery.
  void Offer(Consumer* next, Batch batch, std::vector<AckRef> acks, int64_t bytes);
  bool HasRoom() const;
  // Calls `done` when nothing waits to be accepted any more. Batches already accepted may still finish later.
  void Stop(absl::AnyInvocable<void()> done);
  // Records that came in and could not be made a batch (a line that does not parse).
  void CountRefused(Signal signal, int64_t records);

  size_t waiting() const { return waiting_.size(); }
  int64_t bytes_in_flight() const { return bytes_; }

 private:
  struct Item;
  class Sink;
  struct Shared {
    Delivery* delivery;
  };
  struct Counts {
    Counter* accepted = nullptr;
    Counter* refused = nullptr;
  };

  void Pump();
  void OfferItem(std::unique_ptr<Item> item);
  void OnAccepted(Item* item);
  void OnFinished(Item* item, const absl::Status& status);
  void Failed(std::unique_ptr<Item> item, const absl::Status& status, bool at_once);
  void Keep(std::unique_ptr<Item> item, absl::Duration wait);
  void Release(std::unique_ptr<Item> item, bool delivered);
  void MaybeStopped();
  Counts& CountsOf(Signal signal);

  Loop* loop_;
  Logger log_;
  Metrics* metrics_;
  std::string receiver_;
  DeliveryOptions options_;
  std::function<void()> on_room_;
  std::map<Signal, Counts> counts_;
  std::shared_ptr<Shared> shared_;
  std::deque<std::unique_ptr<Item>> waiting_;       // in order
  std::map<Item*, std::unique_ptr<Item>> offered_;  // with the pipeline
  Item* consuming_ = nullptr;                       // inside Consume now
  int unaccepted_ = 0;
  int64_t bytes_ = 0;
  uint64_t sequence_ = 0;
  bool pumping_ = false;
  bool stopping_ = false;
  absl::AnyInvocable<void()> stopped_;
  Timer back_off_;
  std::minstd_rand random_;
};

}  // namespace otelpipe::stream
