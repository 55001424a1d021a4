#include <algorithm>
#include <cmath>

#include "exporter/debug/text.h"
#include "exporter/debug/text_inl.h"
#include "otelpipe/pdata/text.h"

namespace otelpipe::debug_text {
namespace {

std::string_view KindName(ValueKind kind) {
  switch (kind) {
    case ValueKind::kEmpty: return "Empty";
    case ValueKind::kString: return "Str";
    case ValueKind::kBool: return "Bool";
    case ValueKind::kInt: return "Int";
    case ValueKind::kDouble: return "Double";
    case ValueKind::kBytes: return "Bytes";
    case ValueKind::kList: return "Slice";
    case ValueKind::kMap: return "Map";
  }
  return "";
}

// A number that has no name prints as nothing.
template <size_t N>
std::string_view EnumName(const std::array<std::string_view, N>& names, int32_t value) {
  return value >= 0 && static_cast<size_t>(value) < N ? names[static_cast<size_t>(value)] : std::string_view();
}

constexpr std::array<std::string_view, 25> kSeverities = {
    "Unspecified", "Trace", "Trace2", "Trace3", "Trace4", "Debug",  "Debug2", "Debug3", "Debug4",
    "Info",        "Info2", "Info3",  "Info4",  "Warn",   "Warn2",  "Warn3",  "Warn4",  "Error",
    "Error2",      "Error3", "Error4", "Fatal", "Fatal2", "Fatal3", "Fatal4"};
constexpr std::array<std::string_view, 6> kSpanKinds = {"Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"};
constexpr std::array<std::string_view, 3> kStatusCodes = {"Unset", "Ok", "Error"};
constexpr std::array<std::string_view, 3> kTemporalities = {"Unspecified", "Delta", "Cumulative"};
constexpr std::array<std::string_view, 6> kMetricTypes = {"Empty", "Gauge", "Sum", "Histogram", "ExponentialHistogram", "Summary"};

void Entries(Lines& out, std::string_view indent, const Map& map) {
  for (const KeyValue& kv : map) {
    out.Put(indent).Put("-> ").Put(kv.key).Put(": ").PutTyped(kv.value).End();
  }
}

void Attributes(Lines& out, std::string_view header, const Map& map) {
  if (map.empty()) return;
  out.Put(header).Put(":").End();
  Entries(out, "     ", map);
}

// Events, links and exemplars keep their attributes one step deeper.
void InnerAttributes(Lines& out, std::string_view header, const Map& map) {
  if (map.empty()) return;
  out.Put("     -> ").Put(header).Put(":").End();
  Entries(out, "          ", map);
}

void ScopeLines(Lines& out, const Scope& scope) {
  out.Put("InstrumentationScope ").Put(scope.name).Put(" ").Put(scope.version).End();
  Attributes(out, "InstrumentationScope attributes", scope.attributes);
}

void Record(Lines& out, const LogRecord& record, size_t index) {
  out.Put("LogRecord #").Put(index).End();
  out.Put("ObservedTimestamp: ").PutTime(record.observed_time_unix_nano).End();
  out.Put("Timestamp: ").PutTime(record.time_unix_nano).End();
  out.Put("SeverityText: ").Put(record.severity_text).End();
  out.Put("SeverityNumber: ").Put(EnumName(kSeverities, record.severity_number));
  out.Put("(").PutInt(record.severity_number).Put(")").End();
  if (!record.event_name.empty()) out.Put("EventName: ").Put(record.event_name).End();
  out.Put("Body: ").PutTyped(record.body).End();
  Attributes(out, "Attributes", record.attributes);
  out.Put("Trace ID: ").PutId(record.trace_id).End();
  out.Put("Span ID: ").PutId(record.span_id).End();
  out.Put("Flags: ").Put(record.flags).End();
}

void Record(Lines& out, const Span& span, size_t index) {
  out.Put("Span #").Put(index).End();
  out.Put("    Trace ID       : ").PutId(span.trace_id).End();
  out.Put("    Parent ID      : ").PutId(span.parent_span_id).End();
  out.Put("    ID             : ").PutId(span.span_id).End();
  out.Put("    Name           : ").Put(span.name).End();
  out.Put("    Kind           : ").Put(EnumName(kSpanKinds, span.kind)).End();
  if (!span.trace_state.empty()) out.Put("    TraceState     : ").Put(span.trace_state).End();
  out.Put("    Start time     : ").PutTime(span.start_time_unix_nano).End();
  out.Put("    End time       : ").PutTime(span.end_time_unix_nano).End();
  out.Put("    Status code    : ").Put(EnumName(kStatusCodes, span.status_code)).End();
  out.Put("    Status message : ").Put(span.status_message).End();
  Attributes(out, "Attributes", span.attributes);
  if (!span.events.empty()) out.Put("Events:").End();
  for (size_t i = 0; i < span.events.size(); ++i) {
    const SpanEvent& event = span.events[i];
    out.Put("SpanEvent #").Put(i).End();
    out.Put("     -> Name: ").Put(event.name).End();
    out.Put("     -> Timestamp: ").PutTime(event.time_unix_nano).End();
    out.Put("     -> DroppedAttributesCount: ").Put(event.dropped_attributes_count).End();
    InnerAttributes(out, "Attributes:", event.attributes);
  }
  if (!span.links.empty()) out.Put("Links:").End();
  for (size_t i = 0; i < span.links.size(); ++i) {
    const SpanLink& link = span.links[i];
    out.Put("SpanLink #").Put(i).End();
    out.Put("     -> Trace ID: ").PutId(link.trace_id).End();
    out.Put("     -> ID: ").PutId(link.span_id).End();
    out.Put("     -> TraceState: ").Put(link.trace_state).End();
    out.Put("     -> DroppedAttributesCount: ").Put(link.dropped_attributes_count).End();
    InnerAttributes(out, "Attributes:", link.attributes);
  }
}

void Exemplars(Lines& out, const Vec<Exemplar>& exemplars) {
  if (exemplars.empty()) return;
  out.Put("Exemplars:").End();
  for (size_t i = 0; i < exemplars.size(); ++i) {
    const Exemplar& exemplar = exemplars[i];
    out.Put("Exemplar #").Put(i).End();
    out.Put("     -> Trace ID: ").PutId(exemplar.trace_id).End();
    out.Put("     -> Span ID: ").PutId(exemplar.span_id).End();
    out.Put("     -> Timestamp: ").PutTime(exemplar.time_unix_nano).End();
    if (exemplar.value_kind == NumberKind::kInt) out.Put("     -> Value: ").PutInt(exemplar.as_int).End();
    if (exemplar.value_kind == NumberKind::kDouble) out.Put("     -> Value: ").PutFixed(exemplar.as_double).End();
    InnerAttributes(out, "FilteredAttributes", exemplar.filtered_attributes);
  }
}

template <typename Point>
void PointHead(Lines& out, std::string_view kind, size_t index, const Point& point) {
  out.Put(kind).Put(" #").Put(index).End();
  Attributes(out, "Data point attributes", point.attributes);
  out.Put("StartTimestamp: ").PutTime(point.start_time_unix_nano).End();
  out.Put("Timestamp: ").PutTime(point.time_unix_nano).End();
}

void PointLines(Lines& out, size_t index, const NumberDataPoint& point) {
  PointHead(out, "NumberDataPoints", index, point);
  if (point.value_kind == NumberKind::kInt) out.Put("Value: ").PutInt(point.as_int).End();
  if (point.value_kind == NumberKind::kDouble) out.Put("Value: ").PutFixed(point.as_double).End();
  Exemplars(out, point.exemplars);
}

template <typename Point>
void CountLines(Lines& out, const Point& point) {
  out.Put("Count: ").Put(point.count).End();
  if (point.has_sum) out.Put("Sum: ").PutFixed(point.sum).End();
  if (point.has_min) out.Put("Min: ").PutFixed(point.min).End();
  if (point.has_max) out.Put("Max: ").PutFixed(point.max).End();
}

void PointLines(Lines& out, size_t index, const HistogramDataPoint& point) {
  PointHead(out, "HistogramDataPoints", index, point);
  CountLines(out, point);
  for (size_t i = 0; i < point.explicit_bounds.size(); ++i) {
    out.Put("ExplicitBounds #").Put(i).Put(": ").PutFixed(point.explicit_bounds[i]).End();
  }
  for (size_t i = 0; i < point.bucket_counts.size(); ++i) {
    out.Put("Buckets #").Put(i).Put(", Count: ").Put(point.bucket_counts[i]).End();
  }
  Exemplars(out, point.exemplars);
}

// The lower bound of the bucket with this index.
double BucketBound(int64_t index, int32_t scale) {
  double x = static_cast<double>(index) * std::ldexp(M_LN2, -std::max(scale, -10000));
  // Here glibc still answers with the largest double, the reference with infinity.
  return x >= 1024 * M_LN2 ? INFINITY : std::exp(x);
}

void PointLines(Lines& out, size_t index, const ExponentialHistogramDataPoint& point) {
  PointHead(out, "ExponentialHistogramDataPoints", index, point);
  CountLines(out, point);
  for (size_t i = point.negative.bucket_counts.size(); i-- > 0;) {
    int64_t bucket = int64_t{point.negative.offset} + static_cast<int64_t>(i);
    out.Put("Bucket [").PutFixed(-BucketBound(bucket + 1, point.scale)).Put(", ").PutFixed(-BucketBound(bucket, point.scale));
    out.Put("), Count: ").Put(point.negative.bucket_counts[i]).End();
  }
  if (point.zero_count != 0) out.Put("Bucket [0, 0], Count: ").Put(point.zero_count).End();
  for (size_t i = 0; i < point.positive.bucket_counts.size(); ++i) {
    int64_t bucket = int64_t{point.positive.offset} + static_cast<int64_t>(i);
    out.Put("Bucket (").PutFixed(BucketBound(bucket, point.scale)).Put(", ").PutFixed(BucketBound(bucket + 1, point.scale));
    out.Put("], Count: ").Put(point.positive.bucket_counts[i]).End();
  }
  Exemplars(out, point.exemplars);
}

void PointLines(Lines& out, size_t index, const SummaryDataPoint& point) {
  PointHead(out, "SummaryDataPoints", index, point);
  out.Put("Count: ").Put(point.count).End();
  out.Put("Sum: ").PutFixed(point.sum).End();
  for (size_t i = 0; i < point.quantile_values.size(); ++i) {
    const QuantileValue& q = point.quantile_values[i];
    out.Put("QuantileValue #").Put(i).Put(": Quantile ").PutFixed(q.quantile).Put(", Value ").PutFixed(q.value).End();
  }
}

void Record(Lines& out, const Metric& metric, size_t index) {
  out.Put("Metric #").Put(index).End();
  out.Put("Descriptor:").End();
  out.Put("     -> Name: ").Put(metric.name).End();
  out.Put("     -> Description: ").Put(metric.description).End();
  out.Put("     -> Unit: ").Put(metric.unit).End();
  out.Put("     -> DataType: ").Put(kMetricTypes[static_cast<size_t>(metric.type)]).End();
  if (metric.type == MetricType::kSum) out.Put("     -> IsMonotonic: ").Put(metric.is_monotonic ? "true" : "false").End();
  if (metric.type == MetricType::kSum || metric.type == MetricType::kHistogram ||
      metric.type == MetricType::kExponentialHistogram) {
    out.Put("     -> AggregationTemporality: ").Put(EnumName(kTemporalities, metric.aggregation_temporality)).End();
  }
  auto points = [&out](const auto& list) {
    for (size_t i = 0; i < list.size(); ++i) PointLines(out, i, list[i]);
  };
  points(metric.number_points);
  points(metric.histogram_points);
  points(metric.exponential_points);
  points(metric.summary_points);
}

template <typename Data>
std::string Tree(const Data& data, std::string_view resource_title, std::string_view scope_title) {
  std::string text;
  Lines out(text);
  for (size_t i = 0; i < data.resources.size(); ++i) {
    const auto& resource = data.resources[i];
    out.Put(resource_title).Put(" #").Put(i).End();
    out.Put("Resource SchemaURL: ").Put(resource.schema_url).End();
    Attributes(out, "Resource attributes", resource.resource.attributes);
    for (size_t j = 0; j < resource.scopes.size(); ++j) {
      const auto& scope = resource.scopes[j];
      out.Put(scope_title).Put(" #").Put(j).End();
      out.Put(scope_title).Put(" SchemaURL: ").Put(scope.schema_url).End();
      ScopeLines(out, scope.scope);
      for (size_t k = 0; k < scope.records.size(); ++k) Record(out, scope.records[k], k);
    }
  }
  return text;
}

}  // namespace

void AppendTypedValue(std::string& out, const Value& value) {
  out += KindName(value.kind());
  out += '(';
  value.AppendString(out);
  out += ')';
}

// The reference's title for logs is singular.
std::string Detailed(const LogsData& data) { return Tree(data, "ResourceLog", "ScopeLogs"); }
std::string Detailed(const TracesData& data) { return Tree(data, "ResourceSpans", "ScopeSpans"); }
std::string Detailed(const MetricsData& data) { return Tree(data, "ResourceMetrics", "ScopeMetrics"); }

}  // namespace otelpipe::debug_text
