#include "receiver/zipkin/zipkin.h"

#include <catch2/catch.hpp>
#include <future>

#include "runtime/runtime.h"
#include "shared/http/http_client.h"

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
    for (const ResourceSpans& resource : (*batch.ReadTraces())->resources) {
      for (const Span& span : resource.scopes[0].records) seen += std::string(span.name) + "\n";
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
  std::unique_ptr<ZipkinReceiver> receiver;
  std::unique_ptr<HttpClient> client;

  World() {
    context.id = {"zipkin", ""};
    context.loop = &runtime->loop();
    context.metrics = &metrics;
    ZipkinReceiver::Config config;
    config.http.endpoint = "127.0.0.1:0";
    runtime->Start();
    runtime->RunInLoop([&] {
      receiver = std::make_unique<ZipkinReceiver>(config, context);
      receiver->SetOutput(Signal::kTraces, &next);
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

const std::string kSpan = R"([{"traceId":"1","id":"2","timestamp":1,"name":"get"}])";
const Headers kJson = {{"Content-Type", "application/json"}};

TEST_CASE("spans are taken at any path and answered with 202", "[component][zipkin]") {
  World w;
  CHECK(w.Post("/api/v2/spans", kJson, Buffer::FromString(kSpan)) == "202 ");
  CHECK(w.Post("/other", {}, Buffer::FromString(kSpan)) == "202 ");
  CHECK(w.Post("/api/v2/spans", {{"Content-Type", "application/x-protobuf"}}, Buffer::FromString("")) == "202 ");
  CHECK(w.Post("/api/v1/spans", kJson, Buffer::FromString(R"([{"traceId":"0ed2e63cbe71f5a8","id":"0ed2e63cbe71f5a8","name":"old"}])")) == "202 ");
  CHECK(w.next.seen == "get\nget\nold\n");
  int64_t accepted = 0;
  for (const MetricSample& s : w.metrics.Read()) {
    if (s.name == "otelcol_receiver_accepted_spans") accepted += s.value;
  }
  CHECK(accepted == 3);
}

TEST_CASE("what cannot be read is refused with the reason", "[component][zipkin]") {
  World w;
  CHECK(w.Post("/api/v2/spans", kJson, Buffer::FromString("[{}]")) == "400 valid traceId required\n");
  CHECK(w.Post("/api/v1/spans", {{"Content-Type", "application/x-thrift"}}, Buffer::FromString("x")).find("400 Thrift is not supported") == 0);
  CHECK(w.next.seen.empty());
}

TEST_CASE("a refusal of the pipeline reaches the client", "[component][zipkin]") {
  World w;
  w.next.answer = absl::UnavailableError("full");
  CHECK(w.Post("/api/v2/spans", kJson, Buffer::FromString(kSpan)) == "500 \"Internal Server Error\"");
  w.next.answer = absl::InvalidArgumentError("bad");
  CHECK(w.Post("/api/v2/spans", kJson, Buffer::FromString(kSpan)) == "400 \"Bad Request\"");
}

}  // namespace
}  // namespace otelpipe
