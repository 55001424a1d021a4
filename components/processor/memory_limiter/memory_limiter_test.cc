#include "processor/memory_limiter/memory_limiter.h"

#include <catch2/catch.hpp>

#include "otelpipe/testing/test_loop.h"

namespace otelpipe {
namespace {

class Next final : public Consumer {
 public:
  void Consume(Batch, Done done) override {
    ++batches;
    done.Finished(absl::OkStatus());
  }
  int batches = 0;
};
class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

Batch TwoRecords() {
  auto data = std::make_unique<LogsData>();
  ScopeLogs& scope = data->resources.Add(data->arena).scopes.Add(data->arena);
  scope.records.Add(data->arena);
  scope.records.Add(data->arena);
  return Batch::FromLogs(std::move(data));
}

int64_t Value(const Metrics& metrics, std::string_view name) {
  for (const MetricSample& m : metrics.Read()) {
    if (m.name == name) return m.value;
  }
  return -1;
}

// A limit of 1 MiB is always passed, one of a terabyte never.
struct Rig {
  explicit Rig(uint32_t limit_mib) {
    MemoryLimiter::Config config;
    config.check_interval = absl::Seconds(1);
    config.limit_mib = limit_mib;
    Context context;
    context.id = *ComponentId::Parse("memory_limiter");
    context.loop = &loop;
    context.metrics = &metrics;
    limiter = std::make_unique<MemoryLimiter>(config, context);
    limiter->SetNext(&next);
    REQUIRE(limiter->Init().ok());
    REQUIRE(limiter->Start(host).ok());
    loop.Advance(absl::Seconds(1));
  }
  absl::Status Send() {
    absl::Status seen = absl::UnknownError("no answer");
    limiter->Consume(TwoRecords(), Done::OnFinished([&](const absl::Status& s) { seen = s; }));
    return seen;
  }
  testing::TestLoop loop;
  Metrics metrics;
  Next next;
  NoHost host;
  std::unique_ptr<MemoryLimiter> limiter;
};

TEST_CASE("With room to spare data passes and is counted", "[memory_limiter][processor]") {
  Rig rig(1 << 20);
  CHECK(rig.Send().ok());
  CHECK(rig.next.batches == 1);
  CHECK(Value(rig.metrics, "otelcol_processor_accepted_log_records") == 2);
  CHECK(Value(rig.metrics, "otelcol_processor_refused_log_records") == 0);
  CHECK(Value(rig.metrics, "otelcol_processor_outgoing_items") == 2);
  CHECK_FALSE(rig.limiter->mutates());
}

TEST_CASE("Above the limit data is refused, to be sent again, and counted", "[memory_limiter][processor]") {
  Rig rig(1);
  const absl::Status status = rig.Send();
  CHECK(absl::IsUnavailable(status));
  CHECK(IsRetryable(status));
  CHECK(std::string(status.message()) == "data refused due to high memory usage");
  CHECK(rig.next.batches == 0);
  CHECK(Value(rig.metrics, "otelcol_processor_refused_log_records") == 2);
  CHECK(Value(rig.metrics, "otelcol_processor_incoming_items") == 2);
  CHECK(Value(rig.metrics, "otelcol_processor_outgoing_items") == 0);
  bool stopped = false;
  rig.limiter->Shutdown([&] { stopped = true; });
  CHECK(stopped);
  CHECK(rig.loop.pending_timers() == 0);
}

TEST_CASE("The processors of one name share a limiter, others have their own", "[memory_limiter][processor]") {
  testing::TestLoop loop;
  testing::TestLoop other_loop;
  NoHost host;
  const auto make = [&host](Loop* on, const char* id, uint32_t limit) {
    MemoryLimiter::Config config;
    config.check_interval = absl::Seconds(1);
    config.limit_mib = limit;
    Context context;
    context.id = *ComponentId::Parse(id);
    context.loop = on;
    auto made = std::make_unique<MemoryLimiter>(config, context);
    REQUIRE(made->Init().ok());
    REQUIRE(made->Start(host).ok());
    return made;
  };
  auto a = make(&loop, "memory_limiter", 1);
  auto b = make(&loop, "memory_limiter", 1);
  CHECK(a->limiter() == b->limiter());
  CHECK(make(&loop, "memory_limiter/x", 1)->limiter() != a->limiter());
  CHECK(make(&other_loop, "memory_limiter", 1)->limiter() != a->limiter());
  CHECK(make(&loop, "memory_limiter", 2)->limiter() != a->limiter());
  // It goes on until the last of them stops, however often the first is told.
  a->Shutdown([] {});
  a->Shutdown([] {});
  loop.Advance(absl::Seconds(1));
  CHECK(b->limiter()->refusing());
  CHECK(loop.pending_timers() > 0);
  b->Shutdown([] {});
}

TEST_CASE("Percentages work on the memory of the cgroup or the machine", "[memory_limiter][processor]") {
  testing::TestLoop loop;
  Context context;
  context.loop = &loop;
  MemoryLimiter::Config config;
  config.check_interval = absl::Seconds(1);
  config.limit_percentage = 100;
  config.spike_limit_percentage = 1;
  MemoryLimiter limiter(config, context);
  REQUIRE(limiter.Init().ok());
  limiter.limiter()->Check();
  CHECK_FALSE(limiter.limiter()->refusing());
}

TEST_CASE("Settings are checked in the reference's words", "[memory_limiter][config]") {
  using Config = MemoryLimiter::Config;
  auto error = [](Config config) {
    for (const auto& validate : TableOf<Config>().validators) {
      absl::Status status = validate(&config);
      if (!status.ok()) return std::string(status.message());
    }
    return std::string();
  };
  Config config;
  CHECK(error(config) == "'check_interval' must be greater than zero");
  config.check_interval = absl::Seconds(1);
  CHECK(error(config) == "'limit_mib' or 'limit_percentage' must be greater than zero");
  config.limit_mib = 100;
  CHECK(error(config).empty());
  config.spike_limit_mib = 100;
  CHECK(error(config) == "'spike_limit_mib' must be smaller than 'limit_mib'");
  config.spike_limit_mib = 0;
  config.limit_percentage = 101;
  CHECK(error(config) ==
        "'limit_percentage' and 'spike_limit_percentage' must be greater than zero and less than or equal to hundred");
  config.limit_percentage = 50;
  config.spike_limit_percentage = 50;
  CHECK(error(config) == "'spike_limit_percentage' must be smaller than 'limit_percentage'");
  config.min_gc_interval_when_hard_limited = absl::Seconds(20);
  CHECK(error(config) ==
        "'min_gc_interval_when_soft_limited' should be larger than 'min_gc_interval_when_hard_limited'");
}

}  // namespace
}  // namespace otelpipe
