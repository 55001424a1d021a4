#include "extension/headers_setter/headers_setter.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

class OneHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return found; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
  Extension* found = nullptr;
};

class Token final : public Extension, public ClientAuth {
 public:
  absl::StatusOr<Headers> RequestHeaders(const ClientInfo*) override { return Headers{{"Authorization", "Bearer t"}}; }
  bool requires_tls() const override { return true; }
};

HeadersSetter::Header Action(std::string action, std::string key, std::optional<std::string> value = std::nullopt) {
  HeadersSetter::Header header;
  header.action = std::move(action);
  header.key = std::move(key);
  header.value = std::move(value);
  return header;
}

TEST_CASE("Actions look at the headers that are there", "[extension][headers_setter]") {
  HeadersSetter::Config config;
  config.headers = {Action("insert", "A", "new"), Action("insert", "B", "new"), Action("update", "A", "changed"),
                    Action("update", "C", "no"),  Action("upsert", "D", "d"),   Action("", "E", "e"),
                    Action("delete", "F")};
  HeadersSetter setter(config, {});
  Headers headers = {{"a", "old"}, {"f", "gone"}};
  REQUIRE(setter.EditHeaders(nullptr, headers).ok());
  CHECK(headers == Headers{{"b", "new"}, {"a", "changed"}, {"d", "d"}, {"e", "e"}});
  // Over gRPC there is nothing before.
  CHECK(*setter.RequestHeaders(nullptr) == Headers{{"b", "new"}, {"a", "changed"}, {"d", "d"}, {"e", "e"}});
}

TEST_CASE("Values come from the client, its authentication, or the default", "[extension][headers_setter]") {
  HeadersSetter::Config config;
  config.headers.resize(2);
  config.headers[0].key = "X-Scope-OrgID";
  config.headers[0].from_context = "Tenant";
  config.headers[0].default_value = "nobody";
  config.headers[1].key = "user";
  config.headers[1].from_attribute = "username";
  HeadersSetter setter(config, {});
  CHECK(*setter.RequestHeaders(nullptr) == Headers{{"x-scope-orgid", "nobody"}, {"user", ""}});
  ClientInfo client;
  client.metadata["tenant"] = {"blue"};
  client.auth["username"] = "ann";
  CHECK(*setter.RequestHeaders(&client) == Headers{{"x-scope-orgid", "blue"}, {"user", "ann"}});
  client.metadata["tenant"] = {"blue", "red"};
  CHECK(setter.RequestHeaders(&client).status().message() ==
        "failed to determine the source: 2 source keys found in the context, can't determine which one to use");
}

TEST_CASE("An additional authenticator has the last word", "[extension][headers_setter]") {
  HeadersSetter::Config config;
  config.headers = {Action("upsert", "authorization", "mine"), Action("upsert", "x", "1")};
  config.additional_auth = ComponentId{"bearertokenauth", ""};
  OneHost host;
  {
    HeadersSetter setter(config, {});
    CHECK(setter.Start(host).message() == "failed to find additional auth extension \"bearertokenauth\"");
    host.found = &setter;
    CHECK_FALSE(setter.Start(host).ok());
  }
  Token token;
  host.found = &token;
  HeadersSetter setter(config, {});
  REQUIRE(setter.Start(host).ok());
  CHECK(*setter.RequestHeaders(nullptr) == Headers{{"x", "1"}, {"authorization", "Bearer t"}});
  CHECK(setter.requires_tls());
}

}  // namespace
}  // namespace otelpipe
