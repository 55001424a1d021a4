#include "processor/batch/batch.h"

#include <catch2/catch.hpp>

#include "otelpipe/testing/test_loop.h"

namespace otelpipe {
namespace {

Batch Records(size_t n, std::shared_ptr<const ClientInfo> client = nullptr, bool wire = false) {
  auto data = std::make_unique<LogsData>();
  ScopeLogs& scope = data->resources.Add(data->arena).scopes.Add(data->arena);
  for (size_t i = 0; i < n; ++i) scope.records.Add(data->arena);
  Batch batch = Batch::FromLogs(std::move(data));
  if (wire) batch = Batch::FromWire(Signal::kLogs, batch.wire());
  batch.set_client(std::move(client));
  return batch;
}

class Next final : public Consumer {
 public:
  void Consume(Batch batch, Done done) override {
    sizes.push_back(batch.records());
    clients.push_back(batch.client());
    if (hold) {
      held.push_back(std::move(done));
    } else {
      done.Finished(answer);
    }
  }
  std::vector<size_t> sizes;
  std::vector<std::shared_ptr<const ClientInfo>> clients;
  std::vector<Done> held;
  bool hold = false;
  absl::Status answer;
};

struct Rig {
  explicit Rig(BatchProcessor::Config config) {
    Context context;
    context.id = *ComponentId::Parse("batch");
    context.loop = &loop;
    context.metrics = &metrics;
    processor = std::make_unique<BatchProcessor>(std::move(config), context);
    processor->SetNext(&next);
  }
  struct Seen {
    int accepted = 0;
    int finished = 0;
    absl::Status status;
  };
  std::shared_ptr<Seen> Send(Batch batch) {
    auto seen = std::make_shared<Seen>();
    processor->Consume(std::move(batch), Done::On([seen] { ++seen->accepted; },
                                                  [seen](const absl::Status& s) {
                                                    ++seen->finished;
                                                    seen->status = s;
                                                  }));
    return seen;
  }
  int64_t Value(std::string_view name) const {
    for (const MetricSample& m : metrics.Read()) {
      if (m.name == name) return m.type == MetricSample::Type::kHistogram ? static_cast<int64_t>(m.histogram.count) : m.value;
    }
    return -1;
  }
  testing::TestLoop loop;
  Metrics metrics;
  Next next;
  std::unique_ptr<BatchProcessor> processor;
};

BatchProcessor::Config Sizes(uint32_t size, uint32_t max) {
  BatchProcessor::Config config;
  config.send_batch_size = size;
  config.send_batch_max_size = max;
  return config;
}

using Counts = std::vector<size_t>;

TEST_CASE("A full batch goes at once, the rest at the timeout", "[batch][processor]") {
  Rig rig(Sizes(5, 5));
  rig.Send(Records(12));
  CHECK(rig.next.sizes == Counts{5, 5});
  rig.loop.Advance(absl::Milliseconds(199));
  CHECK(rig.next.sizes.size() == 2);
  rig.loop.Advance(absl::Milliseconds(1));
  CHECK(rig.next.sizes == Counts{5, 5, 2});
  CHECK(rig.Value("otelcol_processor_batch_batch_size_trigger_send") == 2);
  CHECK(rig.Value("otelcol_processor_batch_timeout_trigger_send") == 1);
  CHECK(rig.Value("otelcol_processor_batch_batch_send_size") == 3);
  CHECK(rig.Value("otelcol_processor_batch_metadata_cardinality") == 1);
  CHECK(rig.loop.pending_timers() == 0);
}

TEST_CASE("Without a maximum whole batches are added", "[batch][processor]") {
  for (const bool wire : {false, true}) {
    Rig rig(Sizes(5, 0));
    rig.Send(Records(4, nullptr, wire));
    CHECK(rig.next.sizes.empty());
    rig.Send(Records(6, nullptr, wire));
    CHECK(rig.next.sizes == Counts{10});
  }
}

TEST_CASE("Without size or timeout everything goes at once, cut to the maximum", "[batch][processor]") {
  Rig rig(Sizes(0, 4));
  rig.Send(Records(6));
  CHECK(rig.next.sizes == Counts{4, 2});
  BatchProcessor::Config config = Sizes(100, 0);
  config.timeout = absl::ZeroDuration();
  Rig other(config);
  other.Send(Records(3));
  CHECK(other.next.sizes == Counts{3});
}

TEST_CASE("A held batch is accepted at once and finished with the batch it went into", "[batch][done]") {
  Rig rig(Sizes(10, 0));
  auto a = rig.Send(Records(1));
  auto b = rig.Send(Records(1));
  CHECK(a->accepted == 1);
  CHECK(b->accepted == 1);
  CHECK(a->finished == 0);
  rig.next.answer = absl::UnavailableError("down");
  rig.loop.Advance(absl::Seconds(1));
  CHECK(a->finished == 1);
  CHECK(b->finished == 1);
  CHECK(absl::IsUnavailable(b->status));
  CHECK(rig.Value("otelcol_processor_batch_timeout_trigger_send") == 0);
}

TEST_CASE("A batch that was cut finishes with its last part", "[batch][done]") {
  Rig rig(Sizes(2, 2));
  rig.next.hold = true;
  auto a = rig.Send(Records(4));
  REQUIRE(rig.next.held.size() == 1);
  rig.next.held[0].Accepted();
  REQUIRE(rig.next.held.size() == 2);
  rig.next.held[1].Finished(absl::OkStatus());
  CHECK(a->finished == 0);
  rig.next.held[0].Finished(absl::DataLossError("gone"));
  CHECK(a->finished == 1);
  CHECK(a->status.code() == absl::StatusCode::kDataLoss);
}

TEST_CASE("While the next component holds without accepting, producers wait too", "[batch][backpressure]") {
  Rig rig(Sizes(2, 0));
  rig.next.hold = true;
  auto a = rig.Send(Records(2));
  CHECK(a->accepted == 1);
  auto b = rig.Send(Records(2));
  auto c = rig.Send(Records(1));
  rig.loop.Advance(absl::Seconds(1));
  CHECK(rig.next.sizes == Counts{2});
  CHECK(b->accepted == 0);
  rig.next.held[0].Accepted();
  CHECK(b->accepted == 1);
  CHECK(c->accepted == 1);
  CHECK(rig.next.sizes == Counts{2, 3});
  rig.next.held[1].Finished(absl::OkStatus());
  CHECK(c->finished == 1);
  CHECK(a->finished == 0);
}

TEST_CASE("Empty and malformed data never reach the next component", "[batch][processor]") {
  Rig rig(Sizes(1, 0));
  CHECK(rig.Send(Records(0))->finished == 1);
  auto bad = rig.Send(Batch::FromWire(Signal::kLogs, {Buffer::FromString("\x0a\x7f")}));
  CHECK(bad->finished == 1);
  CHECK_FALSE(bad->status.ok());
  CHECK(rig.next.sizes.empty());
}

TEST_CASE("Shutdown hands over what is held", "[batch][processor]") {
  Rig rig(Sizes(10, 0));
  auto a = rig.Send(Records(3));
  bool stopped = false;
  rig.processor->Shutdown([&] { stopped = true; });
  CHECK(stopped);
  CHECK(rig.next.sizes == Counts{3});
  CHECK(a->finished == 1);
  rig.Send(Records(1));
  CHECK(rig.next.sizes == Counts{3, 1});
}

TEST_CASE("An acknowledgement may come after the processor is gone", "[batch][done]") {
  auto rig = std::make_unique<Rig>(Sizes(1, 0));
  rig->next.hold = true;
  auto a = rig->Send(Records(1));
  auto b = rig->Send(Records(1));
  std::vector<Done> held = std::move(rig->next.held);
  rig->processor.reset();
  CHECK(b->finished == 1);
  held[0].Finished(absl::OkStatus());
  CHECK(a->finished == 1);
}

std::shared_ptr<ClientInfo> Client(std::map<std::string, std::vector<std::string>> metadata) {
  auto client = std::make_shared<ClientInfo>();
  client->metadata = std::move(metadata);
  client->address = "1.2.3.4";
  return client;
}

TEST_CASE("Clients with different metadata are batched apart, up to the limit", "[batch][metadata]") {
  BatchProcessor::Config config = Sizes(2, 0);
  config.metadata_keys = {"X-Tenant", "other"};
  config.metadata_cardinality_limit = 3;
  Rig rig(config);
  rig.Send(Records(1, Client({{"x-tenant", {"a"}}, {"noise", {"1"}}})));
  rig.Send(Records(1, Client({{"x-tenant", {""}}})));
  rig.Send(Records(1));
  CHECK(rig.next.sizes.empty());
  auto refused = rig.Send(Records(1, Client({{"x-tenant", {"b"}}})));
  CHECK(refused->accepted == 0);
  CHECK(refused->status.code() == absl::StatusCode::kInternal);
  CHECK(std::string(refused->status.message()) == "Permanent error: too many batcher metadata-value combinations");
  rig.Send(Records(1, Client({{"x-tenant", {"a"}}})));
  REQUIRE(rig.next.sizes == Counts{2});
  REQUIRE(rig.next.clients[0] != nullptr);
  CHECK(rig.next.clients[0]->metadata.size() == 1);
  CHECK(rig.next.clients[0]->metadata.at("x-tenant") == std::vector<std::string>{"a"});
  CHECK(rig.next.clients[0]->address.empty());
  CHECK(rig.Value("otelcol_processor_batch_metadata_cardinality") == 3);
}

TEST_CASE("Without metadata_keys nothing of the client is passed on", "[batch][metadata]") {
  Rig rig(Sizes(1, 0));
  rig.Send(Records(1, Client({{"x-tenant", {"a"}}})));
  REQUIRE(rig.next.clients.size() == 1);
  CHECK(rig.next.clients[0] == nullptr);
}

std::string ConfigError1(std::vector<std::pair<std::string, std::string>> values, std::vector<std::string> keys = {}) {
  auto config = BatchProcessor::Config();
  ConfigNode node;
  node.kind = ConfigNode::Kind::kMap;
  for (const auto& [key, value] : values) {
    ConfigNode v;
    v.kind = key == "timeout" ? ConfigNode::Kind::kString : ConfigNode::Kind::kInt;
    v.text = value;
    if (key != "timeout") v.integer = std::stoll(value);
    node.entries.push_back({key, {}, v});
  }
  if (!keys.empty()) {
    ConfigNode list;
    list.kind = ConfigNode::Kind::kList;
    for (const std::string& k : keys) {
      list.items.emplace_back().kind = ConfigNode::Kind::kString;
      list.items.back().text = k;
    }
    node.entries.push_back({"metadata_keys", {}, list});
  }
  std::vector<ConfigError> errors;
  DecodeContext context(&errors, "processors::batch", "");
  DecodeField(node, config, context);
  return errors.empty() ? "" : errors[0].message;
}

TEST_CASE("Settings are checked in the reference's words", "[batch][config]") {
  CHECK(ConfigError1({}) == "");
  CHECK(ConfigError1({{"send_batch_size", "10"}, {"send_batch_max_size", "5"}}) ==
        "send_batch_max_size must be greater or equal to send_batch_size");
  CHECK(ConfigError1({{"send_batch_max_size", "100"}}) == "send_batch_max_size must be greater or equal to send_batch_size");
  CHECK(ConfigError1({{"timeout", "-1s"}}) == "timeout must be greater or equal to 0");
  CHECK(ConfigError1({{"send_batch_size", "-1"}}) == "'send_batch_size' cannot parse value as 'uint32': -1 overflows uint");
  CHECK(ConfigError1({}, {"Tenant", "tenant"}) == "duplicate entry in metadata_keys: \"tenant\" (case-insensitive)");
}

}  // namespace
}  // namespace otelpipe
