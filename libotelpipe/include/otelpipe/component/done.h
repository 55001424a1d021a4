// Done: the acknowledgement that travels with a batch. Two events:
//
//   Accepted()        the batch is in a queue that holds it; a network sender may be answered now
//   Finished(status)  it was delivered, filtered on purpose, or refused for good
//
// Rules. Finished is called exactly once; Accepted at most once and before Finished. Finished without Accepted is normal: a consumer
// without a queue reports delivery at once, and a refusal (queue full) has no acceptance. A Done that is destroyed
// unfinished reports Internal("...was dropped"): that is a bug of the holder, but nobody waits for ever.
// Codes: OK; Unavailable, ResourceExhausted, DeadlineExceeded, Aborted = retryable, all others permanent (see IsRetryable).
//
//   void Consume(Batch batch, Done done) override { done.Finished(Write(batch)); }
//
// Threads: the events run on the thread that calls them, which is the component's home.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace otelpipe {

class Done {
 public:
  Done() = default;  // nobody listens
  Done(Done&& other) noexcept : sink_(std::exchange(other.sink_, nullptr)) {}
  Done& operator=(Done&& other) noexcept {
    if (this != &other) {
      Drop();
      sink_ = std::exchange(other.sink_, nullptr);
    }
    return *this;
  }
  ~Done() { Drop(); }

  // Calls back at Finished.
  static Done OnFinished(absl::AnyInvocable<void(const absl::Status&)> finished);
  // Calls back at both events. When Finished(OK) comes without Accepted, only `finished` runs.
  static Done On(absl::AnyInvocable<void()> accepted, absl::AnyInvocable<void(const absl::Status&)> finished);

  void Accepted();
  void Finished(const absl::Status& status);
  bool pending() const { return sink_ != nullptr; }

  // `n` parts of one Done: Accepted when each part was accepted or finished OK; Finished when all have finished, with the first error code
  // and all messages joined by "; ".
  static std::vector<Done> Split(Done done, size_t n);
  // One Done for several: each event is passed to all of them.
  static Done Merge(std::vector<Done> parts);

  // For implementers of their own bookkeeping: one allocation per batch instead of two callbacks. The sink deletes itself in Finished.
  class Sink {
   public:
    virtual void Accepted() {}
    virtual void Finished(const absl::Status& status) = 0;

   protected:
    virtual ~Sink() = default;
  };
  explicit Done(Sink* sink) : sink_(sink) {}

 private:
  void Drop();
  Sink* sink_ = nullptr;
};

// Whether the same batch may be sent again later: Unavailable, ResourceExhausted, DeadlineExceeded, Aborted, Cancelled, OutOfRange,
// DataLoss (the OTLP table of retryable gRPC codes).
bool IsRetryable(const absl::Status& status);
// Marks `status` retryable or permanent against its code; kept as a payload.
absl::Status Permanent(absl::Status status);
// The wait a server asked for (RetryInfo, Retry-After), in seconds; negative when it asked for none.
double RetryAfterSeconds(const absl::Status& status);
absl::Status WithRetryAfter(absl::Status status, double seconds);

}  // namespace otelpipe
