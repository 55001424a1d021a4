// Backoff: the waits between attempts, as the reference's retry sender computes them (otlp.md 5.3).
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "otelpipe/component/sending_queue.h"

namespace otelpipe {

class Backoff {
 public:
  // `now` is when the first attempt starts; the budget counts from there.
  Backoff(const RetryConfig& config, absl::Time now);
  // The wait before the next attempt after `error`, or nothing when the time budget does not allow another one.
  std::optional<absl::Duration> Next(const absl::Status& error, absl::Time now);

 private:
  const RetryConfig& config_;
  absl::Duration current_;
  absl::Time stop_;
};

}  // namespace otelpipe
