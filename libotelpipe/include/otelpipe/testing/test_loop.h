// TestLoop: a Loop for component tests, with a virtual clock and no threads of its own.
//
//   testing::TestLoop loop;
//   component.Start(host);
//   loop.Advance(absl::Seconds(1));      // runs what was posted and every timer that is due meanwhile, in order of time
//   loop.RunUntilIdle();                 // runs what was posted, the clock stands still
//   REQUIRE(loop.WaitFor([&] { return server.requests() == 1; }));  // for tests with real sockets or threads
//
// RunBlocking runs the work at once, inside RunUntilIdle, on the test's thread. Post may be called from any thread, everything else from the test's.
// A loop that serves Asio components is given an io_context; it is polled whenever the loop runs:
//
//   boost::asio::io_context io;
//   testing::TestLoop loop(&io, [&] { io.restart(); io.poll(); });
//
// Virtual time and real sockets mix: WaitFor lets both clocks run at the same speed.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "otelpipe/component/loop.h"

namespace otelpipe::testing {

class TestLoop final : public Loop {
 public:
  // `io` may be null when nothing under test calls Loop::io(). `poll` runs its ready handlers.
  explicit TestLoop(boost::asio::io_context* io = nullptr, std::function<void()> poll = nullptr)
      : io_(io), poll_(std::move(poll)) {}

  void Post(absl::AnyInvocable<void()> f) override {
    std::lock_guard<std::mutex> lock(mutex_);
    posted_.push_back(std::move(f));
  }
  [[nodiscard]] Timer After(absl::Duration delay, absl::AnyInvocable<void()> f) override {
    int64_t wait = delay > absl::ZeroDuration() ? absl::ToInt64Nanoseconds(delay) : 0;
    // A wait of years must not overflow the clock.
    int64_t due = wait > kFar - mono_ ? kFar : mono_ + wait;
    auto state = std::make_shared<TimerState>();
    state->f = std::move(f);
    timers_.emplace(due, state);
    return Timer(state);
  }
  void RunBlocking(absl::AnyInvocable<void()> work, absl::AnyInvocable<void()> then) override {
    Post([this, work = std::move(work), then = std::move(then)]() mutable {
      work();
      Post(std::move(then));
    });
  }
  absl::Time Now() const override { return start_ + absl::Nanoseconds(mono_ - kMonoStart); }
  int64_t MonotonicNanos() const override { return mono_; }
  bool InLoop() const override { return true; }
  // Ends the test program when no io_context was given.
  boost::asio::io_context& io() override {
    if (io_ == nullptr) std::abort();
    return *io_;
  }

  // Sets the wall clock; the monotonic clock and timers are not affected.
  void SetNow(absl::Time now) { start_ = now - absl::Nanoseconds(mono_ - kMonoStart); }

  // Runs posted functions, and what they post, and timers already due, until there is nothing left to do now.
  void RunUntilIdle() {
    do {
      if (poll_) poll_();
    } while (RunPosted() || FireDue(mono_));
  }

  // Lets the virtual clock run on by `span`.
  void Advance(absl::Duration span) {
    int64_t end = mono_ + absl::ToInt64Nanoseconds(span);
    RunUntilIdle();
    while (!timers_.empty() && timers_.begin()->first <= end) {
      if (timers_.begin()->first > mono_) mono_ = timers_.begin()->first;
      RunUntilIdle();
    }
    mono_ = end;
    RunUntilIdle();
  }

  // Runs until `ready()` holds, with both clocks running, for at most `limit` of real time. Returns the last ready().
  bool WaitFor(const std::function<bool()>& ready, absl::Duration limit = absl::Seconds(10)) {
    auto start = std::chrono::steady_clock::now();
    int64_t begin = mono_;
    for (;;) {
      RunUntilIdle();
      if (ready()) return true;
      int64_t elapsed =
          std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
      if (elapsed > absl::ToInt64Nanoseconds(limit)) return false;
      if (begin + elapsed > mono_) Advance(absl::Nanoseconds(begin + elapsed - mono_));
      if (ready()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  // Timers that have neither fired nor been cancelled.
  size_t pending_timers() {
    DropCancelled();
    return timers_.size();
  }

 private:
  struct TimerState final : Timer::State {
    void Cancel() override { f = nullptr; }
    bool pending() const override { return static_cast<bool>(f); }
    absl::AnyInvocable<void()> f;
  };

  bool RunPosted() {
    bool ran = false;
    for (;;) {
      absl::AnyInvocable<void()> f;
      {
        std::lock_guard<std::mutex> lock(mutex_);
        if (posted_.empty()) return ran;
        f = std::move(posted_.front());
        posted_.pop_front();
      }
      f();
      ran = true;
    }
  }
  // One timer at a time: what it posts runs before the next.
  bool FireDue(int64_t now) {
    while (!timers_.empty() && timers_.begin()->first <= now) {
      std::shared_ptr<TimerState> state = timers_.begin()->second;
      timers_.erase(timers_.begin());
      if (!state->f) continue;
      absl::AnyInvocable<void()> f = std::exchange(state->f, nullptr);
      f();
      return true;
    }
    return false;
  }
  void DropCancelled() {
    for (auto it = timers_.begin(); it != timers_.end();) {
      it = it->second->f ? std::next(it) : timers_.erase(it);
    }
  }

  static constexpr int64_t kMonoStart = 1'000'000'000;
  static constexpr int64_t kFar = INT64_MAX / 2;
  boost::asio::io_context* io_;
  std::function<void()> poll_;
  int64_t mono_ = kMonoStart;
  absl::Time start_ = absl::FromUnixSeconds(1767312000);
  std::mutex mutex_;
  std::deque<absl::AnyInvocable<void()>> posted_;
  std::multimap<int64_t, std::shared_ptr<TimerState>> timers_;
};

}  // namespace otelpipe::testing
