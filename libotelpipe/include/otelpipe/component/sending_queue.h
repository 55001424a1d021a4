// SendingQueue: queue, retry and timeout between a pipeline and one exporter's Sender, as the reference's exporter helper has
// them (otlp.md chapter 5). An exporter owns one and forwards Start, Consume and Shutdown to it:
//
//   class Loki final : public Exporter, Sender {
//     void Send(Batch batch, SendDone done) override { http_.Post(..., [done](absl::Status s) { done(s); }); }
//     absl::Status Start(Host& host) override { return queue_.Start(host); }
//     void Consume(Batch batch, Done done) override { queue_.Consume(std::move(batch), std::move(done)); }
//     void Shutdown(ShutdownDone done) override { queue_.Shutdown(std::move(done)); }
//
// Accepted is reported when the queue holds the batch, Finished when it was sent, or dropped (counted and logged). Without a queue, and with
// wait_for_result, both come with the answer. A persistent queue (`storage`) finishes a batch as soon as it is stored; what cannot be
// stored is refused as Unavailable. A queue is bounded in the unit of its sizer, and a memory queue by a share of the memory, too. What could not be sent
// because of a shutdown finishes as Cancelled: a receiver that can read again (files) must not count it as delivered.
// Loop thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

struct RetryConfig {
  bool enabled = true;
  absl::Duration initial_interval = absl::Seconds(5);
  double randomization_factor = 0.5;
  double multiplier = 1.5;
  absl::Duration max_interval = absl::Seconds(30);
  absl::Duration max_elapsed_time = absl::Minutes(5);
  static void Describe(Fields<RetryConfig>& f);
};

struct QueueBatchConfig {
  absl::Duration flush_timeout = absl::ZeroDuration();  // zero: no timer
  int64_t min_size = 0;
  int64_t max_size = 0;  // zero: nothing is cut
  std::string sizer;  // "" = the queue's

  static void Describe(Fields<QueueBatchConfig>& f);
};

struct QueueConfig {
  bool enabled = true;
  int64_t num_consumers = 10;
  int64_t queue_size = 1000;
  std::string sizer = "requests";
  bool wait_for_result = false;
  bool block_on_overflow = false;
  std::optional<ComponentId> storage;
  std::optional<QueueBatchConfig> batch;
  // Set by code: the most memory, in bytes, that batches of a memory queue may hold unless its size is in bytes anyway. 0: a quarter of what the process may use.
  uint64_t memory_limit = 0;
  static void Describe(Fields<QueueConfig>& f);
};

// The three blocks an exporter's Config takes in with Fields::Inline.
struct SendingConfig {
  absl::Duration timeout = absl::Seconds(5);
  RetryConfig retry_on_failure;
  QueueConfig sending_queue;
  static void Describe(Fields<SendingConfig>& f);
};

// One attempt to deliver a batch. `done` is called once, on the loop, with OK, a retryable or a permanent status (done.h). The
// attempt must end by itself within `timeout`.
class Sender {
 public:
  using SendDone = absl::AnyInvocable<void(absl::Status)>;
  virtual ~Sender() = default;
  virtual void Send(Batch batch, absl::Duration timeout, SendDone done) = 0;
};

class SendingQueue {
 public:
  // `sender` outlives the queue.
  SendingQueue(SendingConfig config, Context context, Sender* sender);
  ~SendingQueue();
  // FailedPrecondition when the storage extension is missing.
  absl::Status Start(Host& host);
  void Consume(Batch batch, Done done);
  // Interrupts waits between retries, tries what is queued once, then calls done. A persistent queue keeps the rest for the next start.
  void Shutdown(Component::ShutdownDone done);
  // Whether batches pass through a form that edits them (sending_queue.batch).
  bool mutates() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace otelpipe
