#include "receiver/loki/loki.h"

#include <catch2/catch.hpp>
#include <future>

#include "runtime/runtime.h"
#include "shared/http/http_client.h"
#include "shared/loki/push_writer.h"

namespace otelpipe {
namespace {

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

class Collector final : public Consumer {
 public:
  void Consume(Batch batch, Done done) override {
    for (const ResourceLogs& resource : (*batch.ReadLogs())->resources) {
      for (const LogRecord& record : resource.scopes[0].records) {
        seen += std::to_string(record.time_unix_nano) + " " + record.body.AsString();
        for (const KeyValue& kv : record.attributes) seen += " " + std::string(kv.key) + "=" + kv.value.AsString();
        seen += "\n";
      }
    }
    done.Finished(answer);
  }
  std::string seen;
  absl::Status answer;
};

// A receiver on a free port, and a client beside it.
struct World {
  std::unique_ptr<Runtime> runtime = MakeRuntime(1);
  Metrics metrics;
  NoHost host;
  Context context;
  Collector next;
  std::unique_ptr<LokiReceiver> receiver;
  std::unique_ptr<HttpClient> client;

  World() {
    context.id = {"loki", ""};
    context.loop = &runtime->loop();
    context.metrics = &metrics;
    LokiReceiver::Config config;
    config.protocols.http.emplace();
    config.protocols.http->endpoint = "127.0.0.1:0";
    config.use_incoming_timestamp = true;
    runtime->Start();
    runtime->RunInLoop([&] {
      receiver = std::make_unique<LokiReceiver>(config, context);
      receiver->SetOutput(Signal::kLogs, &next);
      REQUIRE(receiver->Start(host).ok());
      client = std::make_unique<HttpClient>(HttpClientConfig(), context);
      REQUIRE(client->Start(host).ok());
    });
  }
  ~World() {
    std::promise<void> stopped;
    runtime->RunInLoop([&] { receiver->Shutdown([&] { stopped.set_value(); }); });
    stopped.get_future().wait();
    runtime->RunInLoop([&] {
      client.reset();
      receiver.reset();
    });
    runtime->Stop();
  }
  std::string Post(std::string path, Headers headers, Buffer body, std::string method = "POST") {
    std::promise<std::string> answer;
    runtime->RunInLoop([&] {
      HttpRequest request;
      request.method = method;
      request.url = "http://127.0.0.1:" + std::to_string(receiver->port()) + path;
      request.headers = std::move(headers);
      request.body = {std::move(body)};
      client->Send(std::move(request), [&](absl::StatusOr<HttpResponse> r) {
        answer.set_value(r.ok() ? std::to_string(r->status) + " " + r->body : "error " + std::string(r.status().message()));
      });
    });
    return answer.get_future().get();
  }
};

const Headers kJsonType = {{"Content-Type", "application/json"}};
const Headers kProtoType = {{"Content-Type", "application/x-protobuf"}};
constexpr std::string_view kPush = "/loki/api/v1/push";

Buffer Json() { return Buffer::FromString(R"({"streams":[{"stream":{"job":"a"},"values":[["5","x"]]}]})"); }

TEST_CASE("protobuf and JSON pushes become records", "[component][loki]") {
  World w;
  loki::PushStream stream;
  stream.labels = "{job=\"a\", level=\"INFO\"}";
  stream.BeginEntry(7);
  stream.buffer().Append("line");
  stream.EndEntry();
  CHECK(w.Post(std::string(kPush), kProtoType, loki::PackPush({&stream})) == "204 ");
  CHECK(w.Post("/api/prom/push", {{"Content-Type", "application/json; charset=utf-8"}}, Json()) == "204 ");
  CHECK(w.next.seen == "7 line job=a level=INFO\n5 x job=a\n");
}

TEST_CASE("an empty push is accepted and goes nowhere", "[component][loki]") {
  World w;
  CHECK(w.Post(std::string(kPush), kJsonType, Buffer::FromString("{\"streams\":[]}")) == "204 ");
  CHECK(w.next.seen.empty());
}

TEST_CASE("other requests are refused as the reference refuses them", "[component][loki]") {
  World w;
  CHECK(w.Post("/other", kJsonType, Json()) == "404 404 page not found\n");
  CHECK(w.Post(std::string(kPush), kJsonType, Json(), "PUT") == "405 405 method not allowed, supported: [POST]");
  CHECK(w.Post(std::string(kPush), {{"Content-Type", "text/plain"}}, Json()) ==
        "415 415 unsupported media type, supported: [application/json, application/x-protobuf]");
  CHECK(w.Post(std::string(kPush), kProtoType, Json()) == "400 snappy: corrupt input\n");
  CHECK(w.Post(std::string(kPush), kJsonType, Buffer::FromString("[]")) ==
        "400 invalid push request: the request must be an object\n");
}

TEST_CASE("a refusal of the pipeline reaches the client", "[component][loki]") {
  World w;
  w.next.answer = absl::UnavailableError("full");
  CHECK(w.Post(std::string(kPush), kJsonType, Json()) == "503 full\n");
  w.next.answer = absl::InvalidArgumentError("bad");
  CHECK(w.Post(std::string(kPush), kJsonType, Json()) == "400 bad\n");
}

TEST_CASE("protocols: http without a value takes the default endpoint, none is an error", "[component][loki]") {
  auto config = [](std::vector<std::string> keys) {
    ConfigNode root;
    root.kind = ConfigNode::Kind::kMap;
    ConfigNode protocols;
    protocols.kind = ConfigNode::Kind::kMap;
    for (std::string& key : keys) protocols.entries.push_back({std::move(key), {}, ConfigNode()});
    root.entries.push_back({"protocols", {}, std::move(protocols)});
    return root;
  };
  std::vector<ConfigError> errors;
  DecodeContext context(&errors, "receivers::loki", "");
  LokiReceiver::Config out;
  DecodeField(config({"http"}), out, context);
  CHECK(errors.empty());
  REQUIRE(out.protocols.http);
  CHECK(out.protocols.http->endpoint == "localhost:3500");
  out = {};
  DecodeField(config({}), out, context);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "must specify at least one protocol when using the Loki receiver");
  errors.clear();
  DecodeField(config({"http", "grpc"}), out, context);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].path == "receivers::loki::protocols::grpc");
}

}  // namespace
}  // namespace otelpipe
