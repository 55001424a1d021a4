#include "shared/own_telemetry/console.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

// Without indentation.
std::string Compact(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      while (i + 1 < text.size() && text[i + 1] == '\t') ++i;
    } else {
      out += text[i];
      if (text[i] == ':' && i + 1 < text.size() && text[i + 1] == ' ' && text[i - 1] == '"') ++i;
    }
  }
  return out;
}

TEST_CASE("A log record is one indented object", "[shared][own_telemetry]") {
  LogsData data;
  Arena& arena = data.arena;
  ResourceLogs& resource = data.resources.Add(arena);
  resource.resource.attributes.Set(arena, "service.name", Value::Str("x"));
  ScopeLogs& scope = resource.scopes.Add(arena);
  scope.scope.name = "s";
  LogRecord& record = scope.records.Add(arena);
  record.time_unix_nano = 1'500'000'000;
  record.observed_time_unix_nano = 2'000'000'000;
  record.severity_number = 9;
  record.severity_text = "info";
  record.body = Value::Str("a <b>\n");
  record.attributes.Set(arena, "n", Value::Int(3));
  const std::string text = own_telemetry::LogsAsJson(data);
  CHECK(Compact(text) ==
        R"({"Timestamp":"1970-01-01T00:00:01.5Z","ObservedTimestamp":"1970-01-01T00:00:02Z","Severity":9,"SeverityText":"info",)"
        R"("Body":{"Type":"String","Value":"a \u003cb\u003e\n"},"Attributes":[{"Key":"n","Value":{"Type":"Int64","Value":3}}],)"
        R"("TraceID":"00000000000000000000000000000000","SpanID":"0000000000000000","TraceFlags":"00",)"
        R"("Resource":[{"Key":"service.name","Value":{"Type":"STRING","Value":"x"}}],)"
        R"("Scope":{"Name":"s","Version":"","SchemaURL":"","Attributes":null},"DroppedAttributes":0})");
  CHECK(text.starts_with("{\n\t\"Timestamp\": \"1970"));
  CHECK(text.find("\t\"Body\": {\n\t\t\"Type\": \"String\",\n") != std::string::npos);
  CHECK(text.ends_with("\t\"DroppedAttributes\": 0\n}\n"));
}

TEST_CASE("Metrics are one indented object", "[shared][own_telemetry]") {
  MetricsData data;
  Arena& arena = data.arena;
  ScopeMetrics& scope = data.resources.Add(arena).scopes.Add(arena);
  scope.scope.name = "s";
  Metric& m = scope.records.Add(arena);
  m.name = "c";
  m.type = MetricType::kSum;
  m.is_monotonic = true;
  m.aggregation_temporality = 2;
  NumberDataPoint& p = m.number_points.Add(arena);
  p.value_kind = NumberKind::kInt;
  p.as_int = 7;
  p.start_time_unix_nano = 1'000'000'000;
  p.time_unix_nano = 2'000'000'000;
  Metric& h = scope.records.Add(arena);
  h.name = "h";
  h.type = MetricType::kHistogram;
  h.aggregation_temporality = 1;
  HistogramDataPoint& q = h.histogram_points.Add(arena);
  q.count = 1;
  q.sum = 2.5;
  q.explicit_bounds.Add(arena) = 10;
  q.bucket_counts.Add(arena) = 1;
  const std::string text = own_telemetry::MetricsAsJson(data);
  CHECK(text.starts_with("{\n  \"Resource\": null,\n  \"ScopeMetrics\": [\n    {\n      \"Scope\": {\n        \"Name\": \"s\","));
  CHECK(text.find("\"DataPoints\": [\n              {\n                \"Attributes\": [],\n                \"StartTime\": \"1970-01-01T00:00:01Z\",\n"
                  "                \"Time\": \"1970-01-01T00:00:02Z\",\n                \"Value\": 7\n              }\n            ],\n"
                  "            \"Temporality\": \"CumulativeTemporality\",\n            \"IsMonotonic\": true\n") != std::string::npos);
  CHECK(text.find("\"Bounds\": [\n                  10\n                ],") != std::string::npos);
  CHECK(text.find("\"Sum\": 2.5\n") != std::string::npos);
  CHECK(text.find("\"Temporality\": \"DeltaTemporality\"\n          }") != std::string::npos);
}

}  // namespace
}  // namespace otelpipe
