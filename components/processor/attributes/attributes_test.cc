#include "processor/attributes/attributes.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

ConfigNode Text(std::string_view text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kString;
  node.text = std::string(text);
  return node;
}

AttributesProcessor::Config OneInsert() {
  AttributesProcessor::Config config;
  config.actions.resize(1);
  config.actions[0].action = "insert";
  config.actions[0].key = "seen";
  config.actions[0].value = Text("yes");
  return config;
}

Context Of(Signal signal) {
  Context context;
  context.signal = signal;
  return context;
}

// Two records, bodies "a" and "b".
Batch TwoLogs() {
  auto data = std::make_unique<LogsData>();
  auto& scope = data->resources.Add(data->arena).scopes.Add(data->arena);
  scope.records.Add(data->arena).body = Value::Str("a");
  scope.records.Add(data->arena).body = Value::Str("b");
  return Batch::FromLogs(std::move(data));
}

std::string Edited(AttributesProcessor::Config config) {
  AttributesProcessor processor(std::move(config), Of(Signal::kLogs));
  REQUIRE(processor.Init().ok());
  Batch batch = TwoLogs();
  REQUIRE(processor.Process(batch).ok());
  std::string out;
  for (const LogRecord& record : (*batch.ReadLogs())->resources[0].scopes[0].records) {
    if (record.attributes.Find("seen") != nullptr) out += record.body.string();
  }
  return out;
}

TEST_CASE("include and exclude choose the records", "[component][attributes]") {
  CHECK(Edited(OneInsert()) == "ab");
  attraction::MatchConfig a, both;
  a.match_type = both.match_type = "strict";
  a.log_bodies = {"a"};
  both.log_bodies = {"a", "b"};
  AttributesProcessor::Config config = OneInsert();
  config.include = a;
  CHECK(Edited(config) == "a");
  config.include = std::nullopt;
  config.exclude = a;
  CHECK(Edited(config) == "b");
  config.include = both;
  CHECK(Edited(config) == "b");
  config.exclude = both;
  CHECK(Edited(config) == "");
}

TEST_CASE("spans are edited, their events are not", "[component][attributes]") {
  AttributesProcessor processor(OneInsert(), Of(Signal::kTraces));
  REQUIRE(processor.Init().ok());
  auto data = std::make_unique<TracesData>();
  Span& span = data->resources.Add(data->arena).scopes.Add(data->arena).records.Add(data->arena);
  span.events.Add(data->arena);
  Batch batch = Batch::FromTraces(std::move(data));
  REQUIRE(processor.Process(batch).ok());
  const Span& after = (*batch.ReadTraces())->resources[0].scopes[0].records[0];
  CHECK(after.attributes.Find("seen") != nullptr);
  CHECK(after.events[0].attributes.empty());
}

TEST_CASE("points of every metric type are edited", "[component][attributes]") {
  AttributesProcessor processor(OneInsert(), Of(Signal::kMetrics));
  REQUIRE(processor.Init().ok());
  auto data = std::make_unique<MetricsData>();
  auto& metrics = data->resources.Add(data->arena).scopes.Add(data->arena).records;
  metrics.Add(data->arena).number_points.Add(data->arena);
  metrics.Add(data->arena).histogram_points.Add(data->arena);
  metrics.Add(data->arena).exponential_points.Add(data->arena);
  metrics.Add(data->arena).summary_points.Add(data->arena);
  Batch batch = Batch::FromMetrics(std::move(data));
  REQUIRE(processor.Process(batch).ok());
  auto& after = (*batch.ReadMetrics())->resources[0].scopes[0].records;
  CHECK(after[0].number_points[0].attributes.Find("seen") != nullptr);
  CHECK(after[1].histogram_points[0].attributes.Find("seen") != nullptr);
  CHECK(after[2].exponential_points[0].attributes.Find("seen") != nullptr);
  CHECK(after[3].summary_points[0].attributes.Find("seen") != nullptr);
}

TEST_CASE("all mistakes are told at once", "[component][attributes]") {
  AttributesProcessor::Config config = OneInsert();
  config.actions[0].action = "frob";
  config.include = attraction::MatchConfig();
  AttributesProcessor processor(config, Of(Signal::kLogs));
  auto errors = ConfigErrorsFromStatus(processor.Init());
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].path == "actions::0");
  CHECK(errors[1].path == "include");
}

}  // namespace
}  // namespace otelpipe
