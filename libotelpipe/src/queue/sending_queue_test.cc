#include "otelpipe/component/sending_queue.h"

#include <catch2/catch.hpp>
#include <deque>
#include <map>

#include "otelpipe/testing/test_loop.h"
#include "queue/retry.h"

namespace otelpipe {
namespace {

Batch Logs(int records) {
  auto data = std::make_unique<LogsData>();
  auto& scope = data->resources.Add(data->arena).scopes.Add(data->arena);
  for (int i = 0; i < records; ++i) scope.records.Add(data->arena).body = Value::Str("line");
  return Batch::FromLogs(std::move(data));
}

// Keeps sends open until the test answers them.
class FakeSender : public Sender {
 public:
  void Send(Batch batch, absl::Duration, SendDone done) override {
    records.push_back(batch.records());
    open.push_back(std::move(done));
  }
  void Answer(absl::Status status) {
    SendDone done = std::move(open.front());
    open.pop_front();
    done(std::move(status));
  }
  std::deque<SendDone> open;
  std::vector<size_t> records;
};

class FakeStorage : public Extension, public StorageExtension {
 public:
  class Client : public StorageClient {
   public:
    explicit Client(std::map<std::string, std::string>* kept) : kept_(kept) {}
    absl::StatusOr<std::string> Get(std::string_view key) override {
      auto it = kept_->find(std::string(key));
      if (it == kept_->end()) return absl::NotFoundError("none");
      return it->second;
    }
    absl::Status Set(std::string_view key, std::string_view value) override {
      (*kept_)[std::string(key)] = std::string(value);
      return absl::OkStatus();
    }
    absl::Status Delete(std::string_view key) override {
      kept_->erase(std::string(key));
      return absl::OkStatus();
    }
    absl::Status Apply(const std::vector<Write>&) override { return absl::UnimplementedError("unused"); }
    std::vector<std::string> Keys() override {
      std::vector<std::string> keys;
      for (auto& [k, v] : *kept_) keys.push_back(k);
      return keys;
    }
    absl::StatusOr<std::string> Directory() override { return absl::UnimplementedError("unused"); }

