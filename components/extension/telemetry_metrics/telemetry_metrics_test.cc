#include "extension/telemetry_metrics/telemetry_metrics.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "otelpipe/testing/test_loop.h"
#include "shared/http/http_client.h"

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

TelemetryMetrics::Reader PullReader(std::string host, int64_t port) {
  TelemetryMetrics::Reader reader;
  auto& p = reader.pull.emplace().exporter.emplace().prometheus.emplace();
  p.host = host;
  p.port = port;
  return reader;
}

struct Fixture {
  boost::asio::io_context io;
  testing::TestLoop loop{&io, [this] { io.restart(), io.poll(); }};
  NoHost host;
  Metrics metrics;
  std::shared_ptr<Messages> messages = std::make_shared<Messages>();
  Fixture() {
    const std::string scope = "go.opentelemetry.io/collector/receiver/receiverhelper";
    metrics
        .AddCounter("otelcol_receiver_accepted_log_records", {{"receiver", "otlp"}, {"transport", "http"}},
                    "Number of log records. [alpha]", "{records}", scope)
        ->Add(2);
    metrics.AddCounter("otelcol_receiver_refused_log_records", {{"receiver", "otlp"}, {"transport", "http"}}, "",
                       "{records}", scope);
    metrics.AddCounter("otelcol_receiver_accepted_spans", {{"receiver", "otlp"}, {"transport", "http"}}, "", "{spans}",
                       scope);
    metrics.AddGauge("otelcol_exporter_queue_size", {{"exporter", "loki"}}, "", "{batches}", "q")->Set(3);
    metrics
        .AddHistogram("otelcol_processor_batch_batch_send_size", {{"processor", "batch"}}, {10, 25}, "", "{units}", "b")
        ->Observe(12);
  }
  Context Make() {
    Context c;
    c.id = {"telemetry_metrics", ""};
    c.kind = ComponentKind::kExtension;
    c.loop = &loop;
    c.metrics = &metrics;
    c.log = Logger(messages, {});
    return c;
  }
  std::pair<int, std::string> Get(int port, std::string path) {
    HttpClientConfig config;
    config.endpoint = "http://127.0.0.1:" + std::to_string(port);
    HttpClient client(config, Make());
    REQUIRE(client.Start(host).ok());
    HttpRequest request;
    request.method = "GET";
    request.send_body = false;
    request.url = config.endpoint + path;
    std::pair<int, std::string> result{0, ""};
    client.Send(std::move(request), [&](absl::StatusOr<HttpResponse> response) {
      result = response.ok() ? std::pair<int, std::string>(response->status, response->body)
                             : std::pair<int, std::string>(-1, "");
    });
    REQUIRE(loop.WaitFor([&] { return result.first != 0; }));
    return result;
  }
  bool Has(const std::string& page, const std::string& line) { return page.find(line + "\n") != page.npos; }
};

const std::vector<std::pair<std::string, std::string>> kResource = {{"service.instance.id", "u"},
                                                                    {"service.name", "s"}};

TEST_CASE("The default reader's names are plain and its series carry the resource", "[extension][telemetry_metrics]") {
  Fixture f;
  own_metrics::ReaderOptions options;
  options.with_units = options.with_type_suffix = false;
  options.resource_labels = kResource;
  const std::string page = own_metrics::OwnPage(f.metrics.Read(), {}, kResource, "normal", options);
  CHECK(f.Has(page, "# HELP otelcol_receiver_accepted_log_records Number of log records. [alpha]"));
  CHECK(f.Has(page, "# TYPE otelcol_receiver_accepted_log_records counter"));
  CHECK(f.Has(
      page,
      "otelcol_receiver_accepted_log_records{otel_scope_name=\"go.opentelemetry.io/collector/receiver/receiverhelper\","
      "otel_scope_schema_url=\"\",otel_scope_version=\"\",receiver=\"otlp\",service_instance_id=\"u\",service_name="
      "\"s\","
      "transport=\"http\"} 2"));
  CHECK(f.Has(page, "target_info{service_instance_id=\"u\",service_name=\"s\"} 1"));
  CHECK(f.Has(page, "promhttp_metric_handler_errors_total{cause=\"encoding\"} 0"));
  CHECK(page.find("otelcol_processor_batch_batch_send_size_bucket{") != page.npos);
}

TEST_CASE("A reader that was written down shows units and kinds in the names", "[extension][telemetry_metrics]") {
  Fixture f;
  own_metrics::ReaderOptions options;
  options.with_scope = false;
  const std::string page = own_metrics::OwnPage(f.metrics.Read(), {}, kResource, "normal", options);
  CHECK(f.Has(page, "otelcol_receiver_accepted_log_records__records__total{receiver=\"otlp\",transport=\"http\"} 2"));
  CHECK(f.Has(page, "otelcol_exporter_queue_size__batches_{exporter=\"loki\"} 3"));
  CHECK(f.Has(page, "otelcol_processor_batch_batch_send_size__units__bucket{processor=\"batch\",le=\"25\"} 1"));
}

TEST_CASE("Counters that never counted are left out, refused ones come with the accepted",
          "[extension][telemetry_metrics]") {
  Fixture f;
  const std::string page = own_metrics::OwnPage(f.metrics.Read(), {}, {}, "normal", {});
  CHECK(page.find("otelcol_receiver_refused_log_records__records__total{") != page.npos);
  CHECK(page.find("accepted_spans") == page.npos);
}

