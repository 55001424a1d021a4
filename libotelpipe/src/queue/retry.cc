#include "queue/retry.h"

#include <algorithm>
#include <random>

namespace otelpipe {
namespace {

double UnitRandom() {
  thread_local std::minstd_rand generator(std::random_device{}());
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

}  // namespace

Backoff::Backoff(const RetryConfig& config, absl::Time now)
    : config_(config),
      current_(config.initial_interval),
      stop_(config.max_elapsed_time == absl::ZeroDuration() ? absl::InfiniteFuture() : now + config.max_elapsed_time) {}

std::optional<absl::Duration> Backoff::Next(const absl::Status& error, absl::Time now) {
  if (current_ == absl::ZeroDuration()) current_ = config_.initial_interval;
  const double factor = config_.randomization_factor;
  absl::Duration delay = factor == 0 ? current_ : current_ * (1 - factor + 2 * factor * UnitRandom());
  if (current_ >= config_.max_interval / std::max(config_.multiplier, 1e-9)) {
    current_ = config_.max_interval;
  } else {
    current_ *= config_.multiplier;
  }
  const double asked = RetryAfterSeconds(error);
  if (asked > 0) delay = std::max(delay, absl::Seconds(asked));
  if (now + delay > stop_) return std::nullopt;
  return delay;
}

}  // namespace otelpipe
