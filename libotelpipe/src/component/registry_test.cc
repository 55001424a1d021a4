#include "otelpipe/registry.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

class Upper final : public EditProcessor {
 public:
  static constexpr std::string_view kType = "upper";
  static constexpr std::array<std::string_view, 1> kAliases = {"uppercase"};
  static constexpr std::array kSignals = {Signal::kLogs};
  struct Config {
    std::string key = "body";
    static void Describe(Fields<Config>& f) { f.Optional("key", &Config::key, "What to change."); }
  };
  Upper(Config config, Context) : config_(std::move(config)) {}
  absl::Status Init() {
    return config_.key.empty() ? absl::InvalidArgumentError("'key' is empty") : absl::OkStatus();
  }
  absl::Status Process(Batch&) override { return absl::OkStatus(); }

 private:
  Config config_;
};

TEST_CASE("a registered type is found by its name and aliases", "[component][registry]") {
  Registry registry;
  REQUIRE(registry.AddProcessor<Upper>().ok());
  const ComponentFactory* f = registry.Find(ComponentKind::kProcessor, "uppercase");
  REQUIRE(f != nullptr);
  CHECK(f->type == "upper");
  CHECK(f->signals == std::vector<Signal>{Signal::kLogs});
  CHECK(f->fields.at(0).default_value == "body");
  CHECK(registry.Find(ComponentKind::kExporter, "upper") == nullptr);
  CHECK(registry.AddProcessor<Upper>().code() == absl::StatusCode::kAlreadyExists);
}

TEST_CASE("a factory decodes, builds and reports what Init finds", "[component][registry]") {
  Registry registry;
  REQUIRE(registry.AddProcessor<Upper>().ok());
  const ComponentFactory* f = registry.Find(ComponentKind::kProcessor, "upper");
  std::vector<ConfigError> errors;
  DecodeContext decode(&errors, "processors::upper", "\"upper\" processor");
  ConfigNode node;
  node.kind = ConfigNode::Kind::kMap;
  ConfigNode text;
  text.kind = ConfigNode::Kind::kString;
  node.entries.push_back({"key", {}, text});
  AnyConfig config = f->decode(node, decode);
  CHECK(errors.empty());
  CHECK(f->make_processor(config, Context{}).status().message() == "'key' is empty");
  AnyConfig defaults = f->decode(ConfigNode{}, decode);
  CHECK(f->make_processor(defaults, Context{}).ok());
}

}  // namespace
}  // namespace otelpipe
