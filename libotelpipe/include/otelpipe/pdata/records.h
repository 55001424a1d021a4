// The decoded form of OTLP logs, traces and metrics: Resource -> Scope -> record. Plain structs that live in the arena of
// their root (LogsData, TracesData, MetricsData). Names, meanings and units are OTLP's
// (opentelemetry.proto.{logs,trace,metrics}.v1); times are nanoseconds since the Unix epoch, 0 = unset.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "otelpipe/pdata/arena.h"
#include "otelpipe/pdata/value.h"

namespace otelpipe {

enum class Signal : uint8_t { kTraces, kMetrics, kLogs };
inline constexpr std::array<Signal, 3> kAllSignals = {Signal::kTraces, Signal::kMetrics, Signal::kLogs};
std::string_view SignalName(Signal signal);  // "traces", "metrics", "logs"

// Fixed-size ids; all zero means unset.
struct TraceId {
  std::array<uint8_t, 16> bytes{};
  bool empty() const { return bytes == std::array<uint8_t, 16>{}; }
};
struct SpanId {
  std::array<uint8_t, 8> bytes{};
  bool empty() const { return bytes == std::array<uint8_t, 8>{}; }
};

// A reference to an entity that the resource describes (in development upstream; carried along, interpreted by nobody).
struct EntityRef {
  std::string_view schema_url;
  std::string_view type;
  Vec<std::string_view> id_keys;
  Vec<std::string_view> description_keys;
};
struct Resource {
  Map attributes;
  uint32_t dropped_attributes_count = 0;
  Vec<EntityRef> entity_refs;
};
struct Scope {
  std::string_view name;
  std::string_view version;
  Map attributes;
  uint32_t dropped_attributes_count = 0;
};

// --- logs
struct LogRecord {
  uint64_t time_unix_nano = 0;
  uint64_t observed_time_unix_nano = 0;
  int32_t severity_number = 0;
  uint32_t flags = 0;
  std::string_view severity_text;
  Value body;
  Map attributes;
  uint32_t dropped_attributes_count = 0;
  TraceId trace_id;
  SpanId span_id;
  std::string_view event_name;
};
struct ScopeLogs {
  Scope scope;
  Vec<LogRecord> records;
  std::string_view schema_url;
};
struct ResourceLogs {
  Resource resource;
  Vec<ScopeLogs> scopes;
  std::string_view schema_url;
};
struct LogsData {
  Arena arena;
  Vec<ResourceLogs> resources;
};

// --- traces
struct SpanEvent {
  uint64_t time_unix_nano = 0;
  std::string_view name;
  Map attributes;
  uint32_t dropped_attributes_count = 0;
};
struct SpanLink {
  TraceId trace_id;
  SpanId span_id;
  std::string_view trace_state;
  Map attributes;
  uint32_t dropped_attributes_count = 0;
  uint32_t flags = 0;
};
struct Span {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_span_id;
  std::string_view trace_state;
  std::string_view name;
  int32_t kind = 0;
  uint64_t start_time_unix_nano = 0;
  uint64_t end_time_unix_nano = 0;
  Map attributes;
  uint32_t dropped_attributes_count = 0;
  Vec<SpanEvent> events;
  uint32_t dropped_events_count = 0;
  Vec<SpanLink> links;
  uint32_t dropped_links_count = 0;
  std::string_view status_message;
  int32_t status_code = 0;
  uint32_t flags = 0;
};
struct ScopeSpans {
  Scope scope;
  Vec<Span> records;
  std::string_view schema_url;
};
struct ResourceSpans {
  Resource resource;
  Vec<ScopeSpans> scopes;
  std::string_view schema_url;
};
struct TracesData {
  Arena arena;
  Vec<ResourceSpans> resources;
};

// --- metrics
enum class NumberKind : uint8_t { kNone, kInt, kDouble };

struct Exemplar {
  uint64_t time_unix_nano = 0;
  NumberKind value_kind = NumberKind::kNone;
  int64_t as_int = 0;
  double as_double = 0;
  TraceId trace_id;
  SpanId span_id;
  Map filtered_attributes;
};
struct NumberDataPoint {
  Map attributes;
  uint64_t start_time_unix_nano = 0;
  uint64_t time_unix_nano = 0;
  NumberKind value_kind = NumberKind::kNone;
  int64_t as_int = 0;
  double as_double = 0;
  Vec<Exemplar> exemplars;
  uint32_t flags = 0;
};
struct HistogramDataPoint {
  Map attributes;
  uint64_t start_time_unix_nano = 0;
  uint64_t time_unix_nano = 0;
  uint64_t count = 0;
  double sum = 0, min = 0, max = 0;
  bool has_sum = false, has_min = false, has_max = false;
  Vec<uint64_t> bucket_counts;
  Vec<double> explicit_bounds;
  Vec<Exemplar> exemplars;
  uint32_t flags = 0;
};
struct ExponentialBuckets {
  int32_t offset = 0;
  Vec<uint64_t> bucket_counts;
};
struct ExponentialHistogramDataPoint {
  Map attributes;
  uint64_t start_time_unix_nano = 0;
  uint64_t time_unix_nano = 0;
  uint64_t count = 0;
  double sum = 0, min = 0, max = 0;
  bool has_sum = false, has_min = false, has_max = false;
  int32_t scale = 0;
  uint64_t zero_count = 0;
  double zero_threshold = 0;
  bool has_positive = false, has_negative = false;  // whether the message was present on the wire
  ExponentialBuckets positive;
  ExponentialBuckets negative;
  Vec<Exemplar> exemplars;
  uint32_t flags = 0;
};
struct QuantileValue {
  double quantile = 0;
  double value = 0;
};
struct SummaryDataPoint {
  Map attributes;
  uint64_t start_time_unix_nano = 0;
  uint64_t time_unix_nano = 0;
  uint64_t count = 0;
  double sum = 0;
  Vec<QuantileValue> quantile_values;
  uint32_t flags = 0;
};

enum class MetricType : uint8_t { kNone, kGauge, kSum, kHistogram, kExponentialHistogram, kSummary };

// One metric; the points are in the member of its type, the others stay empty.
struct Metric {
  std::string_view name;
  std::string_view description;
  std::string_view unit;
  Map metadata;
  MetricType type = MetricType::kNone;
  int32_t aggregation_temporality = 0;  // sum and histograms: 1 delta, 2 cumulative
  bool is_monotonic = false;            // sum
  Vec<NumberDataPoint> number_points;   // gauge and sum
  Vec<HistogramDataPoint> histogram_points;
  Vec<ExponentialHistogramDataPoint> exponential_points;
  Vec<SummaryDataPoint> summary_points;

  size_t point_count() const {
    return number_points.size() + histogram_points.size() + exponential_points.size() + summary_points.size();
  }
};
struct ScopeMetrics {
  Scope scope;
  Vec<Metric> records;
  std::string_view schema_url;
};
struct ResourceMetrics {
  Resource resource;
  Vec<ScopeMetrics> scopes;
  std::string_view schema_url;
};
struct MetricsData {
  Arena arena;
  Vec<ResourceMetrics> resources;
};

}  // namespace otelpipe
