// Loop: the thread a component lives on, its timers and its way to blocking work.
//
// Every component of a service is called on its loop and nowhere else, so component code needs no locks. Work that blocks goes to
// RunBlocking; foreign threads (gRPC, a library's callback) come back with Post.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace boost::asio {
class io_context;
}

namespace otelpipe {

// Cancels its timer when destroyed or told to. Not to outlive the loop. Loop thread only.
class Timer {
 public:
  Timer() = default;
  Timer(Timer&&) = default;
  Timer& operator=(Timer&& other) noexcept {
    Cancel();
    state_ = std::move(other.state_);
    return *this;
  }
  ~Timer() { Cancel(); }
  void Cancel();
  bool pending() const;

  struct State {
    virtual ~State() = default;
    virtual void Cancel() = 0;
    virtual bool pending() const = 0;
  };
  explicit Timer(std::shared_ptr<State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<State> state_;
};

class Loop {
 public:
  virtual ~Loop() = default;

  // Runs `f` on the loop, in the order of posting. Any thread. After the loop has stopped, `f` is destroyed unrun.
  virtual void Post(absl::AnyInvocable<void()> f) = 0;
  // Runs `f` once after `delay` (at once when it is zero or less). Loop thread.
  [[nodiscard]] virtual Timer After(absl::Duration delay, absl::AnyInvocable<void()> f) = 0;
  // Runs `work` on the blocking pool, then `then` on the loop. Any thread.
  virtual void RunBlocking(absl::AnyInvocable<void()> work, absl::AnyInvocable<void()> then) = 0;
  // The wall clock, and a monotonic clock in nanoseconds. A test loop has its own.
  virtual absl::Time Now() const = 0;
  virtual int64_t MonotonicNanos() const = 0;
  // True on the loop's thread.
  virtual bool InLoop() const = 0;
  // The loop's Asio context, for components that do network I/O with Asio.
  virtual boost::asio::io_context& io() = 0;
};

}  // namespace otelpipe
