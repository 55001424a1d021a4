#include <catch2/catch.hpp>

#include "queue/queue_fixture_test.h"
#include "queue/store.h"

namespace otelpipe {
namespace {

void UseStorage(Fixture& f, FakeStorage& storage) {
  f.config.sending_queue.storage = ComponentId{"file_storage", ""};
  f.host.storage = &storage;
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

TEST_CASE("what cannot be stored is refused as retryable, and taken when there is room again", "[queue]") {
  FakeStorage storage;
  Fixture f;
  UseStorage(f, storage);
  f.Start();
  storage.full = true;
  Outcome a, b;
  f.queue->Consume(Logs(1), a.Make());
  CHECK_FALSE(a.accepted);
  CHECK(IsRetryable(a.status));
  CHECK(a.status.message() == "failed to store in the queue: no space left on device");
  CHECK(f.sender.records.empty());
  storage.full = false;
  f.queue->Consume(Logs(1), b.Make());
  CHECK(b.accepted);
}

TEST_CASE("a stop keeps what was not delivered, in its order", "[queue]") {
  FakeStorage storage;
  {
    Fixture f;
    UseStorage(f, storage);
    f.config.sending_queue.num_consumers = 1;
    f.Start();
    for (int i = 1; i <= 12; ++i) f.queue->Consume(Logs(i), Done());
    f.sender.Answer(absl::UnavailableError("down"));
    bool stopped = false;
    f.queue->Shutdown([&] { stopped = true; });
    CHECK(stopped);
    CHECK(storage.kept.size() == 12);
  }
  Fixture f;
  UseStorage(f, storage);
  f.config.sending_queue.num_consumers = 1;
  f.Start();
  for (int i = 1; i <= 12; ++i) f.sender.Answer(absl::OkStatus());
  std::vector<size_t> expected;
  for (size_t i = 1; i <= 12; ++i) expected.push_back(i);
  CHECK(f.sender.records == expected);
  CHECK(storage.kept.empty());
}

TEST_CASE("an item goes from the storage when all batches with parts of it are done", "[queue]") {
  FakeStorage storage;
  Fixture f;
  UseStorage(f, storage);
  f.config.sending_queue.batch.emplace();
  f.config.sending_queue.batch->sizer = "items";
  f.config.sending_queue.batch->max_size = 2;
  f.Start();
  f.queue->Consume(Logs(4), Done());
  f.sender.Answer(absl::OkStatus());
  CHECK(storage.kept.size() == 1);
  f.sender.Answer(absl::OkStatus());
  CHECK(storage.kept.empty());
}

TEST_CASE("sizes of what was left are known without reading it", "[queue]") {
  FakeStorage storage;
  {
    Fixture f;
    UseStorage(f, storage);
    f.Start();
    f.queue->Consume(Logs(3), Done());
  }
  Fixture f;
  UseStorage(f, storage);
  f.config.sending_queue.sizer = "items";
  f.config.sending_queue.queue_size = 4;
  f.Start();
  Outcome o;
  f.queue->Consume(Logs(2), o.Make());
  CHECK(o.status.message() == "sending queue is full");
}

TEST_CASE("a queue of the reference is taken over", "[queue]") {
  FakeStorage storage;
  auto bytes = [](const Batch& batch) {
    std::string all;
    for (const Buffer& b : batch.wire()) all.append(b.bytes);
    return all;
  };
  const std::string plain = bytes(Logs(2)), wrapped_data = bytes(Logs(3));
  storage.kept = {{"qmv0", "x"}, {"9", plain}};
  storage.kept["10"] = std::string("\x0d\x01\x00\x00\x00\x12\x02xx\x1a", 10) + static_cast<char>(wrapped_data.size()) + wrapped_data;
  Fixture f;
  UseStorage(f, storage);
  f.config.sending_queue.sizer = "items";
  f.Start();
  CHECK(f.sender.records == std::vector<size_t>{2, 3});
  CHECK(storage.kept.count("qmv0") == 0);
  f.queue->Consume(Logs(1), Done());
  CHECK(storage.kept.count("11:1:" + std::to_string(Logs(1).wire_size())) == 1);
}

TEST_CASE("the client of a batch survives a restart behind the gate only", "[queue]") {
  auto client = std::make_shared<ClientInfo>();
  client->address = "10.0.0.7:4711";
  client->metadata["x-tenant"] = {"a", "b"};
  client->auth["user"] = "secret";
  for (const char* gate : {"", "exporter.PersistRequestContext"}) {
    FakeStorage storage;
    for (int run = 0; run < 2; ++run) {  // the second one reads what the first has left
      Fixture f;
      UseStorage(f, storage);
      f.gate = gate;
      f.Start();
      if (run == 0) {
        Batch batch = Logs(2);
        batch.set_client(client);
        f.queue->Consume(std::move(batch), Done());
      }
      REQUIRE(f.sender.clients.size() == 1);
      CHECK(f.sender.records[0] == 2);
      const std::shared_ptr<const ClientInfo>& seen = f.sender.clients[0];
      if (*gate == 0) {
        CHECK(seen == nullptr);
      } else {
        REQUIRE(seen != nullptr);
        CHECK(seen->address == client->address);
        CHECK(seen->metadata == client->metadata);
        CHECK(seen->auth.empty());
      }
    }
  }
}

TEST_CASE("keys that are no items are left alone", "[queue]") {
  for (const char* key : {"", "x", "1:", "1:2:", "1:2:3:4", "1:a", ":1", "99999999999999999999999"}) {
    CHECK(QueueStore::Parse(key).key.empty());
  }
  const QueueStore::Entry entry = QueueStore::Parse("17:250:4800");
  CHECK((entry.index == 17 && entry.records == 250 && entry.bytes == 4800));
}

}  // namespace
}  // namespace otelpipe
