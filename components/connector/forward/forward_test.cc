#include "connector/forward/forward.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

class Sink final : public Consumer {
 public:
  void Consume(Batch batch, Done done) override {
    ++batches;
    last = batch.signal();
    done.Finished(absl::UnavailableError("later"));
  }
  bool mutates() const override { return changes; }
  int batches = 0;
  bool changes = false;
  Signal last = Signal::kTraces;
};

TEST_CASE("A batch goes to the other side with its acknowledgement", "[forward][connector]") {
  ForwardConnector forward({}, {});
  Sink sink;
  CHECK_FALSE(forward.mutates());
  forward.SetOutput(Signal::kLogs, &sink);
  absl::Status seen;
  forward.Consume(Batch::FromWire(Signal::kLogs, {}), Done::OnFinished([&](const absl::Status& s) { seen = s; }));
  CHECK(sink.batches == 1);
  CHECK(sink.last == Signal::kLogs);
  CHECK(absl::IsUnavailable(seen));
  sink.changes = true;
  CHECK(forward.mutates());
}

TEST_CASE("Any setting is refused", "[forward][config]") {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kMap;
  node.entries.push_back({"a", {}, {}});
  ForwardConnector::Config config;
  std::vector<ConfigError> errors;
  DecodeContext context(&errors, "connectors::forward", "\"forward\" connector");
  DecodeField(node, config, context);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "\"forward\" connector: has invalid keys: a");
}

}  // namespace
}  // namespace otelpipe
