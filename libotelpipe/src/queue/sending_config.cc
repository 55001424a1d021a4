#include "absl/strings/str_cat.h"
#include "otelpipe/component/sending_queue.h"

namespace otelpipe {

void RetryConfig::Describe(Fields<RetryConfig>& f) {
  f.Optional("enabled", &RetryConfig::enabled, "Send again what failed for a passing reason.");
  f.Optional("initial_interval", &RetryConfig::initial_interval, "Wait before the first repetition.");
  f.Optional("randomization_factor", &RetryConfig::randomization_factor, "Waits vary by this share, 0 to 1.");
  f.Optional("multiplier", &RetryConfig::multiplier, "Each wait is this many times the last one.");
  f.Optional("max_interval", &RetryConfig::max_interval, "Upper bound of the wait.");
  f.Optional("max_elapsed_time", &RetryConfig::max_elapsed_time, "When to give up; 0 = never.");
  f.Validate([](const RetryConfig& c) -> absl::Status {
    if (!c.enabled) return absl::OkStatus();
    const absl::Duration zero = absl::ZeroDuration();
    if (c.initial_interval < zero) return absl::InvalidArgumentError("'initial_interval' must be non-negative");
    if (c.randomization_factor < 0 || c.randomization_factor > 1) {
      return absl::InvalidArgumentError("'randomization_factor' must be within [0, 1]");
    }
    if (c.multiplier < 0) return absl::InvalidArgumentError("'multiplier' must be non-negative");
    if (c.max_interval < zero) return absl::InvalidArgumentError("'max_interval' must be non-negative");
    if (c.max_elapsed_time < zero) return absl::InvalidArgumentError("'max_elapsed_time' must be non-negative");
    if (c.max_elapsed_time > zero) {
      if (c.max_elapsed_time < c.initial_interval) {
        return absl::InvalidArgumentError("'max_elapsed_time' must not be less than 'initial_interval'");
      }
      if (c.max_elapsed_time < c.max_interval) {
        return absl::InvalidArgumentError("'max_elapsed_time' must not be less than 'max_interval'");
      }
    }
    return absl::OkStatus();
  });
}

void QueueBatchConfig::Describe(Fields<QueueBatchConfig>& f) {
  f.Optional("flush_timeout", &QueueBatchConfig::flush_timeout, "Send a smaller batch after this time; 0 = no timer.");
  f.Optional("min_size", &QueueBatchConfig::min_size, "Send as soon as a batch holds this much.");
  f.Optional("sizer", &QueueBatchConfig::sizer, "Unit of min_size and max_size: items or bytes; default the queue's.");
  f.Optional("max_size", &QueueBatchConfig::max_size, "Bigger batches are cut; 0 = never.");
  f.Validate([](const QueueBatchConfig& c) -> absl::Status {
    if (c.flush_timeout < absl::ZeroDuration()) return absl::InvalidArgumentError("`flush_timeout` must be positive");
    if (c.min_size < 0) return absl::InvalidArgumentError("`min_size` must be non-negative");
    if (c.max_size < 0) return absl::InvalidArgumentError("`max_size` must be non-negative");
    if (c.max_size > 0 && c.max_size < c.min_size) {
      return absl::InvalidArgumentError("`max_size` must be greater or equal to `min_size`");
    }
    if (!c.sizer.empty() && c.sizer != "items" && c.sizer != "bytes") {
      return absl::InvalidArgumentError("`batch` supports only `items` or `bytes` sizer");
    }
    return absl::OkStatus();
  });
}

void QueueConfig::Describe(Fields<QueueConfig>& f) {
  f.Optional("enabled", &QueueConfig::enabled, "Answer as soon as the batch is queued; without it, when it was delivered.");
  f.Optional("num_consumers", &QueueConfig::num_consumers, "Batches on their way at once.");
  f.Optional("queue_size", &QueueConfig::queue_size, "Capacity, in units of sizer.");
  f.OneOf("sizer", &QueueConfig::sizer, {"requests", "items", "bytes"}, "invalid sizer: ", "Unit of queue_size.");
  f.Optional("wait_for_result", &QueueConfig::wait_for_result, "Answer only when the batch was delivered.");
  f.Optional("block_on_overflow", &QueueConfig::block_on_overflow, "When full: let the sender wait instead of refusing.");
  f.Optional("storage", &QueueConfig::storage, "Storage extension that keeps the queue over restarts.");
  f.Optional("batch", &QueueConfig::batch, "Join queued batches into bigger requests.");
  f.Validate([](const QueueConfig& c) -> absl::Status {
    if (!c.enabled) return absl::OkStatus();
    if (c.num_consumers <= 0) return absl::InvalidArgumentError("`num_consumers` must be positive");
    if (c.queue_size <= 0) return absl::InvalidArgumentError("`queue_size` must be positive");
    if (c.storage.has_value() && c.wait_for_result) {
      return absl::InvalidArgumentError(
          "`wait_for_result` is not supported with a persistent queue configured with `storage`");
    }
    if (c.batch.has_value()) {
      const std::string& sizer = c.batch->sizer.empty() ? c.sizer : c.batch->sizer;
      if (sizer == "requests") {
        return absl::InvalidArgumentError("`batch` supports only `items` or `bytes` sizer; set `sizer` of the queue or of `batch`");
      }
      if (sizer == c.sizer && c.batch->min_size > c.queue_size) {
        return absl::InvalidArgumentError("`min_size` must be less than or equal to `queue_size`");
      }
    }
    return absl::OkStatus();
  });
}

void SendingConfig::Describe(Fields<SendingConfig>& f) {
  f.Optional("timeout", &SendingConfig::timeout, "Limit of one attempt; 0 = none.");
  f.Optional("retry_on_failure", &SendingConfig::retry_on_failure, "What happens when an attempt fails.");
  f.Optional("sending_queue", &SendingConfig::sending_queue, "Queue between the pipeline and the sender.");
  f.Validate([](const SendingConfig& c) -> absl::Status {
    if (c.timeout < absl::ZeroDuration()) return absl::InvalidArgumentError("'timeout' must be non-negative");
    return absl::OkStatus();
  });
}

}  // namespace otelpipe