TEST_CASE("The basic level leaves out the batch processor", "[extension][telemetry_metrics]") {
  Fixture f;
  CHECK(own_metrics::OwnPage(f.metrics.Read(), {}, {}, "basic", {}).find("processor_batch") == std::string::npos);
  CHECK_FALSE(own_metrics::ShownAtLevel("otelcol_processor_batch_batch_send_size_bytes", "normal"));
  CHECK(own_metrics::ShownAtLevel("otelcol_processor_batch_batch_send_size_bytes", "detailed"));
}

TEST_CASE("Each reader serves /metrics alone, with the process's own numbers", "[extension][telemetry_metrics]") {
  Fixture f;
  TelemetryMetrics::Config config;
  config.resource = {{"service.name", "s"}, {"zone", "n"}};
  config.readers.push_back(PullReader("127.0.0.1", 0));
  config.readers.push_back(PullReader("127.0.0.1", 0));
  auto& labels = config.readers[1].pull->exporter->prometheus->with_resource_constant_labels.emplace();
  labels.excluded = {"zone"};
  TelemetryMetrics extension(config, f.Make());
  REQUIRE(extension.Start(f.host).ok());
  REQUIRE(extension.ports().size() == 2);
  auto [status, page] = f.Get(extension.ports()[0], "/metrics");
  CHECK(status == 200);
  for (const char* name :
       {"otelcol_process_uptime_seconds_total{", "otelcol_process_cpu_seconds_total{",
        "otelcol_process_memory_rss_bytes{", "otelcol_process_runtime_heap_alloc_bytes{",
        "otelcol_process_runtime_total_alloc_bytes_total{", "otelcol_process_runtime_total_sys_memory_bytes{"}) {
    CAPTURE(name);
    CHECK(page.find(name) != page.npos);
  }
  CHECK(page.find("service_name=\"s\",transport") == page.npos);
  CHECK(f.Get(extension.ports()[0], "/").first == 404);
  page = f.Get(extension.ports()[1], "/metrics").second;
  CHECK(page.find("receiver=\"otlp\",service_name=\"s\",transport=\"http\"} 2") != page.npos);
}

TEST_CASE("A taken port stops the start, but not for the default reader", "[extension][telemetry_metrics]") {
  Fixture f;
  TelemetryMetrics::Config config;
  config.readers.push_back(PullReader("127.0.0.1", 0));
  TelemetryMetrics first(config, f.Make());
  REQUIRE(first.Start(f.host).ok());
  const int port = first.ports()[0];
  config.readers[0].pull->exporter->prometheus->port = port;
  TelemetryMetrics second(config, f.Make());
  const std::string address = "127.0.0.1:" + std::to_string(port);
  CHECK(second.Start(f.host).message() == "failed to create SDK: binding address " + address +
                                              " for Prometheus exporter: listen tcp " + address +
                                              ": bind: address already in use");

  // Whether or not port 8888 of this machine is free, one of two default readers finds it taken.
  TelemetryMetrics::Config by_default;
  by_default.default_reader = true;
  Context context = f.Make();
  context.gate_enabled = [](std::string_view) { return true; };
  TelemetryMetrics third(by_default, context), fourth(by_default, context);
  CHECK(third.Start(f.host).ok());
  CHECK(fourth.Start(f.host).ok());
  CHECK(f.messages->all.back() == "Own metrics are not exposed");
}

TEST_CASE("The older address takes the default reader's names", "[extension][telemetry_metrics]") {
  Fixture f;
  TelemetryMetrics::Config config;
  config.address = "127.0.0.1:0";
  config.default_reader = true;
  TelemetryMetrics extension(config, f.Make());
  REQUIRE(extension.Start(f.host).ok());
  REQUIRE(extension.ports().size() == 1);
  CHECK(f.Get(extension.ports()[0], "/metrics").second.find("\notelcol_receiver_accepted_log_records{") !=
        std::string::npos);
}

TEST_CASE("Readers without an exporter are refused in words", "[extension][telemetry_metrics]") {
  auto node = [](std::string key, ConfigNode value) {
    ConfigNode map;
    map.kind = ConfigNode::Kind::kMap;
    map.entries.push_back({std::move(key), {}, std::move(value)});
    return map;
  };
  auto errors_of = [&](ConfigNode reader) {
    ConfigNode list;
    list.kind = ConfigNode::Kind::kList;
    list.items.push_back(std::move(reader));
    std::vector<ConfigError> errors;
    DecodeContext context(&errors, "service::telemetry::metrics", "");
    TelemetryMetrics::Config config;
    DecodeField(node("readers", list), config, context);
    return errors;
  };
  ConfigNode empty;
  empty.kind = ConfigNode::Kind::kMap;
  auto errors = errors_of(node("periodic", node("exporter", empty)));
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message.find("no valid metric exporter") != std::string::npos);
  errors = errors_of(node("pull", node("exporter", node("prometheus", empty))));
  REQUIRE_FALSE(errors.empty());
  CHECK(errors[0].message.find("host must be specified") != std::string::npos);
}

}  // namespace
}  // namespace otelpipe
