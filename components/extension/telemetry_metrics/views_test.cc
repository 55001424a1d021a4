#include "extension/telemetry_metrics/views.h"

#include <catch2/catch.hpp>

#include "otelpipe/config.h"

namespace otelpipe {
namespace {

using own_metrics::ProcessSample;
using own_metrics::View;

std::pair<std::vector<View>, std::string> Decode(const std::string& yaml) {
  std::vector<ConfigError> errors;
  DecodeContext context(&errors, "", "");
  std::vector<View> out;
  DecodeField(*Config::Parse("views: " + yaml, "t.yaml")->root().Find("views"), out, context);
  return {out, errors.empty() ? "" : errors[0].ToString()};
}

// `name{label values} value` of each sample, then the names of the process's.
std::string Seen(const std::string& yaml) {
  Metrics metrics;
  metrics.AddCounter("sent", {{"exporter", "a"}, {"kind", "x"}}, "", "{spans}", "s")->Add(3);
  metrics.AddCounter("sent", {{"exporter", "b"}, {"kind", "x"}}, "", "{spans}", "s")->Add(4);
  metrics.AddGauge("queue_size", {{"exporter", "a"}}, "", "", "s")->Set(2);
  metrics.AddHistogram("sizes", {{"p", "1"}}, {10}, "", "", "t")->Observe(3);
  metrics.AddHistogram("sizes", {{"p", "2"}}, {10}, "", "", "t")->Observe(30);
  std::vector<MetricSample> samples = metrics.Read();
  std::vector<ProcessSample> process = {{"process_uptime", "", "s", true, 1}, {"process_rss", "", "By", false, 2}};
  auto [views, error] = Decode(yaml);
  CHECK(error == "");
  own_metrics::ApplyViews(views, samples, process);
  std::string out;
  for (const MetricSample& s : samples) {
    out += s.name + "{";
    for (const auto& [name, value] : s.labels) out += value;
    out += "}" + std::to_string(s.type == MetricSample::Type::kHistogram ? static_cast<int64_t>(s.histogram.count) : s.value) + " ";
  }
  for (const ProcessSample& s : process) out += s.name + " ";
  return out;
}

TEST_CASE("Views drop, rename and trim what they select", "[extension][telemetry_metrics]") {
  CHECK(Seen("[]") == "sent{ax}3 sent{bx}4 queue_size{a}2 sizes{1}1 sizes{2}1 process_uptime process_rss ");
  CHECK(Seen("[{selector: {instrument_name: 'process_*'}, stream: {aggregation: {drop: {}}}}]") ==
        "sent{ax}3 sent{bx}4 queue_size{a}2 sizes{1}1 sizes{2}1 ");
  CHECK(Seen("[{selector: {instrument_name: 'siz?s'}, stream: {aggregation: {drop: {}}}}, {selector: {instrument_name: 's*t'}, stream: {}}]") ==
        "sent{ax}3 sent{bx}4 queue_size{a}2 process_uptime process_rss ");
  CHECK(Seen("[{selector: {instrument_name: sent}, stream: {name: all_sent, attribute_keys: {included: [kind]}}}]") ==
        "all_sent{x}7 queue_size{a}2 sizes{1}1 sizes{2}1 process_uptime process_rss ");
  CHECK(Seen("[{selector: {instrument_type: histogram}, stream: {attribute_keys: {excluded: [p]}}}]") ==
        "sent{ax}3 sent{bx}4 queue_size{a}2 sizes{}2 process_uptime process_rss ");
  // Two views make two streams.
  CHECK(Seen("[{selector: {unit: By}, stream: {name: rss}}, {selector: {instrument_name: process_rss}}, {selector: {meter_name: s}, stream: "
             "{aggregation: {drop: {}}}}]") == "sizes{1}1 sizes{2}1 process_uptime rss process_rss ");
}

TEST_CASE("Views that say nothing, or what histograms cannot do, are errors", "[extension][telemetry_metrics]") {
  CHECK(Decode("[{stream: {name: a}}]").second.find("view: no selector provided") != std::string::npos);
  CHECK(Decode("[{selector: {}}]").second.find("empty selector") != std::string::npos);
  CHECK(Decode("[{selector: {instrument_type: meter}}]").second.find("invalid value \"meter\"") != std::string::npos);
  CHECK(Decode("[{selector: {instrument_name: 'a*'}, stream: {name: b}}]").second.find("one name for all") != std::string::npos);
  CHECK(Decode("[{selector: {unit: s}, stream: {attribute_keys: {included: [a], excluded: [a]}}}]").second.find("both include and exclude") !=
        std::string::npos);
  CHECK(Decode("[{selector: {unit: s}, stream: {aggregation: {explicit_bucket_histogram: {boundaries: [1]}}}}]").second.find("is not supported") !=
        std::string::npos);
}

}  // namespace
}  // namespace otelpipe