   private:
    std::map<std::string, std::string>* kept_;
  };
  absl::StatusOr<std::unique_ptr<StorageClient>> Open(ComponentKind, const ComponentId&, std::string_view) override {
    return std::make_unique<Client>(&kept);
  }
  std::map<std::string, std::string> kept;
};

class FakeHost : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return storage; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
  Extension* storage = nullptr;
};

// May go before the queue, which then answers nobody.
struct Outcome {
  ~Outcome() { *gone = true; }
  bool accepted = false;
  int finished = 0;
  absl::Status status;
  const std::shared_ptr<bool> gone = std::make_shared<bool>(false);
  Done Make() {
    return Done::On([this] { accepted = true; },
                    [this, gone = gone](const absl::Status& s) {
                      if (!*gone) ++finished, status = s;
                    });
  }
};

struct Fixture {
  testing::TestLoop loop;
  Metrics metrics;
  FakeSender sender;
  FakeHost host;
  SendingConfig config;
  std::unique_ptr<SendingQueue> queue;
  void Start() {
    Context context;
    context.id = {"fake", ""};
    context.kind = ComponentKind::kExporter;
    context.loop = &loop;
    context.metrics = &metrics;
    queue = std::make_unique<SendingQueue>(config, context, &sender);
    REQUIRE(queue->Start(host).ok());
    loop.RunUntilIdle();
  }
};

TEST_CASE("a queued batch is accepted at once and finished when it was sent", "[queue]") {
  Fixture f;
  f.Start();
  Outcome o;
  f.queue->Consume(Logs(2), o.Make());
  CHECK(o.accepted);
  CHECK(o.finished == 0);
  f.sender.Answer(absl::OkStatus());
  CHECK(o.finished == 1);
  CHECK(o.status.ok());
  CHECK(f.metrics.AddCounter("otelcol_exporter_sent_log_records", {{"exporter", "fake"}})->value() == 2);
}

TEST_CASE("acceptance waits while many bytes wait for a consumer", "[queue]") {
  Fixture f;
  f.config.sending_queue.num_consumers = 1;
  f.Start();
  const auto big = [] {
    auto data = std::make_unique<LogsData>();
    auto& scope = data->resources.Add(data->arena).scopes.Add(data->arena);
    scope.records.Add(data->arena).body = Value::Str(data->arena.Copy(std::string(10 << 20, 'x')));
    return Batch::FromLogs(std::move(data));
  };
  Outcome sending, first, second, third;
  f.queue->Consume(big(), sending.Make());
  f.queue->Consume(big(), first.Make());
  CHECK(first.accepted);
  f.queue->Consume(big(), second.Make());
  f.queue->Consume(big(), third.Make());
  CHECK_FALSE(second.accepted);
  CHECK_FALSE(third.accepted);

  f.sender.Answer(absl::OkStatus());  // `first` goes to the consumer, two of 10 MiB still wait
  CHECK_FALSE(second.accepted);
  f.sender.Answer(absl::OkStatus());
  CHECK(second.accepted);
  CHECK(third.accepted);
  f.sender.Answer(absl::OkStatus());
  f.sender.Answer(absl::OkStatus());
  CHECK(third.finished == 1);
  CHECK(third.status.ok());
}

TEST_CASE("a full queue refuses, and what is in flight counts as full", "[queue]") {
  Fixture f;
  f.config.sending_queue.queue_size = 2;
  f.config.sending_queue.num_consumers = 1;
  f.Start();
  Outcome a, b, c;
  f.queue->Consume(Logs(1), a.Make());
  f.queue->Consume(Logs(1), b.Make());
  f.queue->Consume(Logs(1), c.Make());
  CHECK(f.sender.records.size() == 1);
  CHECK_FALSE(c.accepted);
  CHECK(c.status.message() == "sending queue is full");
  CHECK(IsRetryable(c.status));
  f.sender.Answer(absl::OkStatus());
  CHECK(f.sender.records.size() == 2);
}

TEST_CASE("block_on_overflow lets the sender wait and then takes its batch", "[queue]") {
  Fixture f;
  f.config.sending_queue.queue_size = 1;
  f.config.sending_queue.block_on_overflow = true;
  f.Start();
  Outcome a, b;
  f.queue->Consume(Logs(1), a.Make());
  f.queue->Consume(Logs(1), b.Make());
  CHECK_FALSE(b.accepted);
  CHECK(b.finished == 0);
  f.sender.Answer(absl::OkStatus());
  CHECK(b.accepted);
}

TEST_CASE("a retryable failure is tried again after the interval, a permanent one is dropped", "[queue]") {
  Fixture f;
  f.config.retry_on_failure.randomization_factor = 0;
  f.Start();
  Outcome a;
  f.queue->Consume(Logs(1), a.Make());
  f.sender.Answer(absl::UnavailableError("down"));
  CHECK(f.sender.records.size() == 1);
  f.loop.Advance(absl::Seconds(4));
  CHECK(f.sender.records.size() == 1);
  f.loop.Advance(absl::Seconds(1));
  CHECK(f.sender.records.size() == 2);
  CHECK(a.finished == 0);
  f.sender.Answer(absl::InvalidArgumentError("bad"));
  CHECK(a.finished == 1);
  CHECK(a.status.message() == "not retryable error: Permanent error: bad");
}

TEST_CASE("the time budget ends the retries", "[queue]") {
  Fixture f;
  f.config.retry_on_failure.randomization_factor = 0;
  f.config.retry_on_failure.initial_interval = absl::Seconds(1);
  f.config.retry_on_failure.max_interval = absl::Seconds(1);
  f.config.retry_on_failure.max_elapsed_time = absl::Seconds(2);
  f.Start();
  Outcome a;
  f.queue->Consume(Logs(1), a.Make());
  for (int i = 0; i < 3 && !f.sender.open.empty(); ++i) {
    f.sender.Answer(absl::UnavailableError("down"));
    f.loop.Advance(absl::Seconds(1));
  }
  CHECK(a.status.message() == "no more retries left: down");
  CHECK(f.sender.records.size() == 3);
}

TEST_CASE("a wait the server asked for is kept", "[queue]") {
  RetryConfig config;
  config.randomization_factor = 0;
  Backoff backoff(config, absl::UnixEpoch());
  CHECK(*backoff.Next(WithRetryAfter(absl::UnavailableError("x"), 20), absl::UnixEpoch()) == absl::Seconds(20));
  CHECK(*backoff.Next(absl::UnavailableError("x"), absl::UnixEpoch()) == absl::Seconds(7.5));
}

TEST_CASE("without a queue acceptance is delivery", "[queue]") {
  Fixture f;
  f.config.sending_queue.enabled = false;
  f.Start();
  Outcome a;
  f.queue->Consume(Logs(1), a.Make());
  CHECK_FALSE(a.accepted);
  f.sender.Answer(absl::OkStatus());
  CHECK(a.status.ok());
  CHECK(a.finished == 1);
}

TEST_CASE("shutdown tries what is queued once and interrupts waits as cancelled", "[queue]") {
  Fixture f;
  f.config.sending_queue.num_consumers = 1;
  f.Start();
  Outcome a, b;
  f.queue->Consume(Logs(1), a.Make());
  f.queue->Consume(Logs(1), b.Make());
  f.sender.Answer(absl::UnavailableError("down"));  // a waits for its retry
  bool stopped = false;
  f.queue->Shutdown([&] { stopped = true; });
  CHECK(a.status.code() == absl::StatusCode::kCancelled);
  CHECK(a.status.message() == "interrupted due to shutdown: down");
  CHECK_FALSE(stopped);
  f.sender.Answer(absl::UnavailableError("still down"));
  CHECK(b.status.code() == absl::StatusCode::kCancelled);
  CHECK(stopped);
}

TEST_CASE("a queue batch joins requests up to min_size", "[queue]") {
  Fixture f;
  f.config.sending_queue.batch.emplace();
  f.config.sending_queue.batch->min_size = 5;
  f.config.sending_queue.batch->sizer = "items";
  f.config.sending_queue.batch->flush_timeout = absl::Seconds(1);
  f.Start();
  Outcome a, b, c;
  f.queue->Consume(Logs(3), a.Make());
  CHECK(f.sender.records.empty());
  f.queue->Consume(Logs(3), b.Make());
  REQUIRE(f.sender.records.size() == 1);
  CHECK(f.sender.records[0] == 6);
  f.sender.Answer(absl::OkStatus());
  CHECK((a.finished == 1 && b.finished == 1));
  f.queue->Consume(Logs(1), c.Make());
  f.loop.Advance(absl::Seconds(1));
  CHECK(f.sender.records.size() == 2);
}

TEST_CASE("a persistent queue hands over what an earlier run left", "[queue]") {
  FakeStorage storage;
  {
    Fixture f;
    f.config.sending_queue.storage = ComponentId{"file_storage", ""};
    f.config.sending_queue.num_consumers = 1;
    f.host.storage = &storage;
    f.Start();
    Outcome a, b;
    f.queue->Consume(Logs(1), a.Make());
    f.queue->Consume(Logs(2), b.Make());
    CHECK((a.status.ok() && a.finished == 1 && b.finished == 1));
    CHECK(storage.kept.size() == 2);
  }  // the process dies with one in flight
  Fixture f;
  f.config.sending_queue.storage = ComponentId{"file_storage", ""};
  f.host.storage = &storage;
  f.Start();
  REQUIRE(f.sender.records == std::vector<size_t>{1, 2});
  f.sender.Answer(absl::OkStatus());
  f.sender.Answer(absl::OkStatus());
  CHECK(storage.kept.empty());
}

}  // namespace
}  // namespace otelpipe
