#include "exporter/debug/debug.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "exporter/debug/text.h"
#include "otelpipe/pdata/codec.h"
#include "otelpipe/testing/test_loop.h"

using namespace otelpipe;

namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  REQUIRE(in.good());
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}
std::string Input(const std::string& signal) {
  return ReadFile(OTELPIPE_SOURCE_DIR "/libotelpipe/src/pdata/testdata/" + signal + ".in.json");
}
std::string Recorded(const std::string& name) {
  return ReadFile(OTELPIPE_SOURCE_DIR "/components/exporter/debug/testdata/" + name + ".txt");
}

class Sink final : public LogSink {
 public:
  bool Enabled(LogLevel) const override { return true; }
  void Write(const LogLine& line) override {
    std::string text(line.message);
    for (const LogField& f : line.fields) text += " " + f.key + "=" + std::to_string(std::get<int64_t>(f.data));
    lines.push_back(text);
  }
  std::vector<std::string> lines;
};

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

struct Harness {
  std::shared_ptr<Sink> sink = std::make_shared<Sink>();
  testing::TestLoop loop;
  Context context;
  NoHost host;
  Harness() {
    context.loop = &loop;
    context.log = Logger(sink, {});
  }
  absl::Status Send(DebugExporter& exporter, Signal signal, std::string_view json) {
    auto batch = BatchFromJson(signal, json);
    REQUIRE(batch.ok());
    absl::Status result = absl::UnknownError("not called");
    exporter.Consume(*std::move(batch), Done::OnFinished([&](const absl::Status& s) { result = s; }));
    return result;
  }
};

// What stands in a file that the exporter writes to instead of standard output.
std::string Written(const std::string& verbosity, Signal signal, const std::string& json) {
  Harness h;
  std::string path = (std::filesystem::temp_directory_path() / ("otelpipe_debug_" + std::to_string(::getpid()))).string();
  std::filesystem::remove(path);
  DebugExporter::Config config;
  config.verbosity = verbosity;
  config.use_internal_logger = false;
  config.output_paths = {path};
  DebugExporter exporter(config, h.context);
  REQUIRE(exporter.Start(h.host).ok());
  REQUIRE(h.Send(exporter, signal, json).ok());
  exporter.Shutdown([] {});
  CHECK(h.sink->lines.empty());
  std::string text = ReadFile(path);
  std::filesystem::remove(path);
  return text;
}

}  // namespace

TEST_CASE("the texts are those the reference was recorded with", "[component][debug]") {
  CHECK(Written("basic", Signal::kLogs, Input("logs")) == Recorded("logs.basic").substr(0, Recorded("logs.basic").find('\n') + 1));
  CHECK(Written("detailed", Signal::kLogs, Input("logs")) == Recorded("logs.detailed"));
  CHECK(Written("normal", Signal::kLogs, Input("logs")) == Recorded("logs.normal"));
  CHECK(Written("detailed", Signal::kTraces, Input("traces")) == Recorded("traces.detailed"));
  CHECK(Written("normal", Signal::kTraces, Input("traces")) == Recorded("traces.normal"));
  CHECK(Written("detailed", Signal::kMetrics, Input("metrics")) == Recorded("metrics.detailed"));
  CHECK(Written("normal", Signal::kMetrics, Input("metrics")) == Recorded("metrics.normal"));
}

TEST_CASE("the internal logger gets the summary with fields and the text as a message", "[component][debug]") {
  Harness h;
  DebugExporter::Config config;
  config.verbosity = "normal";
  DebugExporter exporter(config, h.context);
  REQUIRE(exporter.Start(h.host).ok());
  REQUIRE(h.Send(exporter, Signal::kLogs, R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"b"}}]}]}]})").ok());
  REQUIRE(h.sink->lines.size() == 2);
  CHECK(h.sink->lines[0] == "Logs resource logs=1 log records=1");
  CHECK(h.sink->lines[1] == "ResourceLog #0\nScopeLog #0\nb \n");
}

TEST_CASE("sampling shows the first ones and every n-th in each second", "[component][debug]") {
  Harness h;
  DebugExporter::Config config;
  config.sampling_initial = 3;
  config.sampling_thereafter = 4;
  DebugExporter exporter(config, h.context);
  for (int i = 0; i < 20; ++i) REQUIRE(h.Send(exporter, Signal::kTraces, "{}").ok());
  CHECK(h.sink->lines.size() == 7);
  h.loop.Advance(absl::Seconds(1));
  REQUIRE(h.Send(exporter, Signal::kTraces, "{}").ok());
  CHECK(h.sink->lines.size() == 8);
  MessageSampler none(1, 0);
  CHECK(none.Take("a", 0));
  CHECK_FALSE(none.Take("a", 0));
  CHECK(none.Take("b", 0));
}

TEST_CASE("malformed bytes are refused", "[component][debug]") {
  Harness h;
  DebugExporter exporter({}, h.context);
  absl::Status result;
  exporter.Consume(Batch::FromWire(Signal::kLogs, {Buffer::FromString("\x0a\x05")}),
                   Done::OnFinished([&](const absl::Status& s) { result = s; }));
  CHECK(result.message() == "unexpected EOF");
  CHECK_FALSE(IsRetryable(result));
}

TEST_CASE("the old name shows what it showed", "[component][debug]") {
  Harness h;
  LoggingExporter::Config config;
  LoggingExporter exporter(config, h.context);
  REQUIRE(h.Send(exporter, Signal::kLogs, "{}").ok());
  CHECK(h.sink->lines.size() == 1);  // that the name is old, the service says, with its place
  config.loglevel = "debug";
  LoggingExporter detailed(config, h.context);
  REQUIRE(h.Send(detailed, Signal::kLogs, R"({"resourceLogs":[{}]})").ok());
  CHECK(h.sink->lines.back() == "ResourceLog #0\nResource SchemaURL: \n");
}

TEST_CASE("times are signed nanoseconds in UTC without trailing zeros", "[component][debug]") {
  auto text = [](uint64_t nanos) {
    std::string out;
    debug_text::AppendTime(out, nanos);
    return out;
  };
  CHECK(text(0) == "1970-01-01 00:00:00 +0000 UTC");
  CHECK(text(1700000000120000000) == "2023-11-14 22:13:20.12 +0000 UTC");
  CHECK(text(UINT64_MAX) == "1969-12-31 23:59:59.999999999 +0000 UTC");
}

TEST_CASE("buckets of exponential histograms have the reference's bounds", "[component][debug]") {
  MetricsData data;
  Metric& metric = data.resources.Add(data.arena).scopes.Add(data.arena).records.Add(data.arena);
  metric.type = MetricType::kExponentialHistogram;
  auto& point = metric.exponential_points.Add(data.arena);
  point.scale = 0;
  point.zero_count = 3;
  point.positive.offset = 1023;
  point.positive.bucket_counts.Add(data.arena) = 1;
  point.negative.offset = 0;
  point.negative.bucket_counts.Add(data.arena) = 2;
  std::string text = debug_text::Detailed(data);
  CHECK(text.find("Bucket [-2.000000, -1.000000), Count: 2\nBucket [0, 0], Count: 3\nBucket (8988465674311") != std::string::npos);
  CHECK(text.find(", +Inf], Count: 1\n") != std::string::npos);
}
