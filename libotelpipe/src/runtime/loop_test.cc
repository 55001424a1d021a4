#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>
#include <vector>

#include "runtime/runtime.h"

namespace otelpipe {
namespace {

TEST_CASE("posts from many threads all run on the loop, each thread's in order", "[runtime][loop]") {
  auto runtime = MakeRuntime(1);
  runtime->Start();
  std::vector<std::vector<int>> seen(4);
  std::atomic<int> wrong_thread{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) {
        runtime->loop().Post([&, t, i] {
          if (!runtime->loop().InLoop()) ++wrong_thread;
          seen[t].push_back(i);
        });
      }
    });
  }
  for (auto& t : threads) t.join();
  runtime->RunInLoop([] {});
  CHECK(wrong_thread == 0);
  for (auto& s : seen) {
    REQUIRE(s.size() == 1000);
    CHECK(std::is_sorted(s.begin(), s.end()));
  }
}

TEST_CASE("a timer runs once, and a cancelled or destroyed one never", "[runtime][loop]") {
  std::promise<void> last;
  auto runtime = MakeRuntime(1);
  runtime->Start();
  std::atomic<int> fired{0};
  Timer keep, cancelled;
  runtime->RunInLoop([&] {
    keep = runtime->loop().After(absl::Milliseconds(5), [&] { ++fired; });
    cancelled = runtime->loop().After(absl::Milliseconds(5), [&] { fired += 100; });
    { Timer gone = runtime->loop().After(absl::Milliseconds(5), [&] { fired += 1000; }); }
    cancelled.Cancel();
    CHECK_FALSE(cancelled.pending());
    CHECK(keep.pending());
  });
  Timer end;
  runtime->RunInLoop([&] { end = runtime->loop().After(absl::Milliseconds(30), [&] { last.set_value(); }); });
  last.get_future().wait();
  CHECK(fired == 1);
  runtime->RunInLoop([&] { end.Cancel(), keep.Cancel(); });
}

TEST_CASE("blocking work runs elsewhere and comes back to the loop", "[runtime][loop]") {
  std::promise<void> done;
  auto runtime = MakeRuntime(2);
  runtime->Start();
  bool work_in_loop = true, then_in_loop = false;
  runtime->loop().RunBlocking([&] { work_in_loop = runtime->loop().InLoop(); },
                              [&] {
                                then_in_loop = runtime->loop().InLoop();
                                done.set_value();
                              });
  done.get_future().wait();
  CHECK_FALSE(work_in_loop);
  CHECK(then_in_loop);
}

TEST_CASE("a stopped runtime destroys what it did not run", "[runtime][loop]") {
  auto token = std::make_shared<int>(1);
  auto runtime = MakeRuntime(1);
  runtime->loop().Post([token] {});
  runtime->Stop();
  runtime->loop().Post([token] {});
  runtime.reset();
  CHECK(token.use_count() == 1);
}

}  // namespace
}  // namespace otelpipe
