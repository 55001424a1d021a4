#include "processor/memory_limiter/limiter.h"

#include <map>
#include <mutex>
#include <utility>

namespace otelpipe::memory {
namespace {

std::vector<LogField> Used(uint64_t bytes) { return {{"cur_mem_mib", static_cast<int64_t>(bytes >> 20)}}; }

// It holds no limiter alive.
struct Directory {
  std::mutex mutex;
  std::map<std::pair<Loop*, std::string>, std::weak_ptr<Limiter>> limiters;
};
Directory& TheDirectory() {
  static Directory* const directory = new Directory;
  return *directory;
}

}  // namespace

std::shared_ptr<Limiter> Limiter::Shared(const std::string& name, LimiterOptions options, Loop* loop, Logger log) {
  Directory& d = TheDirectory();
  const std::lock_guard<std::mutex> lock(d.mutex);
  std::erase_if(d.limiters, [](const auto& known) { return known.second.expired(); });
  std::weak_ptr<Limiter>& known = d.limiters[{loop, name}];
  std::shared_ptr<Limiter> limiter = known.lock();
  // Other limits are those of another configuration, which is about to go.
  const auto same = [&options](const LimiterOptions& o) {
    return o.check_interval == options.check_interval && o.hard_limit == options.hard_limit && o.soft_limit == options.soft_limit &&
           o.min_release_interval_soft == options.min_release_interval_soft &&
           o.min_release_interval_hard == options.min_release_interval_hard;
  };
  if (!limiter || !same(limiter->options_)) {
    limiter = std::make_shared<Limiter>(std::move(options), loop, std::move(log));
    known = limiter;
  }
  return limiter;
}

Limiter::Limiter(LimiterOptions options, Loop* loop, Logger log)
    : options_(std::move(options)), loop_(loop), log_(std::move(log)), last_release_(loop->MonotonicNanos()) {}

bool Limiter::Start() {
  if (users_++ > 0) return false;
  measured_ = options_.used();
  Arm();
  return true;
}

void Limiter::Stop() {
  if (users_ > 0 && --users_ == 0) timer_.Cancel();
}

bool Limiter::Take(uint64_t bytes) {
  if (refusing_) return false;
  taken_ += bytes;
  // What is above the limit at the start already waits for the first check, as in the reference.
  if (measured_ < options_.soft_limit && measured_ + taken_ >= options_.hard_limit) Check();
  return !refusing_;
}

void Limiter::Arm() {
  timer_ = loop_->After(options_.check_interval, [this] {
    Check();
    Arm();
  });
}

uint64_t Limiter::Release() {
  options_.release();
  last_release_ = loop_->MonotonicNanos();
  const uint64_t used = options_.used();
  log_.Info("Memory usage after GC.", Used(used));
  return used;
}

void Limiter::Check() {
  uint64_t used = measured_ = options_.used();
  taken_ = 0;
  if (used < options_.soft_limit) {
    if (std::exchange(refusing_, false)) {
      log_.Info("Memory usage back within limits. Resuming normal operation.", Used(used));
    }
    return;
  }
  const absl::Duration since = absl::Nanoseconds(loop_->MonotonicNanos() - last_release_);
  if (used >= options_.hard_limit) {
    if (since > options_.min_release_interval_hard) {
      log_.Warn("Memory usage is above hard limit. Forcing a GC.", Used(used));
      used = Release();
    }
  } else if (since > options_.min_release_interval_soft) {
    log_.Info("Memory usage is above soft limit. Forcing a GC.", Used(used));
    used = Release();
  }
  measured_ = used;
  const bool refuse = used >= options_.soft_limit;
  if (refuse && !refusing_) log_.Warn("Memory usage is above soft limit. Refusing data.", Used(used));
  if (!refuse && refusing_) log_.Info("Memory usage back within limits. Resuming normal operation.", Used(used));
  refusing_ = refuse;
}

}  // namespace otelpipe::memory
