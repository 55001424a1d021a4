#include "otelpipe/component/telemetry.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

class Recorder : public LogSink {
 public:
  bool Enabled(LogLevel level) const override { return level >= LogLevel::kInfo; }
  void Write(const LogLine& line) override {
    lines.push_back(std::string(line.message) + "|" + std::to_string(line.component.size()) + "|" +
                    std::to_string(line.fields.size()));
  }
  std::vector<std::string> lines;
};

TEST_CASE("a logger passes enabled lines with its fixed fields", "[component][telemetry]") {
  auto sink = std::make_shared<Recorder>();
  Logger log(sink, {{"otelcol.component.id", "debug"}});
  log.Debug("quiet");
  log.With({{"more", 1}}).Warn("loud", {{"a", 2}, {"b", "x"}});
  REQUIRE(sink->lines.size() == 1);
  CHECK(sink->lines[0] == "loud|2|2");
  Logger().Error("nobody hears");
}

TEST_CASE("the same name and labels give the same instrument", "[component][telemetry]") {
  Metrics metrics;
  Counter* a = metrics.AddCounter("sent", {{"exporter", "loki"}, {"b", "1"}});
  Counter* b = metrics.AddCounter("sent", {{"b", "1"}, {"exporter", "loki"}});
  CHECK(a == b);
  CHECK(a != metrics.AddCounter("sent", {{"exporter", "otlp"}}));
  a->Add(3);
  Histogram* h = metrics.AddHistogram("size", {}, {10, 20});
  h->Observe(10);
  h->Observe(15);
  h->Observe(99);
  auto samples = metrics.Read();
  REQUIRE(samples.size() == 3);
  CHECK(samples[0].value == 3);
  CHECK(samples[2].histogram.counts == std::vector<uint64_t>{1, 1, 1});
  CHECK(samples[2].histogram.sum == 124);
}

}  // namespace
}  // namespace otelpipe
