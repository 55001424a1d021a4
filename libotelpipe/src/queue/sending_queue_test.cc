#include "otelpipe/component/sending_queue.h"

#include <catch2/catch.hpp>

#include "queue/queue_fixture_test.h"
#include "queue/retry.h"

namespace otelpipe {
namespace {

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

TEST_CASE("a memory queue is bounded in bytes whatever its sizer, for those who wait, too", "[queue]") {
  Fixture f;
  const uint64_t one = Logs(100).memory_size();
  f.config.sending_queue.block_on_overflow = GENERATE(false, true);
  f.config.sending_queue.memory_limit = one * 3 + one / 2;
  f.Start();
  std::vector<Outcome> outcomes(5);
  for (Outcome& o : outcomes) f.queue->Consume(Logs(100), o.Make());
  for (size_t i = 0; i < 5; ++i) {
    CHECK(outcomes[i].accepted == (i < 3));
    CHECK(outcomes[i].finished == (i < 3 ? 0 : 1));
  }
  CHECK(outcomes[4].status == absl::UnavailableError("sending queue is full"));
  f.sender.Answer(absl::OkStatus());
  Outcome next;
  f.queue->Consume(Logs(100), next.Make());
  CHECK(next.accepted);
}

TEST_CASE("one batch is taken however big it is", "[queue]") {
  Fixture f;
  f.config.sending_queue.memory_limit = 1;
  f.Start();
  Outcome a, b;
  f.queue->Consume(Logs(100), a.Make());
  f.queue->Consume(Logs(1), b.Make());
  CHECK(a.accepted);
  CHECK_FALSE(b.accepted);
}

TEST_CASE("with wait_for_result the sender hears how it ended", "[queue]") {
  Fixture f;
  f.config.sending_queue.wait_for_result = true;
  f.Start();
  Outcome a;
  f.queue->Consume(Logs(1), a.Make());
  CHECK_FALSE(a.accepted);
  f.sender.Answer(absl::InvalidArgumentError("bad"));
  CHECK(a.status.message() == "not retryable error: Permanent error: bad");
}

TEST_CASE("a sizer counts items or bytes, and what counts nothing is taken and done", "[queue]") {
  Fixture f;
  f.config.sending_queue.sizer = GENERATE("items", "bytes");
  f.config.sending_queue.queue_size = f.config.sending_queue.sizer == "items" ? 5 : 5 * static_cast<int64_t>(Logs(1).wire_size());
  f.Start();
  Outcome a, b, c, empty;
  f.queue->Consume(Logs(4), a.Make());
  f.queue->Consume(Logs(4), b.Make());
  CHECK(a.accepted);
  CHECK(b.status.message() == "sending queue is full");
  f.queue->Consume(Logs(60), c.Make());
  CHECK(c.status.message() == "element size too large");
  f.queue->Consume(Batch::FromWire(Signal::kLogs, {}), empty.Make());
  CHECK((empty.finished == 1 && empty.status.ok()));
}

}  // namespace
}  // namespace otelpipe
