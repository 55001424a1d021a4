#include "extension/telemetry_metrics/push.h"

#include <catch2/catch.hpp>

#include "otelpipe/config.h"
#include "otelpipe/registry.h"
#include "otelpipe/testing/test_loop.h"

namespace otelpipe {
namespace {

using own_metrics::Periodic;
using own_metrics::PushReader;

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

struct Sent {
  std::vector<Batch> batches;
  std::string endpoint;
  bool stopped = false;
  bool answers = true;
  std::vector<Done> open;
};
Sent* sent = nullptr;

// In the place of the exporter otlphttp.
class Fake final : public Exporter {
 public:
  static constexpr std::string_view kType = "otlphttp";
  struct Config {
    std::string metrics_endpoint;
    static void Describe(Fields<Config>& f) {
      f.Optional("metrics_endpoint", &Config::metrics_endpoint, "Where to.");
      f.AllowUnknown();
    }
  };
  Fake(Config config, Context context) {
    sent->endpoint = config.metrics_endpoint;
    CHECK(context.id.ToString() == "otlphttp/own_metrics");
  }
  void Consume(Batch batch, Done done) override {
    sent->batches.push_back(std::move(batch));
    if (sent->answers) return done.Finished(absl::OkStatus());
    sent->open.push_back(std::move(done));
  }
  void Shutdown(ShutdownDone done) override {
    sent->stopped = true;
    done();
  }
};

// The decoded block, or its first error.
std::pair<Periodic, std::string> Decode(const std::string& yaml) {
  std::vector<ConfigError> errors;
  DecodeContext context(&errors, "", "");
  Periodic out;
  DecodeField(Config::Parse(yaml, "t.yaml")->root(), out, context);
  return {out, errors.empty() ? "" : errors[0].ToString()};
}

TEST_CASE("Settings of a periodic reader are checked", "[extension][telemetry_metrics]") {
  auto [good, none] = Decode("{interval: 5000, exporter: {otlp: {protocol: http/protobuf, endpoint: 'http://h', headers: [{name: a, value: b}]}}}");
  CHECK(none == "");
  CHECK(good.interval == 5000);
  CHECK(good.exporter->otlp->headers.all[0].value == "b");
  CHECK(Decode("{exporter: {otlp: {endpoint: h, headers: {a: b}}}}").first.exporter->otlp->headers.all[0].name == "a");
  CHECK(Decode("{}").second.find("no valid metric exporter") != std::string::npos);
  CHECK(Decode("{interval: 0, exporter: {otlp: {endpoint: h}}}").second.find("'interval' must be greater than 0") != std::string::npos);
  CHECK(Decode("{exporter: {otlp: {endpoint: h, protocol: json}}}").second.find("unsupported protocol \"json\"") != std::string::npos);
  CHECK(Decode("{exporter: {console: {}}}").second == "");
  CHECK(Decode("{exporter: {console: {color: true}}}").second.find("has invalid keys: color") != std::string::npos);
  CHECK(Decode("{exporter: {console: {}, otlp: {endpoint: h}}}").second.find("must not specify multiple exporters") != std::string::npos);
  CHECK(Decode("{exporter: {otlp: {endpoint: h, temporality_preference: delta}}}").second == "");
  CHECK(Decode("{exporter: {otlp: {endpoint: h, temporality_preference: some}}}").second.find("unsupported temporality preference \"some\"") !=
        std::string::npos);
}

TEST_CASE("Counters, gauges and histograms become points with times", "[extension][telemetry_metrics]") {
  Metrics metrics;
  metrics.AddCounter("otelcol_exporter_sent_spans", {{"exporter", "a"}}, "Sent.", "{spans}", "scope")->Add(7);
  metrics.AddCounter("otelcol_exporter_sent_spans", {{"exporter", "b"}}, "Sent.", "{spans}", "scope");
  metrics.AddGauge("otelcol_exporter_queue_size", {{"exporter", "a"}}, "", "", "scope")->Set(3);
  metrics.AddHistogram("otelcol_processor_batch_batch_send_size", {}, {10, 25}, "", "", "batch")->Observe(12);
  const std::vector<own_metrics::ProcessSample> process = {{"otelcol_process_uptime", "Up.", "s", true, 1.5}};
  Batch batch = own_metrics::OwnBatch(metrics.Read(), process, {{"service.name", "x"}}, "normal", 100, 200);
  CHECK(batch.records() == 5);
  const MetricsData& data = **batch.ReadMetrics();
  REQUIRE(data.resources.size() == 1);
  CHECK(data.resources[0].resource.attributes.Find("service.name")->string() == "x");
  std::map<std::string, const Metric*> by_name;
  for (const ScopeMetrics& s : data.resources[0].scopes) {
    for (const Metric& m : s.records) by_name[std::string(m.name)] = &m;
  }
  const Metric& sent_spans = *by_name.at("otelcol_exporter_sent_spans");
  CHECK(sent_spans.type == MetricType::kSum);
  CHECK(sent_spans.is_monotonic);
  CHECK(sent_spans.aggregation_temporality == 2);
  REQUIRE(sent_spans.number_points.size() == 2);
  CHECK(sent_spans.number_points[0].as_int == 7);
  CHECK(sent_spans.number_points[0].start_time_unix_nano == 100);
  CHECK(sent_spans.number_points[0].time_unix_nano == 200);
  CHECK(by_name.at("otelcol_exporter_queue_size")->number_points[0].as_int == 3);
  const HistogramDataPoint& sizes = by_name.at("otelcol_processor_batch_batch_send_size")->histogram_points[0];
  CHECK(sizes.count == 1);
  CHECK(sizes.bucket_counts[1] == 1);
  CHECK(sizes.explicit_bounds[1] == 25);
  CHECK(by_name.at("otelcol_process_uptime")->number_points[0].as_double == 1.5);
  CHECK(own_metrics::OwnBatch(metrics.Read(), {}, {}, "basic", 0, 0).records() == 3);
}

TEST_CASE("Deltas are what was added since the last batch", "[extension][telemetry_metrics]") {
  Metrics metrics;
  Counter* counter = metrics.AddCounter("c", {}, "", "", "scope");
  Histogram* histogram = metrics.AddHistogram("h", {}, {10}, "", "", "scope");
  own_metrics::Deltas deltas(true);
  double cpu = 1;
  auto batch = [&](uint64_t now) {
    return own_metrics::OwnBatch(metrics.Read(), {{"cpu", "", "s", true, cpu}, {"rss", "", "By", false, 5}}, {}, "normal", 100, now, &deltas);
  };
  counter->Add(5);
  histogram->Observe(3);
  batch(200);
  counter->Add(2);
  histogram->Observe(4);
  histogram->Observe(40);
  cpu = 1.5;
  Batch second = batch(300);
  std::map<std::string, const Metric*> by_name;
  for (const ScopeMetrics& s : (*second.ReadMetrics())->resources[0].scopes) {
    for (const Metric& m : s.records) by_name[std::string(m.name)] = &m;
  }
  CHECK(by_name.at("c")->aggregation_temporality == 1);
  CHECK(by_name.at("c")->number_points[0].as_int == 2);
  CHECK(by_name.at("c")->number_points[0].start_time_unix_nano == 200);
  CHECK(by_name.at("h")->histogram_points[0].count == 2);
  CHECK(by_name.at("h")->histogram_points[0].sum == 44);
  CHECK(by_name.at("h")->histogram_points[0].bucket_counts[0] == 1);
  CHECK(by_name.at("cpu")->number_points[0].as_double == 0.5);
  CHECK(by_name.at("rss")->number_points[0].as_double == 5);
}

TEST_CASE("The console gets JSON at each interval and at the end", "[extension][telemetry_metrics]") {
  testing::TestLoop loop;
  NoHost host;
  Metrics metrics;
  metrics.AddCounter("my_counter", {})->Add(1);
  Context context;
  context.loop = &loop;
  std::vector<std::string> written;
  PushReader reader(
      Decode("{interval: 1000, exporter: {console: {}}}").first, context,
      [&](own_metrics::Deltas*) { return own_metrics::OwnBatch(metrics.Read(), {}, {}, "normal", 1, 2); },
      [&](std::string_view text) { written.emplace_back(text); });
  REQUIRE(reader.Start(host).ok());
  loop.Advance(absl::Seconds(2));
  REQUIRE(written.size() == 2);
  CHECK(written[0].find("\"Name\": \"my_counter\"") != std::string::npos);
  bool done = false;
  reader.Shutdown([&] { done = true; });
  CHECK(done);
  CHECK(written.size() == 3);
}

TEST_CASE("A reader sends at each interval and once more at the end", "[extension][telemetry_metrics]") {
  Sent here;
  sent = &here;
  testing::TestLoop loop;
  Registry registry;
  NoHost host;
  Metrics metrics;
  Context context;
  context.loop = &loop;
  context.registry = &registry;
  metrics.AddCounter("c", {})->Add(1);
  const Periodic periodic = Decode("{interval: 1000, exporter: {otlp: {endpoint: 'http://h:1'}}}").first;
  auto make = [&] {
    return std::make_unique<PushReader>(periodic, context, [&](own_metrics::Deltas*) { return own_metrics::OwnBatch(metrics.Read(), {}, {}, "normal", 1, 2); });
  };
  CHECK(make()->Start(host).code() == absl::StatusCode::kNotFound);
  REQUIRE(registry.AddExporter<Fake>().ok());
  auto reader = make();
  REQUIRE(reader->Start(host).ok());
  CHECK(here.endpoint == "http://h:1/v1/metrics");
  loop.Advance(absl::Milliseconds(999));
  CHECK(here.batches.empty());
  loop.Advance(absl::Milliseconds(2001));
  CHECK(here.batches.size() == 3);
  bool done = false;
  reader->Shutdown([&] { done = true; });
  loop.RunUntilIdle();
  CHECK(here.batches.size() == 4);
  CHECK(here.stopped);
  CHECK(done);
  loop.Advance(absl::Seconds(10));
  CHECK(here.batches.size() == 4);

  SECTION("a peer that does not answer does not hold up the end") {
    here = {};
    here.answers = false;
    auto slow = make();
    REQUIRE(slow->Start(host).ok());
    bool ended = false;
    slow->Shutdown([&] { ended = true; });
    loop.RunUntilIdle();
    CHECK_FALSE(ended);
    loop.Advance(absl::Seconds(5));
    CHECK(ended);
    for (Done& d : here.open) d.Finished(absl::OkStatus());
    loop.RunUntilIdle();
  }
}

}  // namespace
}  // namespace otelpipe
