// Delivery: hands batches to the pipeline, in order, and keeps what was refused for lack of room.
//
//   delivery.Offer(std::move(batch), std::move(acks), bytes);
//   if (delivery.HasRoom()) ...      // else wait for the on_room callback
//
// One batch at a time waits to be accepted, so order is kept where the pipeline has no queue. Bytes handed over and not finished are bounded by the window.
//
// A refusal with a retryable status at once, inside Consume, means that there is no room (a full queue, a memory limit): the batch is kept and offered
// again, whatever retry_on_failure says. Any other failure is retried by retry_on_failure, or dropped and counted.
// References to the input are released when a batch is finished, as not delivered only when the delivery was given up by Stop.
// Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "otelpipe/component/component.h"
#include "otelpipe/operator/entry.h"
#include "otelpipe/pdata/batch.h"
#include "receiver/filelog/config.h"

namespace otelpipe::filelog {

class Delivery {
 public:
  static constexpr int64_t kWindowBytes = 8 << 20;

  Delivery(const Context& context, FilelogConfig::Retry retry, std::function<void()> on_room);
  ~Delivery();
  Delivery(const Delivery&) = delete;

  void SetNext(Consumer* next) { next_ = next; }
  void Offer(Batch batch, std::vector<AckRef> acks, int64_t bytes);
  bool HasRoom() const;
  // Offers what is left once and calls `done` when nothing waits to be accepted any more, or at once when the pipeline refuses: what is then left
  // is released as not delivered, to be read again at the next start. Batches already accepted may still finish later.
  void Stop(absl::AnyInvocable<void()> done);

  size_t waiting() const { return waiting_.size(); }
  int64_t bytes_in_flight() const { return bytes_; }

 private:
  struct Item;
  class Sink;
  struct Shared {
    Delivery* delivery;
  };

  void Pump();
  void OfferItem(std::unique_ptr<Item> item);
  void OnAccepted(Item* item);
  void OnFinished(Item* item, const absl::Status& status);
  void Failed(std::unique_ptr<Item> item, const absl::Status& status, bool at_once);
  void Keep(std::unique_ptr<Item> item, absl::Duration wait);
  void Release(std::unique_ptr<Item> item, bool delivered);
  void MaybeStopped();

  Loop* loop_;
  Logger log_;
  FilelogConfig::Retry retry_;
  std::function<void()> on_room_;
  Consumer* next_ = nullptr;
  Counter* accepted_ = nullptr;
  Counter* refused_ = nullptr;
  std::shared_ptr<Shared> shared_;
  std::deque<std::unique_ptr<Item>> waiting_;          // in order
  std::map<Item*, std::unique_ptr<Item>> offered_;     // with the pipeline
  Item* consuming_ = nullptr;                          // inside Consume now
  int unaccepted_ = 0;
  int64_t bytes_ = 0;
  uint64_t sequence_ = 0;
  bool pumping_ = false;
  bool stopping_ = false;
  absl::AnyInvocable<void()> stopped_;
  Timer back_off_;
  std::minstd_rand random_;
};

}  // namespace otelpipe::filelog
