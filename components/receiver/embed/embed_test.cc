#include "receiver/embed/embed.h"

#include <catch2/catch.hpp>
#include <vector>

namespace otelpipe {
namespace {

class Collector final : public Consumer {
 public:
  void Consume(Batch batch, Done done) override {
    batches.push_back(std::move(batch));
    done.Accepted();
    done.Finished(answer);
  }
  std::vector<Batch> batches;
  absl::Status answer;
};

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

Batch OneLog() {
  auto data = std::make_unique<LogsData>();
  data->resources.Add(data->arena).scopes.Add(data->arena).records.Add(data->arena);
  return Batch::FromLogs(std::move(data));
}

struct Fixture {
  Metrics metrics;
  NoHost host;
  Collector next;
  EmbedReceiver receiver{{}, MakeContext()};
  std::string events;

  Context MakeContext() {
    Context context;
    context.id = {"embed", "app"};
    context.metrics = &metrics;
    return context;
  }
  void Push(Batch batch) {
    receiver.Push(std::move(batch), Done::On([this] { events += "accepted "; },
                                             [this](const absl::Status& s) {
                                               events += s.ok() ? "ok" : std::string(s.message().data(), s.message().size());
                                             }));
  }
  int64_t Value(std::string_view name) {
    for (const MetricSample& sample : metrics.Read()) {
      if (sample.name == name) return sample.value;
    }
    return -1;
  }
};

TEST_CASE("a pushed batch reaches the pipeline of its signal, both events come back", "[component][embed]") {
  Fixture f;
  f.receiver.SetOutput(Signal::kLogs, &f.next);
  REQUIRE(f.receiver.Start(f.host).ok());
  f.Push(OneLog());
  CHECK(f.events == "accepted ok");
  REQUIRE(f.next.batches.size() == 1);
  CHECK(f.next.batches[0].records() == 1);
  CHECK(f.Value("otelcol_receiver_accepted_log_records") == 1);
  CHECK(f.Value("otelcol_receiver_refused_log_records") == 0);
}

TEST_CASE("what can't be passed on is refused in words", "[component][embed]") {
  Fixture f;
  f.receiver.SetOutput(Signal::kTraces, &f.next);
  f.Push(OneLog());
  CHECK(f.events == "receiver \"embed/app\" is not running");
  REQUIRE(f.receiver.Start(f.host).ok());
  f.events.clear();
  f.Push(OneLog());
  CHECK(f.events == "no logs pipeline has the receiver \"embed/app\"");
  f.events.clear();
  f.Push(Batch());
  CHECK(f.events == "the batch is empty");
  bool stopped = false;
  f.receiver.Shutdown([&stopped] { stopped = true; });
  CHECK(stopped);
  f.events.clear();
  f.Push(OneLog());
  CHECK(f.events == "receiver \"embed/app\" is not running");
}

}  // namespace
}  // namespace otelpipe
