#include <pthread.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "runtime/runtime.h"

namespace otelpipe {

void Timer::Cancel() {
  if (state_) state_->Cancel();
  state_.reset();
}
bool Timer::pending() const { return state_ != nullptr && state_->pending(); }

namespace {

namespace asio = boost::asio;

class TimerState final : public Timer::State, public std::enable_shared_from_this<TimerState> {
 public:
  TimerState(asio::io_context& io, absl::AnyInvocable<void()> f) : timer_(io), f_(std::move(f)) {}
  void Arm(absl::Duration delay) {
    timer_.expires_after(absl::ToChronoNanoseconds(delay));
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error || !self->f_) return;
      absl::AnyInvocable<void()> f = std::exchange(self->f_, nullptr);
      f();
    });
  }
  void Cancel() override {
    f_ = nullptr;
    boost::system::error_code ignored;
    timer_.cancel(ignored);
  }
  bool pending() const override { return static_cast<bool>(const_cast<TimerState*>(this)->f_); }

 private:
  asio::steady_timer timer_;
  absl::AnyInvocable<void()> f_;
};

// Threads for calls that block, made when first needed, each living until Stop.
class BlockingPool {
 public:
  explicit BlockingPool(int limit) : limit_(limit < 1 ? 1 : limit) {}
  void Run(absl::AnyInvocable<void()> work) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    work_.push_back(std::move(work));
    if (idle_ == 0 && static_cast<int>(threads_.size()) < limit_) {
      threads_.emplace_back([this] { Main(); });
      pthread_setname_np(threads_.back().native_handle(), "otelpipe-block");
    } else {
      wake_.notify_one();
    }
  }
  void Stop() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& t : threads_) t.join();
    threads_.clear();
    work_.clear();
  }

 private:
  void Main() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      ++idle_;
      wake_.wait(lock, [this] { return stopping_ || !work_.empty(); });
      --idle_;
      if (work_.empty()) return;
      absl::AnyInvocable<void()> work = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      work();
      work = nullptr;
      lock.lock();
    }
  }
  const int limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<absl::AnyInvocable<void()>> work_;
  std::vector<std::thread> threads_;
  int idle_ = 0;
  bool stopping_ = false;
};

class AsioLoop final : public Loop {
 public:
  explicit AsioLoop(int blocking_threads) : io_(1), pool_(blocking_threads) {}

  // Posts are collected under one lock and wake the loop once: a burst of posts from foreign threads costs one wake-up.
  void Post(absl::AnyInvocable<void()> f) override {
    bool wake;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (closed_) return;
      wake = posted_.empty();
      posted_.push_back(std::move(f));
    }
    if (wake) asio::post(io_, [this] { RunPosted(); });
  }

  Timer After(absl::Duration delay, absl::AnyInvocable<void()> f) override {
    auto state = std::make_shared<TimerState>(io_, std::move(f));
    state->Arm(std::max(delay, absl::ZeroDuration()));
    return Timer(state);
  }

  void RunBlocking(absl::AnyInvocable<void()> work, absl::AnyInvocable<void()> then) override {
    pool_.Run([this, work = std::move(work), then = std::move(then)]() mutable {
      work();
      Post(std::move(then));
    });
  }

  absl::Time Now() const override { return absl::Now(); }
  int64_t MonotonicNanos() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  bool InLoop() const override { return thread_id_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
  asio::io_context& io() override { return io_; }

  void Run() {
    thread_id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    auto guard = asio::make_work_guard(io_);
    io_.run();
  }
  void Stop() {
    std::vector<absl::AnyInvocable<void()>> dropped;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      closed_ = true;
      dropped.swap(posted_);
    }
    io_.stop();
  }
  void StopPool() { pool_.Stop(); }

 private:
  void RunPosted() {
    std::vector<absl::AnyInvocable<void()>> batch;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      batch.swap(posted_);
    }
    for (auto& f : batch) {
      f();
      f = nullptr;  // its captures go before the next one runs
    }
    // Keeps the vector's storage for the next burst when nothing came meanwhile.
    batch.clear();
    std::lock_guard<std::mutex> lock(mutex_);
    if (posted_.empty() && posted_.capacity() < batch.capacity() && batch.capacity() <= 1024) posted_.swap(batch);
  }

  asio::io_context io_;
  BlockingPool pool_;
  std::mutex mutex_;
  std::vector<absl::AnyInvocable<void()>> posted_;
  bool closed_ = false;
  std::atomic<std::thread::id> thread_id_{};
};

class AsioRuntime final : public Runtime {
 public:
  explicit AsioRuntime(int blocking_threads) : loop_(blocking_threads) {}
  ~AsioRuntime() override { Stop(); }
  Loop& loop() override { return loop_; }
  void Start() override {
    if (thread_.joinable()) return;
    thread_ = std::thread([this] { loop_.Run(); });
    pthread_setname_np(thread_.native_handle(), "otelpipe-loop");
  }
  void RunInLoop(absl::AnyInvocable<void()> f) override {
    std::mutex mutex;
    std::condition_variable ready;
    bool done = false;
    loop_.Post([&] {
      f();
      std::lock_guard<std::mutex> lock(mutex);
      done = true;
      ready.notify_one();
    });
    std::unique_lock<std::mutex> lock(mutex);
    ready.wait(lock, [&] { return done; });
  }
  void Stop() override {
    // The pool first: its work posts to the loop, which then drops it.
    loop_.StopPool();
    loop_.Stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  AsioLoop loop_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Runtime> MakeRuntime(int blocking_threads) { return std::make_unique<AsioRuntime>(blocking_threads); }

}  // namespace otelpipe
