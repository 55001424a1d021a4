#include "receiver/otlp/otlp_receiver.h"

#include <catch2/catch.hpp>
#include <future>

#include "otelpipe/pdata/codec.h"
#include "runtime/runtime.h"
#include "shared/grpc/grpc_client.h"
#include "shared/http/http_client.h"
#include "shared/net/otlp.h"

namespace otelpipe {
namespace {

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

// One resource, one scope, one record with a body "hi": an ExportLogsServiceRequest, and the same in JSON.
const std::string kOne("\x0a\x0c\x12\x0a\x12\x08\x2a\x04\x0a\x02hi\x40\x01", 14);
constexpr char kOneJson[] = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hi"},"flags":1}]}]}]})";

struct World final : Consumer {
  std::unique_ptr<Runtime> runtime = MakeRuntime(1);
  Metrics metrics;
  NoHost host;
  Context context;
  std::unique_ptr<OtlpReceiver> receiver;
  std::unique_ptr<HttpClient> http;
  std::unique_ptr<GrpcClient> grpc;
  size_t records = 0;
  absl::Status answer;
  bool only_accept = false;
  std::vector<Done> held;

  void Consume(Batch batch, Done done) override {
    records += batch.records();
    if (only_accept) {
      done.Accepted();
      held.push_back(std::move(done));
    } else {
      done.Finished(answer);
    }
  }

