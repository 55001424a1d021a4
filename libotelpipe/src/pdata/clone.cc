#include "pdata/clone.h"

namespace otelpipe::internal {
namespace {

// Overloads are found by the type of the element, so a Vec of anything is copied by one template.
template <typename T>
void Copy(const Vec<T>& from, Vec<T>& to, Arena& arena);

void Copy(const Map& from, Map& to, Arena& arena) { Clone(from, to, arena, false); }

template <typename T>
void CopyItem(const T& from, T& to, Arena&) {
  to = from;
}
void CopyItem(const EntityRef& from, EntityRef& to, Arena& arena) {
  to.schema_url = from.schema_url;
  to.type = from.type;
  Copy(from.id_keys, to.id_keys, arena);
  Copy(from.description_keys, to.description_keys, arena);
}
void CopyItem(const Resource& from, Resource& to, Arena& arena) {
  Copy(from.attributes, to.attributes, arena);
  to.dropped_attributes_count = from.dropped_attributes_count;
  Copy(from.entity_refs, to.entity_refs, arena);
}
void CopyItem(const Scope& from, Scope& to, Arena& arena) {
  to.name = from.name;
  to.version = from.version;
  Copy(from.attributes, to.attributes, arena);
  to.dropped_attributes_count = from.dropped_attributes_count;
}
void CopyItem(const LogRecord& from, LogRecord& to, Arena& arena) {
  to.time_unix_nano = from.time_unix_nano;
  to.observed_time_unix_nano = from.observed_time_unix_nano;
  to.severity_number = from.severity_number;
  to.flags = from.flags;
  to.severity_text = from.severity_text;
  to.body = Clone(from.body, arena, false);
  Copy(from.attributes, to.attributes, arena);
  to.dropped_attributes_count = from.dropped_attributes_count;
  to.trace_id = from.trace_id;
  to.span_id = from.span_id;
  to.event_name = from.event_name;
}
void CopyItem(const SpanEvent& from, SpanEvent& to, Arena& arena) {
  to.time_unix_nano = from.time_unix_nano;
  to.name = from.name;
  Copy(from.attributes, to.attributes, arena);
  to.dropped_attributes_count = from.dropped_attributes_count;
}
void CopyItem(const SpanLink& from, SpanLink& to, Arena& arena) {
  to.trace_id = from.trace_id;
  to.span_id = from.span_id;
  to.trace_state = from.trace_state;
  Copy(from.attributes, to.attributes, arena);
  to.dropped_attributes_count = from.dropped_attributes_count;
  to.flags = from.flags;
}
void CopyItem(const Span& from, Span& to, Arena& arena) {
  to.trace_id = from.trace_id;
  to.span_id = from.span_id;
  to.parent_span_id = from.parent_span_id;
  to.trace_state = from.trace_state;
  to.name = from.name;
  to.kind = from.kind;
  to.start_time_unix_nano = from.start_time_unix_nano;
  to.end_time_unix_nano = from.end_time_unix_nano;
  Copy(from.attributes, to.attributes, arena);
  to.dropped_attributes_count = from.dropped_attributes_count;
  Copy(from.events, to.events, arena);
  to.dropped_events_count = from.dropped_events_count;
  Copy(from.links, to.links, arena);
  to.dropped_links_count = from.dropped_links_count;
  to.status_message = from.status_message;
  to.status_code = from.status_code;
  to.flags = from.flags;
}
void CopyItem(const Exemplar& from, Exemplar& to, Arena& arena) {
  to.time_unix_nano = from.time_unix_nano;
  to.value_kind = from.value_kind;
  to.as_int = from.as_int;
  to.as_double = from.as_double;
  to.trace_id = from.trace_id;
  to.span_id = from.span_id;
  Copy(from.filtered_attributes, to.filtered_attributes, arena);
}
void CopyItem(const NumberDataPoint& from, NumberDataPoint& to, Arena& arena) {
  Copy(from.attributes, to.attributes, arena);
  to.start_time_unix_nano = from.start_time_unix_nano;
  to.time_unix_nano = from.time_unix_nano;
  to.value_kind = from.value_kind;
  to.as_int = from.as_int;
  to.as_double = from.as_double;
  Copy(from.exemplars, to.exemplars, arena);
  to.flags = from.flags;
}
// What the two histogram points have in common.
template <typename Point>
void CopyHistogramHead(const Point& from, Point& to, Arena& arena) {
  Copy(from.attributes, to.attributes, arena);
  to.start_time_unix_nano = from.start_time_unix_nano;
  to.time_unix_nano = from.time_unix_nano;
  to.count = from.count;
  to.sum = from.sum, to.min = from.min, to.max = from.max;
  to.has_sum = from.has_sum, to.has_min = from.has_min, to.has_max = from.has_max;
  Copy(from.exemplars, to.exemplars, arena);
  to.flags = from.flags;
}
void CopyItem(const HistogramDataPoint& from, HistogramDataPoint& to, Arena& arena) {
  CopyHistogramHead(from, to, arena);
  Copy(from.bucket_counts, to.bucket_counts, arena);
  Copy(from.explicit_bounds, to.explicit_bounds, arena);
}
void CopyItem(const ExponentialHistogramDataPoint& from, ExponentialHistogramDataPoint& to, Arena& arena) {
  CopyHistogramHead(from, to, arena);
  to.scale = from.scale;
  to.zero_count = from.zero_count;
  to.zero_threshold = from.zero_threshold;
  to.has_positive = from.has_positive;
  to.has_negative = from.has_negative;
  to.positive.offset = from.positive.offset;
  Copy(from.positive.bucket_counts, to.positive.bucket_counts, arena);
  to.negative.offset = from.negative.offset;
  Copy(from.negative.bucket_counts, to.negative.bucket_counts, arena);
}
void CopyItem(const SummaryDataPoint& from, SummaryDataPoint& to, Arena& arena) {
  Copy(from.attributes, to.attributes, arena);
  to.start_time_unix_nano = from.start_time_unix_nano;
  to.time_unix_nano = from.time_unix_nano;
  to.count = from.count;
  to.sum = from.sum;
  Copy(from.quantile_values, to.quantile_values, arena);
  to.flags = from.flags;
}
void CopyItem(const Metric& from, Metric& to, Arena& arena) {
  to.name = from.name;
  to.description = from.description;
  to.unit = from.unit;
  Copy(from.metadata, to.metadata, arena);
  to.type = from.type;
  to.aggregation_temporality = from.aggregation_temporality;
  to.is_monotonic = from.is_monotonic;
  Copy(from.number_points, to.number_points, arena);
  Copy(from.histogram_points, to.histogram_points, arena);
  Copy(from.exponential_points, to.exponential_points, arena);
  Copy(from.summary_points, to.summary_points, arena);
}
template <typename ScopeX>
void CopyScope(const ScopeX& from, ScopeX& to, Arena& arena) {
  CopyItem(from.scope, to.scope, arena);
  Copy(from.records, to.records, arena);
  to.schema_url = from.schema_url;
}
void CopyItem(const ScopeLogs& from, ScopeLogs& to, Arena& arena) { CopyScope(from, to, arena); }
void CopyItem(const ScopeSpans& from, ScopeSpans& to, Arena& arena) { CopyScope(from, to, arena); }
void CopyItem(const ScopeMetrics& from, ScopeMetrics& to, Arena& arena) { CopyScope(from, to, arena); }
template <typename ResourceX>
void CopyResource(const ResourceX& from, ResourceX& to, Arena& arena) {
  CopyItem(from.resource, to.resource, arena);
  Copy(from.scopes, to.scopes, arena);
  to.schema_url = from.schema_url;
}
void CopyItem(const ResourceLogs& from, ResourceLogs& to, Arena& arena) { CopyResource(from, to, arena); }
void CopyItem(const ResourceSpans& from, ResourceSpans& to, Arena& arena) { CopyResource(from, to, arena); }
void CopyItem(const ResourceMetrics& from, ResourceMetrics& to, Arena& arena) { CopyResource(from, to, arena); }

template <typename T>
void Copy(const Vec<T>& from, Vec<T>& to, Arena& arena) {
  to.Reserve(arena, from.size());
  for (const T& item : from) CopyItem(item, to.Add(arena), arena);
}

template <typename Data>
std::unique_ptr<Data> CloneAny(const Data& from) {
  auto to = std::make_unique<Data>();
  Copy(from.resources, to->resources, to->arena);
  return to;
}

}  // namespace

std::unique_ptr<LogsData> CloneData(const LogsData& from) { return CloneAny(from); }
std::unique_ptr<TracesData> CloneData(const TracesData& from) { return CloneAny(from); }
std::unique_ptr<MetricsData> CloneData(const MetricsData& from) { return CloneAny(from); }

}  // namespace otelpipe::internal
