#include "extension/bearertokenauth/bearertokenauth.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "otelpipe/testing/test_loop.h"

namespace otelpipe {
namespace {

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

class Messages final : public LogSink {
 public:
  bool Enabled(LogLevel) const override { return true; }
  void Write(const LogLine& line) override { all.emplace_back(line.message); }
  std::vector<std::string> all;
};

struct Fixture {
  testing::TestLoop loop;
  NoHost host;
  std::shared_ptr<Messages> messages = std::make_shared<Messages>();
  std::filesystem::path folder;
  Fixture() {
    char name[] = "/tmp/otelpipe-bearer-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder = name;
  }
  ~Fixture() { std::filesystem::remove_all(folder); }
  Context Make() {
    Context c;
    c.id = {"bearertokenauth", ""};
    c.kind = ComponentKind::kExtension;
    c.loop = &loop;
    c.log = Logger(messages, {});
    return c;
  }
  std::string Write(const char* name, const char* text) {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  }
};

std::string Sent(BearerTokenAuth& auth) {
  absl::StatusOr<Headers> headers = auth.RequestHeaders(nullptr);
  return headers.ok() ? headers->at(0).first + ": " + headers->at(0).second : std::string(headers.status().message());
}

bool Takes(BearerTokenAuth& auth, const std::string& value) {
  ClientInfo client;
  return auth.Authenticate({{"authorization", value}}, client).ok();
}

TEST_CASE("Any token is taken by exact comparison, the first is sent", "[extension][bearertokenauth]") {
  Fixture f;
  BearerTokenAuth::Config config;
  config.tokens = {"one", "two"};
  BearerTokenAuth auth(config, f.Make());
  REQUIRE(auth.Start(f.host).ok());
  CHECK(Takes(auth, "Bearer one"));
  CHECK(Takes(auth, "Bearer two"));
  CHECK_FALSE(Takes(auth, "bearer one"));
  CHECK_FALSE(Takes(auth, "one"));
  CHECK(Sent(auth) == "authorization: Bearer one");
  CHECK(auth.requires_tls());
}

TEST_CASE("Refusals name the header and never the secret", "[extension][bearertokenauth]") {
  Fixture f;
  BearerTokenAuth::Config config;
  config.token = "one";
  BearerTokenAuth auth(config, f.Make());
  ClientInfo client;
  CHECK(auth.Authenticate({}, client).message() == "missing or empty authorization header: Authorization");
  CHECK(auth.Authenticate({{"authorization", ""}}, client).message() ==
        "missing or empty authorization header: Authorization");
  const absl::Status status = auth.Authenticate({{"authorization", "Bearer onf"}}, client);
  CHECK(status.code() == absl::StatusCode::kUnauthenticated);
  CHECK(status.message() == "scheme or token does not match: Bearer onf");
}

TEST_CASE("Header and scheme may be chosen, the scheme may be empty", "[extension][bearertokenauth]") {
  Fixture f;
  BearerTokenAuth::Config config;
  config.header = "X-Key";
  config.scheme = "";
  config.token = "one";
  BearerTokenAuth auth(config, f.Make());
  ClientInfo client;
  CHECK(auth.Authenticate({{"x-key", "one"}}, client).ok());
  CHECK(Sent(auth) == "x-key: one");
}

TEST_CASE("A file of tokens is read again when it changes and when its link is swapped",
          "[extension][bearertokenauth]") {
  Fixture f;
  f.Write("a", "first\n\n  second \n");
  f.Write("b", "third");
  const std::filesystem::path link = f.folder / "link";
  std::filesystem::create_symlink("a", link);
  BearerTokenAuth::Config config;
  config.token = "ignored";
  config.filename = link.string();
  BearerTokenAuth auth(config, f.Make());
  REQUIRE(auth.Start(f.host).ok());
  CHECK(f.messages->all == std::vector<std::string>{"a filename is specified. Configured token(s) is ignored!"});
  CHECK(Takes(auth, "Bearer first"));
  CHECK(Takes(auth, "Bearer second"));
  CHECK_FALSE(Takes(auth, "Bearer ignored"));

  std::filesystem::remove(link);
  f.loop.Advance(absl::Seconds(2));  // gone for a moment: what was valid stays so
  CHECK(Takes(auth, "Bearer first"));
  std::filesystem::create_symlink("b", link);
  f.loop.Advance(absl::Seconds(2));
  CHECK(Sent(auth) == "authorization: Bearer third");
  CHECK_FALSE(Takes(auth, "Bearer first"));

  f.Write("b", "longer than before\n");
  f.loop.Advance(absl::Seconds(2));
  CHECK(Sent(auth) == "authorization: Bearer longer than before");
  bool stopped = false;
  auth.Shutdown([&] { stopped = true; });
  CHECK(stopped);
  f.loop.RunUntilIdle();
  CHECK(f.loop.pending_timers() == 0);
}

TEST_CASE("A missing or empty file stops the start", "[extension][bearertokenauth]") {
  Fixture f;
  BearerTokenAuth::Config config;
  config.filename = (f.folder / "none").string();
  CHECK(BearerTokenAuth(config, f.Make()).Start(f.host).message() ==
        "open " + config.filename + ": no such file or directory");
  config.filename = f.Write("empty", "\n");
  CHECK(BearerTokenAuth(config, f.Make()).Start(f.host).message() == "there is no token in " + config.filename);
}

TEST_CASE("A token is needed, from one source", "[extension][bearertokenauth]") {
  auto message = [](ConfigNode node) {
    std::vector<ConfigError> errors;
    DecodeContext context(&errors, "extensions::bearertokenauth", "");
    BearerTokenAuth::Config config;
    DecodeField(node, config, context);
    return errors.size() == 1 ? errors[0].message : std::string("?");
  };
  ConfigNode node, text;
  node.kind = ConfigNode::Kind::kMap;
  CHECK(message(node) == "no bearer token provided");
  text.kind = ConfigNode::Kind::kString;
  text.text = "x";
  node.entries.push_back({"token", {}, text});
  ConfigNode list;
  list.kind = ConfigNode::Kind::kList;
  list.items.push_back(text);
  node.entries.push_back({"tokens", {}, list});
  CHECK(message(node) == "either tokens or token should be provided, not both");
}

}  // namespace
}  // namespace otelpipe
