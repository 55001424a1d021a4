#include "otelpipe/component/config_node.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

TEST_CASE("An error prints its place, path, message and hint", "[config][error]") {
  const ConfigError error{{"agent.yaml", 14, 7}, "receivers::otlp::protocols::http",
                          "\"otlp\" receiver: 'protocols.http' has invalid keys: tsl", "did you mean \"tls\"?"};
  CHECK(error.ToString() ==
        "agent.yaml:14:7: receivers::otlp::protocols::http: \"otlp\" receiver: 'protocols.http' has invalid keys: tsl; "
        "did you mean \"tls\"?");
  CHECK(ConfigError{{"--set", 0, 0}, "", "bad"}.ToString() == "--set: bad");
  CHECK(ConfigError{{}, "a", "bad"}.ToString() == "a: bad");
}

TEST_CASE("Errors travel through a Status and come back the same", "[config][error]") {
  std::vector<ConfigError> errors{{{"a:1\n", 3, 4}, "p", "m", "h", true}, {{"", 0, 0}, "", "second 5:x", "", false}};
  const absl::Status status = ConfigErrorsToStatus(errors);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  const auto back = ConfigErrorsFromStatus(status);
  REQUIRE(back.size() == 2);
  CHECK(back[0].location.file == "a:1\n");
  CHECK(back[0].location.line == 3);
  CHECK(back[0].location.column == 4);
  CHECK(back[0].path == "p");
  CHECK(back[0].message == "m");
  CHECK(back[0].hint == "h");
  CHECK(back[0].warning);
  CHECK(back[1].message == "second 5:x");
  CHECK(ConfigErrorsToStatus({}).ok());
  const auto plain = ConfigErrorsFromStatus(absl::InternalError("other"));
  REQUIRE(plain.size() == 1);
  CHECK(plain[0].message == "other");
  CHECK(ConfigErrorsFromStatus(absl::OkStatus()).empty());
}

TEST_CASE("A tree prints as YAML with sorted keys", "[config][yaml]") {
  ConfigNode text;
  text.kind = ConfigNode::Kind::kString;
  text.text = "true";
  ConfigNode number;
  number.kind = ConfigNode::Kind::kInt;
  number.integer = 5;
  ConfigNode list;
  list.kind = ConfigNode::Kind::kList;
  ConfigNode inner;
  inner.kind = ConfigNode::Kind::kMap;
  inner.entries.push_back({"y", {}, number});
  inner.entries.push_back({"x", {}, text});
  list.items = {text, inner, ConfigNode()};
  ConfigNode root;
  root.kind = ConfigNode::Kind::kMap;
  root.entries.push_back({"b", {}, list});
  root.entries.push_back({"a", {}, number});
  CHECK(root.ToYaml() ==
        "a: 5\n"
        "b:\n"
        "    - \"true\"\n"
        "    - x: \"true\"\n"
        "      \"y\": 5\n"
        "    - null\n");
  CHECK(ConfigNode().ToYaml() == "null\n");
}

}  // namespace
}  // namespace otelpipe
