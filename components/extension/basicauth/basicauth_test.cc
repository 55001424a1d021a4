#include "extension/basicauth/basicauth.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "otelpipe/pdata/text.h"

namespace otelpipe {
namespace {

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

std::string Basic(std::string_view pair) {
  std::string out = "Basic ";
  AppendBase64(out, pair);
  return out;
}

BasicAuthConfig Inline(std::string text) {
  BasicAuthConfig config;
  config.htpasswd.emplace().inline_text = std::move(text);
  return config;
}

TEST_CASE("A server lets in who knows the password and tells who it was", "[extension][basicauth]") {
  NoHost host;
  BasicAuthServer auth(Inline("ann:secret\nbob:a:b"), {});
  REQUIRE(auth.Start(host).ok());
  ClientInfo client;
  REQUIRE(auth.Authenticate({{"x", "y"}, {"authorization", Basic("ann:secret")}}, client).ok());
  CHECK(client.auth["username"] == "ann");
  CHECK(client.auth["raw"] == "YW5uOnNlY3JldA==");
  CHECK(auth.Authenticate({{"authorization", "bAsIc " + Basic("bob:a:b").substr(6)}}, client).ok());
}

TEST_CASE("Refusals have the reference's words", "[extension][basicauth]") {
  NoHost host;
  BasicAuthServer auth(Inline("ann:secret"), {});
  REQUIRE(auth.Start(host).ok());
  ClientInfo client;
  auto why = [&](Headers headers) {
    const absl::Status status = auth.Authenticate(headers, client);
    CHECK(status.code() == absl::StatusCode::kUnauthenticated);
    return std::string(status.message());
  };
  CHECK(why({}) == "no basic auth provided");
  CHECK(why({{"authorization", ""}}) == "no basic auth provided");
  CHECK(why({{"authorization", "Bearer x"}}) == "invalid authorization scheme prefix");
  CHECK(why({{"authorization", "Basic !!"}}) == "invalid authorization format");
  CHECK(why({{"authorization", Basic("nocolon")}}) == "invalid authorization format");
  CHECK(why({{"authorization", Basic("ann:wrong")}}) == "invalid credentials");
  CHECK(why({{"authorization", Basic("eve:secret")}}) == "invalid credentials");
  CHECK(client.auth.empty());
}

TEST_CASE("Inline entries win over those of the file", "[extension][basicauth]") {
  NoHost host;
  char path[] = "/tmp/otelpipe-htpasswd-XXXXXX";
  const int fd = ::mkstemp(path);
  REQUIRE(fd >= 0);
  REQUIRE(::write(fd, "ann:file\nbob:file\n", 18) == 18);
  ::close(fd);
  BasicAuthConfig config = Inline("ann:inline");
  config.htpasswd->file = path;
  BasicAuthServer auth(config, {});
  REQUIRE(auth.Start(host).ok());
  ::unlink(path);
  ClientInfo client;
  CHECK(auth.Authenticate({{"authorization", Basic("ann:inline")}}, client).ok());
  CHECK_FALSE(auth.Authenticate({{"authorization", Basic("ann:file")}}, client).ok());
  CHECK(auth.Authenticate({{"authorization", Basic("bob:file")}}, client).ok());
  BasicAuthServer gone(config, {});
  CHECK(gone.Start(host).message() == std::string("open htpasswd file: open ") + path + ": no such file or directory");
}

TEST_CASE("A client sends its name and password, and needs TLS for gRPC", "[extension][basicauth]") {
  NoHost host;
  BasicAuthConfig config;
  config.client_auth.emplace();
  config.client_auth->username = "ann";
  config.client_auth->password = "se:cret";
  BasicAuthClient auth(config, {});
  REQUIRE(auth.Start(host).ok());
  CHECK(*auth.RequestHeaders(nullptr) == Headers{{"authorization", Basic("ann:se:cret")}});
  CHECK(auth.requires_tls());
  config.client_auth->username = "a:b";
  CHECK_FALSE(BasicAuthClient(config, {}).Start(host).ok());
}

TEST_CASE("The configuration decides on which side the extension stands", "[extension][basicauth]") {
  BasicAuthConfig config = Inline("a:b");
  auto server = MakeBasicAuth(config, {});
  REQUIRE(server.ok());
  CHECK(dynamic_cast<ServerAuth*>(server->get()) != nullptr);
  CHECK(dynamic_cast<ClientAuth*>(server->get()) == nullptr);
  config = {};
  config.client_auth.emplace();
  auto client = MakeBasicAuth(config, {});
  REQUIRE(client.ok());
  CHECK(dynamic_cast<ServerAuth*>(client->get()) == nullptr);
  CHECK(dynamic_cast<ClientAuth*>(client->get()) != nullptr);
}

TEST_CASE("Exactly one side must be configured", "[extension][basicauth]") {
  auto error_of = [](std::vector<std::string> keys) {
    ConfigNode node;
    node.kind = ConfigNode::Kind::kMap;
    for (const std::string& key : keys) {
      ConfigNode block;
      block.kind = ConfigNode::Kind::kMap;
      node.entries.push_back({key, {}, block});
    }
    std::vector<ConfigError> errors;
    DecodeContext context(&errors, "extensions::basicauth", "");
    BasicAuthConfig config;
    DecodeField(node, config, context);
    REQUIRE(errors.size() == 1);
    return errors[0].message;
  };
  CHECK(error_of({}) == "no credential source provided");
  CHECK(error_of({"htpasswd", "client_auth"}) == "only one of `htpasswd` or `client_auth` can be specified");
}

}  // namespace
}  // namespace otelpipe
