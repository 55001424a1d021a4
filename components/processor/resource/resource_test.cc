#include "processor/resource/resource.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

ConfigNode Text(std::string_view text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kString;
  node.text = std::string(text);
  return node;
}

ResourceProcessor::Config OneInsert() {
  ResourceProcessor::Config config;
  config.attributes.resize(1);
  config.attributes[0].action = "insert";
  config.attributes[0].key = "env";
  config.attributes[0].value = Text("prod");
  return config;
}

template <typename Data>
std::unique_ptr<Data> TwoResources() {
  auto data = std::make_unique<Data>();
  data->resources.Add(data->arena);
  auto& second = data->resources.Add(data->arena);
  second.resource.attributes.Set(data->arena, "env", Value::Str("test"));
  return data;
}

template <typename Data>
void CheckEdited(const Data& data) {
  REQUIRE(data.resources.size() == 2);
  CHECK(data.resources[0].resource.attributes.Find("env")->string() == "prod");
  CHECK(data.resources[1].resource.attributes.Find("env")->string() == "test");
}

TEST_CASE("every resource of every signal is edited", "[component][resource]") {
  ResourceProcessor processor(OneInsert(), Context());
  REQUIRE(processor.Init().ok());
  Batch logs = Batch::FromLogs(TwoResources<LogsData>());
  REQUIRE(processor.Process(logs).ok());
  CheckEdited(**logs.ReadLogs());
  Batch traces = Batch::FromTraces(TwoResources<TracesData>());
  REQUIRE(processor.Process(traces).ok());
  CheckEdited(**traces.ReadTraces());
  Batch metrics = Batch::FromMetrics(TwoResources<MetricsData>());
  REQUIRE(processor.Process(metrics).ok());
  CheckEdited(**metrics.ReadMetrics());
}

TEST_CASE("a batch outlives the processor that edited it", "[component][resource]") {
  Batch batch = Batch::FromLogs(TwoResources<LogsData>());
  {
    ResourceProcessor processor(OneInsert(), Context());
    REQUIRE(processor.Init().ok());
    REQUIRE(processor.Process(batch).ok());
  }
  CheckEdited(**batch.ReadLogs());
}

TEST_CASE("a bad action refuses the processor", "[component][resource]") {
  ResourceProcessor::Config config = OneInsert();
  config.attributes[0].action = "frob";
  ResourceProcessor processor(config, Context());
  auto errors = ConfigErrorsFromStatus(processor.Init());
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].path == "attributes::0");
}

}  // namespace
}  // namespace otelpipe
