#include "exporter/loki/loki.h"

#include <catch2/catch.hpp>
#include <future>

#include "runtime/runtime.h"
#include "shared/http/http_server.h"

namespace otelpipe {
namespace {

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

std::string Text(const absl::Status& status) {
  std::string text(status.message().data(), status.message().size());
  return status.ok() ? "ok" : (IsRetryable(status) ? "retry: " : "drop: ") + text;
}

// A server that answers by tenant, and an exporter without a queue before it.
struct World {
  std::unique_ptr<Runtime> runtime = MakeRuntime(1);
  Metrics metrics;
  NoHost host;
  Context context;
  std::map<std::string, std::pair<int, std::string>> answers;  // by tenant; 204 for others
  std::string requests;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<LokiExporter> exporter;

  explicit World(std::map<std::string, std::string> headers = {}) {
    context.id = {"loki", ""};
    context.loop = &runtime->loop();
    context.metrics = &metrics;
    runtime->Start();
    runtime->RunInLoop([&] {
      HttpServerConfig listen;
      listen.endpoint = "127.0.0.1:0";
      server = std::make_unique<HttpServer>(listen, context, [this](HttpServerRequest& request, HttpResponder responder) {
        std::string tenant(request.Header("X-Scope-OrgID"));
        requests += std::string(request.method) + " " + std::string(request.target) + " " +
                    std::string(request.Header("Content-Type")) + " [" + tenant + "]\n";
        auto found = answers.find(tenant);
        if (found == answers.end()) return responder.Send({.status = 204});
        responder.Send(HttpReply::Text(found->second.first, found->second.second));
      });
      REQUIRE(server->Start(host).ok());
      LokiExporter::Config config = LokiExporter::DefaultConfig();
      config.http.endpoint = "http://127.0.0.1:" + std::to_string(server->port()) + "/loki/api/v1/push";
      config.http.headers = std::move(headers);
      config.sending_queue.enabled = false;
      config.retry_on_failure.enabled = false;
      exporter = std::make_unique<LokiExporter>(config, context);
      REQUIRE(exporter->Init().ok());
      REQUIRE(exporter->Start(host).ok());
    });
  }
  ~World() {
    std::promise<void> stopped;
    runtime->RunInLoop([&] { exporter->Shutdown([&] { stopped.set_value(); }); });
    stopped.get_future().wait();
    runtime->RunInLoop([&] {
      exporter.reset();
      server.reset();
    });
    runtime->Stop();
  }
  // Sends one record per tenant, straight to the attempt.
  std::string Send(const std::vector<std::string>& tenants, Value body = Value::Str("x")) {
    auto data = std::make_unique<LogsData>();
    auto& scope = data->resources.Add(data->arena).scopes.Add(data->arena);
    for (const std::string& tenant : tenants) {
      LogRecord& record = scope.records.Add(data->arena);
      record.body = body;
      if (tenant.empty()) continue;
      record.attributes.Set(data->arena, "loki.tenant", Value::Str("t"));
      record.attributes.Set(data->arena, "t", Value::Str(data->arena.Copy(tenant)));
    }
    std::promise<std::string> result;
    runtime->RunInLoop([&] {
      exporter->Send(Batch::FromLogs(std::move(data)), absl::ZeroDuration(),
                     [&](absl::Status status) { result.set_value(Text(status)); });
    });
    return result.get_future().get();
  }
};

TEST_CASE("each tenant gets a request, one after the other", "[component][loki]") {
  World w;
  CHECK(w.Send({"", "a", "b", "a"}) == "ok");
  CHECK(w.requests ==
        "POST /loki/api/v1/push application/x-protobuf []\nPOST /loki/api/v1/push application/x-protobuf [a]\n"
        "POST /loki/api/v1/push application/x-protobuf [b]\n");
  CHECK(w.Send({}) == "ok");
}

TEST_CASE("configured headers win over the hint's tenant and the content type", "[component][loki]") {
  World w({{"X-Scope-OrgID", "fixed"}, {"Content-Type", "application/x-mine"}});
  CHECK(w.Send({"", "a"}) == "ok");
  CHECK(w.requests == "POST /loki/api/v1/push application/x-mine [fixed]\nPOST /loki/api/v1/push application/x-mine [fixed]\n");
}

TEST_CASE("errors of tenants are joined, one permanent makes all permanent", "[component][loki]") {
  World w;
  w.answers["a"] = {400, "bad a\nmore"};
  w.answers["b"] = {500, "bad b"};
  w.answers["c"] = {429, "slow"};
  CHECK(w.Send({"b", "c"}) == "retry: HTTP 500 \"Internal Server Error\": bad b; HTTP 429 \"Too Many Requests\": slow");
  CHECK(w.Send({"a", "b"}) == "drop: HTTP 400 \"Bad Request\": bad a; HTTP 500 \"Internal Server Error\": bad b");
}

TEST_CASE("a tenant without a valid line fails for good", "[component][loki]") {
  World w;
  CHECK(w.Send({""}, Value::Double(0.0 / 0.0)) == "drop: failed to transform logs into Loki log streams");
  CHECK(w.requests.empty());
}

TEST_CASE("records refused for want of labels are counted", "[component][loki]") {
  World w;
  w.answers[""] = {400, "error at least one label pair is required per stream"};
  CHECK(w.Send({"", "", "x"}).starts_with("drop: HTTP 400"));
  int64_t count = -1;
  for (const MetricSample& sample : w.metrics.Read()) {
    if (sample.name == "otelcol_lokiexporter_send_failed_due_to_missing_labels") count = sample.value;
  }
  CHECK(count == 3);
}

TEST_CASE("answers are sorted into delivered, retryable and permanent", "[unit][loki]") {
  CHECK(Text(LokiAnswer(200, "")) == "ok");
  CHECK(Text(LokiAnswer(204, "x")) == "ok");
  CHECK(Text(LokiAnswer(404, "")) == "drop: HTTP 404 \"Not Found\": ");
  CHECK(Text(LokiAnswer(408, "")) == "drop: HTTP 408 \"Request Timeout\": ");
  CHECK(Text(LokiAnswer(503, std::string(2000, 'x'))) == "retry: HTTP 503 \"Service Unavailable\": " + std::string(1024, 'x'));
  CHECK(Text(LokiAnswer(304, "")) == "retry: HTTP 304 \"Not Modified\": ");
}

TEST_CASE("the endpoint has to be a URL as Go reads it", "[unit][loki]") {
  auto errors_of = [](std::string endpoint) {
    ConfigNode root;
    root.kind = ConfigNode::Kind::kMap;
    ConfigNode value;
    value.kind = ConfigNode::Kind::kString;
    value.text = std::move(endpoint);
    root.entries.push_back({"endpoint", {}, value});
    std::vector<ConfigError> errors;
    DecodeContext context(&errors, "exporters::loki", "");
    LokiExporter::Config config = LokiExporter::DefaultConfig();
    DecodeField(root, config, context);
    return errors.empty() ? std::string() : errors[0].message;
  };
  for (const char* good : {"http://h:3100/loki/api/v1/push", "https://u:p@h/x?a=%20", "foo", "localhost:3100/x", "http://[::1]:1/"}) {
    INFO(good);
    CHECK(errors_of(good).empty());
  }
  for (const char* bad : {"", "http://h:x/", "127.0.0.1:3100", "http://h/%zz", "http://[::1/", "http://a b/", ":x", "h\n"}) {
    INFO(bad);
    CHECK(errors_of(bad) == "\"endpoint\" must be a valid URL");
  }
}

}  // namespace
}  // namespace otelpipe