  explicit World(std::function<void(OtlpReceiver::Config&)> change = nullptr) {
    context.id = {"otlp", ""};
    context.loop = &runtime->loop();
    context.metrics = &metrics;
    runtime->Start();
    runtime->RunInLoop([&] {
      OtlpReceiver::Config config;
      config.protocols.grpc.enabled = config.protocols.http.enabled = true;
      config.protocols.grpc.endpoint = config.protocols.http.endpoint = "127.0.0.1:0";
      if (change) change(config);
      receiver = std::make_unique<OtlpReceiver>(config, context);
      receiver->SetOutput(Signal::kLogs, this);
      REQUIRE(receiver->Start(host).ok());
      http = std::make_unique<HttpClient>(HttpClientConfig{}, context);
      REQUIRE(http->Start(host).ok());
      GrpcClientConfig client;
      client.endpoint = "127.0.0.1:" + std::to_string(receiver->grpc_port());
      client.tls.insecure = true;
      client.compression = Compression::kGzip;
      grpc = std::make_unique<GrpcClient>(client, context);
      REQUIRE(grpc->Start(host).ok());
    });
  }
  ~World() override {
    runtime->RunInLoop([this] {
      http.reset();
      grpc.reset();
      receiver.reset();
      held.clear();
    });
    runtime->Stop();
  }
  HttpResponse Post(std::string path, std::string body, std::string type = "application/x-protobuf", Headers more = {},
                    std::string method = "POST") {
    std::promise<absl::StatusOr<HttpResponse>> done;
    runtime->RunInLoop([&] {
      HttpRequest request;
      request.method = method;
      request.url = "http://127.0.0.1:" + std::to_string(receiver->http_port()) + path;
      request.headers = std::move(more);
      if (!type.empty()) request.headers.emplace_back("Content-Type", type);
      request.body = {CopyToBuffer(body)};
      http->Send(std::move(request), [&](absl::StatusOr<HttpResponse> r) { done.set_value(std::move(r)); });
    });
    absl::StatusOr<HttpResponse> response = done.get_future().get();
    REQUIRE(response.ok());
    return *response;
  }
  absl::StatusOr<std::string> Call(const char* method, std::string body) {
    std::promise<absl::StatusOr<WireBytes>> done;
    runtime->RunInLoop([&] {
      grpc->Call(method, {CopyToBuffer(body)}, absl::Seconds(10), nullptr,
                 [&](absl::StatusOr<WireBytes> r) { done.set_value(std::move(r)); });
    });
    absl::StatusOr<WireBytes> reply = done.get_future().get();
    if (!reply.ok()) return reply.status();
    std::string out;
    for (const Buffer& b : *reply) out += b.bytes;
    return out;
  }
};

const std::string kOk("\x0a\x00", 2);

TEST_CASE("a request over each protocol reaches the pipeline and is answered", "[receiver][otlp]") {
  World w;
  HttpResponse proto = w.Post("/v1/logs", kOne);
  CHECK(proto.status == 200);
  CHECK(proto.Header("content-type") == "application/x-protobuf");
  CHECK(proto.body == kOk);
  HttpResponse json = w.Post("/v1/logs", kOneJson, "APPLICATION/json; charset=utf-8");
  CHECK(json.status == 200);
  CHECK(json.Header("content-type") == "application/json");
  CHECK(json.body == R"({"partialSuccess":{}})");
  CHECK(*w.Call(OtlpMethod(Signal::kLogs), kOne) == kOk);
  CHECK(w.records == 3);
  Counter* counted = w.metrics.AddCounter("otelcol_receiver_accepted_log_records", {{"receiver", "otlp"}, {"transport", "http"}});
  CHECK(counted->value() == 2);
}

TEST_CASE("an empty request is answered without the pipeline", "[receiver][otlp]") {
  World w;
  w.answer = absl::InternalError("not to be asked");
  CHECK(w.Post("/v1/logs", "").status == 200);
  CHECK(w.Post("/v1/logs", "{}", "application/json").status == 200);
  CHECK(w.Post("/v1/logs", "null", "application/json").status == 200);
  CHECK(w.Post("/v1/logs", "", "application/json").status == 400);
  CHECK(w.Call(OtlpMethod(Signal::kLogs), "").ok());
}

TEST_CASE("a client is answered as soon as a queue holds its batch", "[receiver][otlp]") {
  World w;
  w.only_accept = true;
  CHECK(w.Post("/v1/logs", kOne).status == 200);
  CHECK(w.Call(OtlpMethod(Signal::kLogs), kOne).ok());
  CHECK(w.held.size() == 2);
}

TEST_CASE("bad requests over HTTP get the reference's answers", "[receiver][otlp]") {
  World w;
  HttpResponse r = w.Post("/v1/traces", kOne);  // no pipeline
  CHECK(r.status == 404);
  CHECK(r.body == "404 page not found\n");
  CHECK(w.Post("/v1/logs/", kOne).status == 404);
  r = w.Post("/v1/logs", "", "", {}, "GET");
  CHECK(r.status == 405);
  CHECK(r.body == "405 method not allowed, supported: [POST]");
  r = w.Post("/v1/logs", kOne, "text/plain");
  CHECK(r.status == 415);
  CHECK(r.body == "415 unsupported media type, supported: [application/json, application/x-protobuf]");
  CHECK(w.Post("/v1/logs", "\x0a\x7f", "application/x-protobuf").status == 400);
  r = w.Post("/v1/logs", "{nope", "application/json");
  CHECK(r.status == 400);
  CHECK(r.body.starts_with("{\"code\":3,\"message\":"));
  r = w.Post("/v1/logs", "x", "application/json", {{"Content-Encoding", "br"}});
  CHECK(r.status == 400);
  CHECK(r.body == R"({"code":3,"message":"unsupported Content-Encoding: br"})");
  CHECK(w.Post("/v1/logs", "x", "text/plain", {{"Content-Encoding", "br"}}).status == 500);
  CHECK(w.Post("//v1/logs", kOne).status == 200);  // by way of a redirect
  CHECK(w.records == 1);
}

TEST_CASE("JSON that nests without end is refused", "[receiver][otlp]") {
  World w;
  std::string deep = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":)";
  for (int i = 0; i < 200000; ++i) deep += R"({"arrayValue":{"values":[)";
  CHECK(w.Post("/v1/logs", deep, "application/json").status == 400);
}

TEST_CASE("a pipeline's error becomes the answer", "[receiver][otlp]") {
  World w;
  w.answer = absl::UnavailableError("later");
  HttpResponse r = w.Post("/v1/logs", kOneJson, "application/json");
  CHECK(r.status == 503);
  CHECK(r.body == R"({"code":14,"message":"later"})");
  CHECK(r.Header("retry-after").empty());
  w.answer = WithRetryAfter(absl::ResourceExhaustedError("slow"), 3.7);
  r = w.Post("/v1/logs", kOneJson, "application/json");
  CHECK(r.status == 429);
  CHECK(r.Header("retry-after") == "3");
  const absl::Status status = w.Call(OtlpMethod(Signal::kLogs), kOne).status();
  CHECK(absl::IsResourceExhausted(status));
  CHECK(RetryAfterSeconds(status) == Approx(3.7));
  w.answer = absl::InvalidArgumentError("no");
  CHECK(w.Post("/v1/logs", kOne).status == 400);
  Counter* refused = w.metrics.AddCounter("otelcol_receiver_refused_log_records", {{"receiver", "otlp"}, {"transport", "grpc"}});
  CHECK(refused->value() == 1);
}

TEST_CASE("bad calls over gRPC get the reference's codes", "[receiver][otlp]") {
  World w;
  CHECK(w.Call(OtlpMethod(Signal::kTraces), kOne).status().message() ==
        "unknown service opentelemetry.proto.collector.trace.v1.TraceService");
  const absl::Status bad = w.Call(OtlpMethod(Signal::kLogs), "\x0a\x7f").status();
  CHECK(absl::IsInternal(bad));
  CHECK(std::string(bad.message().data(), bad.message().size()).starts_with("grpc: error unmarshalling request: "));
}

TEST_CASE("routes are paths of URLs", "[receiver][otlp]") {
  CHECK(*OtlpRoute("logs_url_path", "my/logs") == "/my/logs");
  CHECK(*OtlpRoute("logs_url_path", "http://host/m?x=1") == "/m");
  CHECK(*OtlpRoute("logs_url_path", "") == "/");
  CHECK(OtlpRoute("logs_url_path", ":invalid").status().message() ==
        "'logs_url_path' invalid HTTP URL path set for signal: parse \":invalid\": missing protocol scheme");
  World w([](OtlpReceiver::Config& c) { c.protocols.http.logs_url_path = "all/"; });
  CHECK(w.Post("/all/below", kOne).status == 200);
}

TEST_CASE("shutdown ends both servers", "[receiver][otlp]") {
  World w;
  CHECK(w.Post("/v1/logs", kOne).status == 200);
  std::promise<void> done;
  w.runtime->RunInLoop([&] { w.receiver->Shutdown([&] { done.set_value(); }); });
  w.runtime->RunInLoop([&] { w.http->Shutdown(); });
  w.runtime->RunInLoop([&] { w.grpc.reset(); });
  done.get_future().wait();
}

}  // namespace
}  // namespace otelpipe
