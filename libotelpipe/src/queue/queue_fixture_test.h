// What tests of the queue share: a sender that answers when told to, a storage in memory, and a queue with a loop of its own.
//
//   Fixture f;
//   f.Start();
//   f.queue->Consume(Logs(2), outcome.Make());
//   f.sender.Answer(absl::OkStatus());
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "otelpipe/component/sending_queue.h"
#include "otelpipe/testing/test_loop.h"

namespace otelpipe {

inline Batch Logs(int records) {
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
    bytes.push_back(batch.wire_size());
    clients.push_back(batch.client());
    open.push_back(std::move(done));
  }
  void Answer(absl::Status status) {
    SendDone done = std::move(open.front());
    open.pop_front();
    done(std::move(status));
  }
  std::deque<SendDone> open;
  std::vector<size_t> records;
  std::vector<size_t> bytes;
  std::vector<std::shared_ptr<const ClientInfo>> clients;
};

class FakeStorage : public Extension, public StorageExtension {
 public:
  class Client : public StorageClient {
   public:
    explicit Client(FakeStorage* storage) : storage_(storage), kept_(&storage->kept) {}
    absl::StatusOr<std::string> Get(std::string_view key) override {
      auto it = kept_->find(std::string(key));
      if (it == kept_->end()) return absl::NotFoundError("none");
      return it->second;
    }
    absl::Status Set(std::string_view key, std::string_view value) override {
      if (storage_->full) return absl::ResourceExhaustedError("no space left on device");
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
    FakeStorage* storage_;
    std::map<std::string, std::string>* kept_;
  };
  absl::StatusOr<std::unique_ptr<StorageClient>> Open(ComponentKind, const ComponentId&, std::string_view) override {
    return std::make_unique<Client>(this);
  }
  std::map<std::string, std::string> kept;
  bool full = false;
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
    return Done::On([this, gone = gone] {
                      if (!*gone) accepted = true;
                    },
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
  std::string gate;  // one that is on
  void Start() {
    Context context;
    context.id = {"fake", ""};
    context.kind = ComponentKind::kExporter;
    context.loop = &loop;
    context.metrics = &metrics;
    context.gate_enabled = [gate = gate](std::string_view id) { return id == gate; };
    queue = std::make_unique<SendingQueue>(config, context, &sender);
    REQUIRE(queue->Start(host).ok());
    loop.RunUntilIdle();
  }
};

}  // namespace otelpipe
