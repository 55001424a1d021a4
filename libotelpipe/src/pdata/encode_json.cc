// OTLP/JSON writer. The order of members is the reference's, which is neither that of the field numbers nor alphabetical.
#include <cmath>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/pdata/codec.h"
#include "pdata/json_writer.h"

namespace otelpipe {
namespace internal {

void JsonWriter::Double(double value) {
  if (std::isfinite(value)) {
    AppendJsonDouble(out_, value);
  } else {
    out_ += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  }
}

namespace {

void Attributes(JsonWriter& w, std::string_view name, const Map& map);

// The members of an AnyValue.
void WriteValue(JsonWriter& w, const Value& value) {
  switch (value.kind()) {
    case ValueKind::kEmpty: return;
    case ValueKind::kString:
      w.Name("stringValue");
      w.String(value.string());
      return;
    case ValueKind::kBool:
      w.Name("boolValue");
      w.Raw(value.boolean() ? "true" : "false");
      return;
    case ValueKind::kInt:
      w.Name("intValue");
      w.Quoted64(value.integer());
      return;
    case ValueKind::kDouble:
      w.Name("doubleValue");
      w.Double(value.number());
      return;
    case ValueKind::kBytes:
      w.Name("bytesValue");
      w.Base64(value.string());
      return;
    case ValueKind::kList:
      w.Object("arrayValue", [&] { w.Objects("values", value.list(), [&](const Value& v) { WriteValue(w, v); }); });
      return;
    case ValueKind::kMap: w.Object("kvlistValue", [&] { Attributes(w, "values", value.map()); }); return;
  }
}

void Attributes(JsonWriter& w, std::string_view name, const Map& map) {
  w.Objects(name, map, [&](const KeyValue& kv) {
    w.StringIfSet("key", kv.key);
    w.Object("value", [&] { WriteValue(w, kv.value); });
  });
}

void Strings(JsonWriter& w, std::string_view name, const Vec<std::string_view>& items) {
  w.Scalars(name, items, [&](std::string_view s) { w.String(s); });
}

void WriteResource(JsonWriter& w, const Resource& resource) {
  Attributes(w, "attributes", resource.attributes);
  w.NumberIfSet("droppedAttributesCount", resource.dropped_attributes_count);
  w.Objects("entityRefs", resource.entity_refs, [&](const EntityRef& ref) {
    w.StringIfSet("schemaUrl", ref.schema_url);
    w.StringIfSet("type", ref.type);
    Strings(w, "idKeys", ref.id_keys);
    Strings(w, "descriptionKeys", ref.description_keys);
  });
}

void WriteScope(JsonWriter& w, const Scope& scope) {
  w.StringIfSet("name", scope.name);
  w.StringIfSet("version", scope.version);
  Attributes(w, "attributes", scope.attributes);
  w.NumberIfSet("droppedAttributesCount", scope.dropped_attributes_count);
}

void WriteRecord(JsonWriter& w, const LogRecord& record) {
  w.U64IfSet("timeUnixNano", record.time_unix_nano);
  w.U64IfSet("observedTimeUnixNano", record.observed_time_unix_nano);
  w.NumberIfSet("severityNumber", record.severity_number);
  w.StringIfSet("severityText", record.severity_text);
  w.Object("body", [&] { WriteValue(w, record.body); });
  Attributes(w, "attributes", record.attributes);
  w.NumberIfSet("droppedAttributesCount", record.dropped_attributes_count);
  w.NumberIfSet("flags", record.flags);
  w.WriteId("traceId", record.trace_id);
  w.WriteId("spanId", record.span_id);
  w.StringIfSet("eventName", record.event_name);
}

void WriteRecord(JsonWriter& w, const Span& span) {
  w.WriteId("traceId", span.trace_id);
  w.WriteId("spanId", span.span_id);
  w.StringIfSet("traceState", span.trace_state);
  w.WriteId("parentSpanId", span.parent_span_id);
  w.NumberIfSet("flags", span.flags);
  w.StringIfSet("name", span.name);
  w.NumberIfSet("kind", span.kind);
  w.U64IfSet("startTimeUnixNano", span.start_time_unix_nano);
  w.U64IfSet("endTimeUnixNano", span.end_time_unix_nano);
  Attributes(w, "attributes", span.attributes);
  w.NumberIfSet("droppedAttributesCount", span.dropped_attributes_count);
  w.Objects("events", span.events, [&](const SpanEvent& event) {
    w.U64IfSet("timeUnixNano", event.time_unix_nano);
    w.StringIfSet("name", event.name);
    Attributes(w, "attributes", event.attributes);
    w.NumberIfSet("droppedAttributesCount", event.dropped_attributes_count);
  });
  w.NumberIfSet("droppedEventsCount", span.dropped_events_count);
  w.Objects("links", span.links, [&](const SpanLink& link) {
    w.WriteId("traceId", link.trace_id);
    w.WriteId("spanId", link.span_id);
    w.StringIfSet("traceState", link.trace_state);
    Attributes(w, "attributes", link.attributes);
    w.NumberIfSet("droppedAttributesCount", link.dropped_attributes_count);
    w.NumberIfSet("flags", link.flags);
  });
  w.NumberIfSet("droppedLinksCount", span.dropped_links_count);
  w.Object("status", [&] {
    w.StringIfSet("message", span.status_message);
    w.NumberIfSet("code", span.status_code);
  });
}

template <typename Point>
void WriteNumber(JsonWriter& w, const Point& point) {
  if (point.value_kind == NumberKind::kDouble) {
    w.Name("asDouble");
    w.Double(point.as_double);
  } else if (point.value_kind == NumberKind::kInt) {
    w.Name("asInt");
    w.Quoted64(point.as_int);
  }
}

void Exemplars(JsonWriter& w, const Vec<Exemplar>& exemplars) {
  w.Objects("exemplars", exemplars, [&](const Exemplar& exemplar) {
    Attributes(w, "filteredAttributes", exemplar.filtered_attributes);
    w.U64IfSet("timeUnixNano", exemplar.time_unix_nano);
    WriteNumber(w, exemplar);
    w.WriteId("spanId", exemplar.span_id);
    w.WriteId("traceId", exemplar.trace_id);
  });
}

template <typename Point>
void PointHead(JsonWriter& w, const Point& point) {
  Attributes(w, "attributes", point.attributes);
  w.U64IfSet("startTimeUnixNano", point.start_time_unix_nano);
  w.U64IfSet("timeUnixNano", point.time_unix_nano);
}

void Optional(JsonWriter& w, std::string_view name, bool present, double value) {
  if (!present) return;
  w.Name(name);
  w.Double(value);
}

void Counts(JsonWriter& w, std::string_view name, const Vec<uint64_t>& counts) {
  w.Scalars(name, counts, [&](uint64_t n) { w.QuotedU64(n); });
}

void WritePoint(JsonWriter& w, const NumberDataPoint& point) {
  PointHead(w, point);
  WriteNumber(w, point);
  Exemplars(w, point.exemplars);
  w.NumberIfSet("flags", point.flags);
}

void WritePoint(JsonWriter& w, const HistogramDataPoint& point) {
  PointHead(w, point);
  w.U64IfSet("count", point.count);
  Optional(w, "sum", point.has_sum, point.sum);
  Counts(w, "bucketCounts", point.bucket_counts);
  w.Scalars("explicitBounds", point.explicit_bounds, [&](double d) { w.Double(d); });
  Exemplars(w, point.exemplars);
  w.NumberIfSet("flags", point.flags);
  Optional(w, "min", point.has_min, point.min);
  Optional(w, "max", point.has_max, point.max);
}

void Buckets(JsonWriter& w, std::string_view name, const ExponentialBuckets& buckets) {
  w.Object(name, [&] {
    w.NumberIfSet("offset", buckets.offset);
    Counts(w, "bucketCounts", buckets.bucket_counts);
  });
}

void WritePoint(JsonWriter& w, const ExponentialHistogramDataPoint& point) {
  PointHead(w, point);
  w.U64IfSet("count", point.count);
  Optional(w, "sum", point.has_sum, point.sum);
  w.NumberIfSet("scale", point.scale);
  w.U64IfSet("zeroCount", point.zero_count);
  Buckets(w, "positive", point.positive);
  Buckets(w, "negative", point.negative);
  w.NumberIfSet("flags", point.flags);
  Exemplars(w, point.exemplars);
  Optional(w, "min", point.has_min, point.min);
  Optional(w, "max", point.has_max, point.max);
  w.DoubleIfSet("zeroThreshold", point.zero_threshold);
}

void WritePoint(JsonWriter& w, const SummaryDataPoint& point) {
  PointHead(w, point);
  w.U64IfSet("count", point.count);
  w.DoubleIfSet("sum", point.sum);
  w.Objects("quantileValues", point.quantile_values, [&](const QuantileValue& q) {
    w.DoubleIfSet("quantile", q.quantile);
    w.DoubleIfSet("value", q.value);
  });
  w.NumberIfSet("flags", point.flags);
}

template <typename Point>
void MetricData(JsonWriter& w, std::string_view name, const Metric& metric, const Vec<Point>& points) {
  w.Object(name, [&] {
    w.Objects("dataPoints", points, [&](const Point& point) { WritePoint(w, point); });
    if (metric.type != MetricType::kGauge && metric.type != MetricType::kSummary) {
      w.NumberIfSet("aggregationTemporality", metric.aggregation_temporality);
    }
    if (metric.type == MetricType::kSum) w.TrueIfSet("isMonotonic", metric.is_monotonic);
  });
}

void WriteRecord(JsonWriter& w, const Metric& metric) {
  w.StringIfSet("name", metric.name);
  w.StringIfSet("description", metric.description);
  w.StringIfSet("unit", metric.unit);
  switch (metric.type) {
    case MetricType::kNone: break;
    case MetricType::kGauge: MetricData(w, "gauge", metric, metric.number_points); break;
    case MetricType::kSum: MetricData(w, "sum", metric, metric.number_points); break;
    case MetricType::kHistogram: MetricData(w, "histogram", metric, metric.histogram_points); break;
    case MetricType::kExponentialHistogram:
      MetricData(w, "exponentialHistogram", metric, metric.exponential_points);
      break;
    case MetricType::kSummary: MetricData(w, "summary", metric, metric.summary_points); break;
  }
  Attributes(w, "metadata", metric.metadata);
}

template <typename Data>
void WriteTree(const Data& data, std::string& out, std::string_view resources, std::string_view scopes,
               std::string_view records) {
  JsonWriter w(out);
  w.Open('{');
  w.Objects(resources, data.resources, [&](const auto& resource) {
    w.Object("resource", [&] { WriteResource(w, resource.resource); });
    w.Objects(scopes, resource.scopes, [&](const auto& scope) {
      w.Object("scope", [&] { WriteScope(w, scope.scope); });
      w.Objects(records, scope.records, [&](const auto& record) { WriteRecord(w, record); });
      w.StringIfSet("schemaUrl", scope.schema_url);
    });
    w.StringIfSet("schemaUrl", resource.schema_url);
  });
  w.Close('}');
}

}  // namespace
}  // namespace internal

void EncodeJson(const LogsData& data, std::string& out) {
  internal::WriteTree(data, out, "resourceLogs", "scopeLogs", "logRecords");
}
void EncodeJson(const TracesData& data, std::string& out) {
  internal::WriteTree(data, out, "resourceSpans", "scopeSpans", "spans");
}
void EncodeJson(const MetricsData& data, std::string& out) {
  internal::WriteTree(data, out, "resourceMetrics", "scopeMetrics", "metrics");
}

absl::Status AppendJson(const Batch& batch, std::string& out) {
  auto encode = [&out](const auto& data) -> absl::Status {
    OTELPIPE_RETURN_IF_ERROR(data.status());
    EncodeJson(**data, out);
    return absl::OkStatus();
  };
  switch (batch.signal()) {
    case Signal::kTraces: return encode(batch.ReadTraces());
    case Signal::kMetrics: return encode(batch.ReadMetrics());
    case Signal::kLogs: return encode(batch.ReadLogs());
  }
  return absl::OkStatus();
}

}  // namespace otelpipe
