#include "exporter/prometheus/prometheus.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "otelpipe/component/config_node.h"
#include "otelpipe/pdata/codec.h"
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

struct Fixture {
  boost::asio::io_context io;
  testing::TestLoop loop{&io, [this] { io.restart(), io.poll(); }};
  NoHost host;
  Metrics metrics;
  Context Make() {
    Context c;
    c.id = {"prometheus", ""};
    c.kind = ComponentKind::kExporter;
    c.signal = Signal::kMetrics;
    c.loop = &loop;
    c.metrics = &metrics;
    return c;
  }
  PrometheusExporter::Config Config() {
    PrometheusExporter::Config config;
    config.http.endpoint = "127.0.0.1:0";
    return config;
  }
  HttpResponse Get(int port, std::string path, std::vector<std::pair<std::string, std::string>> headers = {}) {
    HttpClientConfig config;
    config.endpoint = "http://127.0.0.1:" + std::to_string(port);
    for (auto& [name, value] : headers) config.headers[name] = value;
    HttpClient client(config, Make());
    REQUIRE(client.Start(host).ok());
    HttpRequest request;
    request.method = "GET";
    request.send_body = false;
    request.url = config.endpoint + path;
    std::optional<absl::StatusOr<HttpResponse>> result;
    client.Send(std::move(request), [&](absl::StatusOr<HttpResponse> response) { result = std::move(response); });
    REQUIRE(loop.WaitFor([&] { return result.has_value(); }));
    REQUIRE(result->ok());
    return *std::move(*result);
  }
  static Batch OneGauge(double value) {
    auto data = std::make_unique<MetricsData>();
    Arena& a = data->arena;
    Metric& m = data->resources.Add(a).scopes.Add(a).records.Add(a);
    m.name = "g";
    m.type = MetricType::kGauge;
    NumberDataPoint& p = m.number_points.Add(a);
    p.value_kind = NumberKind::kDouble;
    p.as_double = value;
    p.time_unix_nano = 1712045701123000000;
    return Batch::FromMetrics(std::move(data));
  }
};

constexpr char kLabels[] = "{otel_scope_name=\"\",otel_scope_schema_url=\"\",otel_scope_version=\"\"}";

TEST_CASE("The page shows what was consumed, on /metrics alone", "[exporter][prometheus]") {
  Fixture f;
  PrometheusExporter exporter(f.Config(), f.Make());
  REQUIRE(exporter.Start(f.host).ok());
  absl::Status finished = absl::UnknownError("");
  exporter.Consume(f.OneGauge(1.5), Done::OnFinished([&](const absl::Status& s) { finished = s; }));
  CHECK(finished.ok());
  HttpResponse response = f.Get(exporter.port(), "/metrics");
  CHECK(response.status == 200);
  CHECK(response.body == std::string("# HELP g \n# TYPE g gauge\ng") + kLabels + " 1.5\n");
  CHECK(f.Get(exporter.port(), "/").status == 404);
  CHECK(f.metrics.Read().at(0).value == 1);
}

TEST_CASE("OpenMetrics needs both the option and the header", "[exporter][prometheus]") {
  Fixture f;
  PrometheusExporter::Config config = f.Config();
  config.enable_open_metrics = true;
  config.send_timestamps = true;
  PrometheusExporter exporter(config, f.Make());
  REQUIRE(exporter.Start(f.host).ok());
  exporter.Consume(f.OneGauge(2), Done());
  CHECK(f.Get(exporter.port(), "/metrics").body ==
        std::string("# HELP g \n# TYPE g gauge\ng") + kLabels + " 2 1712045701123\n");
  CHECK(f.Get(exporter.port(), "/metrics", {{"Accept", "application/openmetrics-text; version=1.0.0"}}).body ==
        std::string("# HELP g \n# TYPE g gauge\ng") + kLabels + " 2.0 1.712045701123e+09\n# EOF\n");
}

TEST_CASE("Series expire after metric_expiration", "[exporter][prometheus]") {
  Fixture f;
  PrometheusExporter exporter(f.Config(), f.Make());
  REQUIRE(exporter.Start(f.host).ok());
  exporter.Consume(f.OneGauge(1), Done());
  f.loop.Advance(absl::Minutes(4));
  CHECK_FALSE(f.Get(exporter.port(), "/metrics").body.empty());
  f.loop.Advance(absl::Minutes(2));
  CHECK(f.Get(exporter.port(), "/metrics").body.empty());
}

TEST_CASE("Malformed bytes are refused and counted as failed", "[exporter][prometheus]") {
  Fixture f;
  PrometheusExporter exporter(f.Config(), f.Make());
  absl::Status finished;
  exporter.Consume(Batch::FromWire(Signal::kMetrics, {Buffer::FromString("\xFF\xFF")}),
                   Done::OnFinished([&](const absl::Status& s) { finished = s; }));
  CHECK_FALSE(finished.ok());
}

TEST_CASE("A blank endpoint is refused in the reference's words", "[exporter][prometheus]") {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kMap;
  std::vector<ConfigError> errors;
  DecodeContext context(&errors, "exporters::prometheus", "");
  PrometheusExporter::Config config;
  DecodeField(node, config, context);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "expecting a non-blank address to run the Prometheus metrics handler");
}

}  // namespace
}  // namespace otelpipe
