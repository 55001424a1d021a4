// Limiter: decides from time to time whether there is memory left to take data.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "otelpipe/component/loop.h"
#include "otelpipe/component/telemetry.h"

namespace otelpipe::memory {

struct LimiterOptions {
  absl::Duration check_interval;
  uint64_t hard_limit = 0;  // bytes
  uint64_t soft_limit = 0;
  absl::Duration min_release_interval_soft;
  absl::Duration min_release_interval_hard;
  std::function<uint64_t()> used;  // bytes in use
  std::function<void()> release;   // gives free memory back
};

// Refuses from the soft limit on. Above a limit it first gives free memory back to the system, not more often than the
// intervals say (the hard limit only makes it try more often), and measures again. Checks come with the timer, and as soon as the data taken
// since the last one could have used up what was left below the hard limit.
class Limiter {
 public:
  Limiter(LimiterOptions options, Loop* loop, Logger log);
  // The limiter of this name on this loop, made when there is none with the same limits: all pipelines that name one processor refuse and
  // accept together, and measure once. Any thread.
  static std::shared_ptr<Limiter> Shared(const std::string& name, LimiterOptions options, Loop* loop, Logger log);

  // Each user starts it once and stops it once; it works from the first Start to the last Stop. True for the first.
  bool Start();
  void Stop();
  bool refusing() const { return refusing_; }
  // Whether data that holds so many bytes is to be taken.
  bool Take(uint64_t bytes);
  // One check; the timer does this.
  void Check();

 private:
  void Arm();
  uint64_t Release();

  LimiterOptions options_;
  Loop* loop_;
  Logger log_;
  Timer timer_;
  int users_ = 0;
  int64_t last_release_;
  uint64_t measured_ = 0;  // at the last check
  uint64_t taken_ = 0;     // bytes since then
  bool refusing_ = false;
};

}  // namespace otelpipe::memory
