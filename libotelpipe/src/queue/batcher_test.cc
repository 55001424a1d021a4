#include "queue/batcher.h"

#include <catch2/catch.hpp>

#include "queue/queue_fixture_test.h"

namespace otelpipe {
namespace {

QueueBatchConfig& BatchOf(Fixture& f) {
  f.config.sending_queue.batch.emplace();
  f.config.sending_queue.batch->sizer = "items";
  return *f.config.sending_queue.batch;
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

TEST_CASE("batches are cut to max_size and the rest waits", "[queue]") {
  Fixture f;
  QueueBatchConfig& batch = BatchOf(f);
  batch.min_size = 5;
  batch.max_size = 7;
  batch.flush_timeout = absl::Seconds(1);
  f.Start();
  std::vector<Outcome> o(4);
  const int sizes[] = {3, 3, 3, 20};
  for (size_t i = 0; i < 4; ++i) f.queue->Consume(Logs(sizes[i]), o[i].Make());
  CHECK(f.sender.records == std::vector<size_t>{6, 7, 7, 7});
  for (int i = 0; i < 3; ++i) f.sender.Answer(absl::OkStatus());
  CHECK((o[0].finished == 1 && o[1].finished == 1 && o[2].finished == 1));
  CHECK(o[3].finished == 0);
  f.sender.Answer(absl::OkStatus());
  CHECK(o[3].finished == 0);  // two records of it still wait
  f.loop.Advance(absl::Seconds(1));
  CHECK(f.sender.records.back() == 2);
  f.sender.Answer(absl::OkStatus());
  CHECK(o[3].finished == 1);
}

TEST_CASE("a batch that waits keeps its time when more comes, a rest starts anew", "[queue]") {
  Fixture f;
  QueueBatchConfig& batch = BatchOf(f);
  batch.min_size = 5;
  batch.max_size = 5;
  batch.flush_timeout = absl::Seconds(2);
  f.Start();
  f.queue->Consume(Logs(1), Done());
  f.loop.Advance(absl::Seconds(1));
  f.queue->Consume(Logs(1), Done());
  CHECK(f.sender.records.empty());
  f.loop.Advance(absl::Seconds(1));
  CHECK(f.sender.records == std::vector<size_t>{2});
  f.queue->Consume(Logs(1), Done());
  f.loop.Advance(absl::Seconds(1));
  f.queue->Consume(Logs(6), Done());  // five go, two are left and wait for two seconds
  f.loop.Advance(absl::Seconds(1));
  CHECK(f.sender.records == std::vector<size_t>{2, 5});
  f.loop.Advance(absl::Seconds(1));
  CHECK(f.sender.records == std::vector<size_t>{2, 5, 2});
}

TEST_CASE("with sizer bytes no request is bigger than max_size and the order stays", "[queue]") {
  Fixture f;
  QueueBatchConfig& batch = BatchOf(f);
  batch.sizer = "bytes";
  batch.max_size = 200;
  batch.min_size = 150;
  f.config.sending_queue.num_consumers = 1000;
  f.Start();
  for (int i = 0; i < 20; ++i) f.queue->Consume(Logs(10), Done());
  f.queue->Shutdown([] {});
  size_t records = 0;
  for (size_t n : f.sender.records) records += n;
  CHECK(records == 200);
  for (size_t bytes : f.sender.bytes) CHECK(bytes <= 200);
  for (size_t i = 0; i + 1 < f.sender.bytes.size(); ++i) CHECK(f.sender.bytes[i] >= 150);
}

TEST_CASE("without flush_timeout only size and shutdown send", "[queue]") {
  Fixture f;
  BatchOf(f).min_size = 5;
  f.Start();
  Outcome o;
  f.queue->Consume(Logs(3), o.Make());
  f.loop.Advance(absl::Hours(1));
  CHECK(f.sender.records.empty());
  bool stopped = false;
  f.queue->Shutdown([&] { stopped = true; });
  CHECK(f.sender.records == std::vector<size_t>{3});
  CHECK_FALSE(stopped);
  f.sender.Answer(absl::OkStatus());
  CHECK((stopped && o.status.ok()));
}

TEST_CASE("no more batches are on their way than there are consumers", "[queue]") {
  Fixture f;
  BatchOf(f).max_size = 2;
  f.config.sending_queue.num_consumers = 1;
  f.Start();
  f.queue->Consume(Logs(6), Done());
  CHECK(f.sender.records.size() == 1);
  f.sender.Answer(absl::OkStatus());
  CHECK(f.sender.records.size() == 2);
}

TEST_CASE("with wait_for_result the failures of all parts are heard", "[queue]") {
  Fixture f;
  BatchOf(f).max_size = 2;
  f.config.sending_queue.wait_for_result = true;
  f.Start();
  Outcome o;
  f.queue->Consume(Logs(4), o.Make());
  f.sender.Answer(absl::InvalidArgumentError("one"));
  f.sender.Answer(absl::InvalidArgumentError("two"));
  CHECK(o.status.message() == "not retryable error: Permanent error: one; not retryable error: Permanent error: two");
}

TEST_CASE("joined requests have no client, one that was not joined keeps it", "[queue]") {
  Fixture f;
  BatchOf(f).min_size = 2;
  f.Start();
  auto client = std::make_shared<ClientInfo>();
  client->metadata["k"] = {"v"};
  for (int records : {2, 1, 1}) {
    Batch batch = Logs(records);
    batch.set_client(client);
    f.queue->Consume(std::move(batch), Done());
  }
  REQUIRE(f.sender.clients.size() == 2);
  CHECK(f.sender.clients[0] == client);
  CHECK(f.sender.clients[1] == nullptr);
}

}  // namespace
}  // namespace otelpipe
