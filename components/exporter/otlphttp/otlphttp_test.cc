#include "exporter/otlphttp/otlphttp.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <deque>

#include "otelpipe/testing/test_loop.h"
#include "shared/compression/compression.h"
#include "shared/http/http_server.h"
#include "shared/net/rpc_status.h"

namespace otelpipe {
namespace {

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

Batch OneLog() {
  auto data = std::make_unique<LogsData>();
  data->resources.Add(data->arena).scopes.Add(data->arena).records.Add(data->arena).body = Value::Str("hello");
  return Batch::FromLogs(std::move(data));
}

// A real server that answers with prepared replies and keeps what it was sent.
struct Fixture {
  boost::asio::io_context io;
  testing::TestLoop loop{&io, [this] { io.restart(), io.poll(); }};
  NoHost host;
  std::deque<HttpReply> replies;
  struct Seen {
    std::string path, type, body, agent;
  };
  std::vector<Seen> seen;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<OtlpHttpExporter> exporter;
  OtlpHttpExporter::Config config = OtlpHttpExporter::DefaultConfig();

  Context Make(ComponentKind kind) {
    Context c;
    c.id = {"otlphttp", ""};
    c.kind = kind;
    c.loop = &loop;
    c.service_version = "1.2.3";
    return c;
  }
  Fixture() {
    HttpServerConfig http;
    http.endpoint = "127.0.0.1:0";
    server = std::make_unique<HttpServer>(http, Make(ComponentKind::kReceiver), [this](HttpServerRequest& r, HttpResponder responder) {
      seen.push_back({std::string(r.path), std::string(r.Header("content-type")), std::string(r.body.bytes),
                      std::string(r.Header("user-agent"))});
      HttpReply reply = replies.empty() ? HttpReply{} : std::move(replies.front());
      if (!replies.empty()) replies.pop_front();
      responder.Send(std::move(reply));
    });
    REQUIRE(server->Start(host).ok());
    config.http.endpoint = "http://127.0.0.1:" + std::to_string(server->port()) + "/base/";
    config.retry_on_failure.enabled = false;
    config.sending_queue.enabled = false;
  }
  absl::Status Export() {
    if (!exporter) {
      exporter = std::make_unique<OtlpHttpExporter>(config, Make(ComponentKind::kExporter));
      REQUIRE(exporter->Init().ok());
      REQUIRE(exporter->Start(host).ok());
    }
    bool finished = false;
    absl::Status status;
    exporter->Consume(OneLog(), Done::OnFinished([&](const absl::Status& s) { finished = true, status = s; }));
    REQUIRE(loop.WaitFor([&] { return finished; }));
    return status;
  }
};

TEST_CASE("a batch is posted below the base path, packed, and 200 finishes it", "[exporter][otlphttp]") {
  Fixture f;
  CHECK(f.Export().ok());
  REQUIRE(f.seen.size() == 1);
  CHECK(f.seen[0].path == "/base/v1/logs");
  CHECK(f.seen[0].type == "application/x-protobuf");
  CHECK(f.seen[0].body.find("hello") != std::string::npos);
  CHECK(f.seen[0].agent.find("/1.2.3 (linux/") != std::string::npos);
}

TEST_CASE("an own endpoint is used as it is, and JSON is JSON", "[exporter][otlphttp]") {
  Fixture f;
  f.config.logs_endpoint = "http://127.0.0.1:" + std::to_string(f.server->port()) + "/mine";
  f.config.encoding = "json";
  CHECK(f.Export().ok());
  CHECK(f.seen[0].path == "/mine");
  CHECK(f.seen[0].type == "application/json");
  CHECK(f.seen[0].body.find("{\"resourceLogs\":[") == 0);
}

TEST_CASE("statuses are retryable or permanent as the reference has them, and Retry-After counts", "[exporter][otlphttp]") {
  Fixture f;
  for (auto [status, retryable] : {std::pair{429, true}, {502, true}, {503, true}, {504, true}, {400, false}, {408, false},
                                   {413, false}, {500, false}, {304, false}}) {
    HttpReply reply;
    reply.status = status;
    reply.headers = {{"Retry-After", "7"}};
    f.replies.push_back(std::move(reply));
    const absl::Status got = f.Export();
    INFO(status << " " << got.message());
    CHECK_FALSE(got.ok());
    CHECK(IsRetryable(got) == retryable);
    CHECK((std::string(got.message()).find("responded with HTTP Status Code " + std::to_string(status)) != std::string::npos));
    CHECK((RetryAfterSeconds(got) == 7) == (status == 429 || status == 503));
  }
}

TEST_CASE("the server's words are in the error", "[exporter][otlphttp]") {
  Fixture f;
  f.replies.push_back(HttpReply::Make(400, "application/x-protobuf", RpcStatusProto(absl::InvalidArgumentError("bad batch"))));
  const absl::Status got = f.Export();
  CHECK(std::string(got.message()).find("Message=bad batch, Details=[]") != std::string::npos);
}

TEST_CASE("a server that is not there is a passing failure", "[exporter][otlphttp]") {
  Fixture f;
  f.config.http.endpoint = "http://127.0.0.1:1";
  const absl::Status got = f.Export();
  CHECK(IsRetryable(got));
  CHECK(std::string(got.message()).find("failed to make an HTTP request: Post \"http://127.0.0.1:1/v1/logs\"") != std::string::npos);
}

TEST_CASE("without an endpoint for its signal it is not built", "[exporter][otlphttp]") {
  Fixture f;
  OtlpHttpExporter::Config config = OtlpHttpExporter::DefaultConfig();
  config.traces_endpoint = "http://x/y";
  Context context = f.Make(ComponentKind::kExporter);
  context.signal = Signal::kLogs;
  CHECK(OtlpHttpExporter(config, context).Init().message() == "either endpoint or logs_endpoint must be specified");
}

}  // namespace
}  // namespace otelpipe
