#include "processor/memory_limiter/limiter.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "otelpipe/testing/test_loop.h"

namespace otelpipe::memory {
namespace {

class Lines final : public LogSink {
 public:
  bool Enabled(LogLevel) const override { return true; }
  void Write(const LogLine& line) override { lines.emplace_back(line.message); }
  std::vector<std::string> lines;
};

struct Rig {
  explicit Rig(absl::Duration soft = absl::Seconds(10), absl::Duration hard = absl::ZeroDuration()) {
    LimiterOptions options;
    options.check_interval = absl::Seconds(1);
    options.hard_limit = 100;
    options.soft_limit = 80;
    options.min_release_interval_soft = soft;
    options.min_release_interval_hard = hard;
    options.used = [this] { return used; };
    options.release = [this] {
      ++releases;
      used = after_release;
    };
    limiter = std::make_unique<Limiter>(options, &loop, Logger(sink, {}));
    limiter->Start();
  }
  void Step(uint64_t now_used, uint64_t after) {
    used = now_used;
    after_release = after;
    loop.Advance(absl::Seconds(1));
  }
  testing::TestLoop loop;
  std::shared_ptr<Lines> sink = std::make_shared<Lines>();
  uint64_t used = 0;
  uint64_t after_release = 0;
  int releases = 0;
  std::unique_ptr<Limiter> limiter;
};

TEST_CASE("Below the soft limit nothing happens", "[memory_limiter][limiter]") {
  Rig rig;
  rig.Step(79, 79);
  CHECK_FALSE(rig.limiter->refusing());
  CHECK(rig.sink->lines.empty());
}

TEST_CASE("Data that could use up what is left brings the check forward", "[memory_limiter][limiter]") {
  Rig rig;
  rig.Step(50, 50);
  CHECK(rig.limiter->Take(30));
  rig.used = rig.after_release = 95;
  CHECK(rig.limiter->Take(19));  // 99 at the most: not measured
  CHECK_FALSE(rig.limiter->Take(1));
  CHECK(rig.limiter->refusing());
  CHECK_FALSE(rig.limiter->Take(0));
}

TEST_CASE("What was taken and is gone again does not count", "[memory_limiter][limiter]") {
  Rig rig;
  rig.Step(50, 50);
  for (int i = 0; i < 100; ++i) CHECK(rig.limiter->Take(10));
}

TEST_CASE("A limit below what the program needs waits for the first check", "[memory_limiter][limiter]") {
  Rig rig;
  rig.used = 500;
  rig.limiter->Start();
  CHECK(rig.limiter->Take(1));
  rig.Step(500, 500);
  CHECK_FALSE(rig.limiter->Take(1));
}

TEST_CASE("The state changes at checks only, refuses from the soft limit on and recovers", "[memory_limiter][limiter]") {
  Rig rig;
  rig.used = 90;
  CHECK_FALSE(rig.limiter->refusing());
  rig.Step(90, 90);
  CHECK(rig.limiter->refusing());
  CHECK(rig.releases == 0);  // the soft interval has not passed since the start
  CHECK(rig.sink->lines == std::vector<std::string>{"Memory usage is above soft limit. Refusing data."});
  rig.Step(90, 90);
  CHECK(rig.sink->lines.size() == 1);
  rig.Step(10, 10);
  CHECK_FALSE(rig.limiter->refusing());
  CHECK(rig.sink->lines.back() == "Memory usage back within limits. Resuming normal operation.");
}

TEST_CASE("Above the hard limit memory is given back first, and that may be enough", "[memory_limiter][limiter]") {
  Rig rig;
  rig.Step(100, 50);
  CHECK(rig.releases == 1);
  CHECK_FALSE(rig.limiter->refusing());
  CHECK(rig.sink->lines ==
        std::vector<std::string>{"Memory usage is above hard limit. Forcing a GC.", "Memory usage after GC."});
  rig.Step(120, 85);
  CHECK(rig.releases == 2);
  CHECK(rig.limiter->refusing());
}

TEST_CASE("The intervals bound how often memory is given back", "[memory_limiter][limiter]") {
  Rig rig(absl::Seconds(3), absl::Seconds(2));
  rig.Step(90, 90);
  rig.Step(90, 90);
  rig.Step(90, 90);
  CHECK(rig.releases == 0);
  rig.Step(90, 90);
  CHECK(rig.releases == 1);
  rig.Step(150, 150);
  rig.Step(150, 150);
  CHECK(rig.releases == 1);
  rig.Step(150, 150);
  CHECK(rig.releases == 2);
}

TEST_CASE("A stopped limiter measures no more", "[memory_limiter][limiter]") {
  Rig rig;
  rig.limiter->Stop();
  rig.Step(90, 90);
  CHECK_FALSE(rig.limiter->refusing());
  CHECK(rig.loop.pending_timers() == 0);
}

}  // namespace
}  // namespace otelpipe::memory
