// Protobuf encoders. Fields are written in descending order because the writer goes from back to front; the message reads in the
// reference's order: ascending numbers, except that a oneof stands where its highest number would. Embedded messages that are not
// optional and ids are written even when empty, other zero values are left out.
#include "otelpipe/pdata/codec.h"
#include "pdata/encode_wire.h"
#include "pdata/wire_writer.h"

namespace otelpipe {
namespace internal {
namespace {

void Attributes(WireWriter& w, uint32_t field, const Map& map);

// Calls write(element) for each element from last to first and gives each the header of `field`.
template <typename T, typename F>
void Messages(WireWriter& w, uint32_t field, const Vec<T>& items, F write) {
  for (uint32_t i = items.size(); i-- > 0;) {
    size_t mark = w.position();
    write(w, items[i]);
    w.EndMessage(field, mark);
  }
}

void WriteValue(WireWriter& w, const Value& value) {
  switch (value.kind()) {
    case ValueKind::kEmpty: return;
    case ValueKind::kString: w.String(1, value.string()); return;
    case ValueKind::kBool: w.Varint(2, value.boolean() ? 1 : 0); return;
    case ValueKind::kInt: w.Varint(3, static_cast<uint64_t>(value.integer())); return;
    case ValueKind::kDouble: w.Double(4, value.number()); return;
    case ValueKind::kBytes: w.String(7, value.string()); return;
    case ValueKind::kList: {
      size_t mark = w.position();
      Messages(w, 1, value.list(), WriteValue);
      w.EndMessage(5, mark);
      return;
    }
    case ValueKind::kMap: {
      size_t mark = w.position();
      Attributes(w, 1, value.map());
      w.EndMessage(6, mark);
      return;
    }
  }
}

// A text under a name, when all lengths fit into a byte: written in one go, as most attributes are such. False when they do not.
bool ShortAttribute(WireWriter& w, uint32_t field, std::string_view key, std::string_view text) {
  const size_t pair = (key.empty() ? 0 : key.size() + 2) + 2 + text.size() + 2;
  if (pair >= 0x80 || field >= 16) return false;
  char* out = w.Claim(pair + 2);
  *out++ = static_cast<char>(field << 3 | kLength);
  *out++ = static_cast<char>(pair);
  if (!key.empty()) {
    *out++ = 0x0A;
    *out++ = static_cast<char>(key.size());
    CopyText(out, key.data(), key.size());
    out += key.size();
  }
  *out++ = 0x12;
  *out++ = static_cast<char>(text.size() + 2);
  *out++ = 0x0A;
  *out++ = static_cast<char>(text.size());
  CopyText(out, text.data(), text.size());
  return true;
}

void Attributes(WireWriter& w, uint32_t field, const Map& map) {
  for (const KeyValue* kv = map.end(); kv != map.begin();) {
    --kv;
    if (kv->value.is_string() && ShortAttribute(w, field, kv->key, kv->value.string())) continue;
    size_t pair = w.position();
    size_t value = w.position();
    WriteValue(w, kv->value);
    w.EndMessage(2, value);
    w.StringIfSet(1, kv->key);
    w.EndMessage(field, pair);
  }
}

void Strings(WireWriter& w, uint32_t field, const Vec<std::string_view>& items) {
  for (uint32_t i = items.size(); i-- > 0;) w.String(field, items[i]);
}

void WriteEntityRef(WireWriter& w, const EntityRef& ref) {
  Strings(w, 4, ref.description_keys);
  Strings(w, 3, ref.id_keys);
  w.StringIfSet(2, ref.type);
  w.StringIfSet(1, ref.schema_url);
}

void WriteResource(WireWriter& w, const Resource& resource) {
  Messages(w, 3, resource.entity_refs, WriteEntityRef);
  w.VarintIfSet(2, resource.dropped_attributes_count);
  Attributes(w, 1, resource.attributes);
}

void WriteScope(WireWriter& w, const Scope& scope) {
  w.VarintIfSet(4, scope.dropped_attributes_count);
  Attributes(w, 3, scope.attributes);
  w.StringIfSet(2, scope.version);
  w.StringIfSet(1, scope.name);
}

void WriteRecord(WireWriter& w, const LogRecord& record) {
  w.StringIfSet(12, record.event_name);
  w.Fixed64IfSet(11, record.observed_time_unix_nano);
  w.WriteId(10, record.span_id);
  w.WriteId(9, record.trace_id);
  w.Fixed32IfSet(8, record.flags);
  w.VarintIfSet(7, record.dropped_attributes_count);
  Attributes(w, 6, record.attributes);
  size_t mark = w.position();
  WriteValue(w, record.body);
  w.EndMessage(5, mark);
  w.StringIfSet(3, record.severity_text);
  w.Int32IfSet(2, record.severity_number);
  w.Fixed64IfSet(1, record.time_unix_nano);
}

void WriteEvent(WireWriter& w, const SpanEvent& event) {
  w.VarintIfSet(4, event.dropped_attributes_count);
  Attributes(w, 3, event.attributes);
  w.StringIfSet(2, event.name);
  w.Fixed64IfSet(1, event.time_unix_nano);
}

void WriteLink(WireWriter& w, const SpanLink& link) {
  w.Fixed32IfSet(6, link.flags);
  w.VarintIfSet(5, link.dropped_attributes_count);
  Attributes(w, 4, link.attributes);
  w.StringIfSet(3, link.trace_state);
  w.WriteId(2, link.span_id);
  w.WriteId(1, link.trace_id);
}

void WriteRecord(WireWriter& w, const Span& span) {
  w.Fixed32IfSet(16, span.flags);
  size_t status = w.position();
  w.Int32IfSet(3, span.status_code);
  w.StringIfSet(2, span.status_message);
  w.EndMessage(15, status);
  w.VarintIfSet(14, span.dropped_links_count);
  Messages(w, 13, span.links, WriteLink);
  w.VarintIfSet(12, span.dropped_events_count);
  Messages(w, 11, span.events, WriteEvent);
  w.VarintIfSet(10, span.dropped_attributes_count);
  Attributes(w, 9, span.attributes);
  w.Fixed64IfSet(8, span.end_time_unix_nano);
  w.Fixed64IfSet(7, span.start_time_unix_nano);
  w.Int32IfSet(6, span.kind);
  w.StringIfSet(5, span.name);
  w.WriteId(4, span.parent_span_id);
  w.StringIfSet(3, span.trace_state);
  w.WriteId(2, span.span_id);
  w.WriteId(1, span.trace_id);
}

template <typename T>
void PackedFixed64(WireWriter& w, uint32_t field, const Vec<T>& items) {
  if (items.empty()) return;
  size_t mark = w.position();
  for (uint32_t i = items.size(); i-- > 0;) w.Raw(items[i]);
  w.EndMessage(field, mark);
}

// The oneof of number points and exemplars.
template <typename Point>
void WriteNumber(WireWriter& w, const Point& point, uint32_t double_field, uint32_t int_field) {
  if (point.value_kind == NumberKind::kDouble) w.Double(double_field, point.as_double);
  if (point.value_kind == NumberKind::kInt) w.Fixed64(int_field, static_cast<uint64_t>(point.as_int));
}

void WriteExemplar(WireWriter& w, const Exemplar& exemplar) {
  Attributes(w, 7, exemplar.filtered_attributes);
  WriteNumber(w, exemplar, 3, 6);
  w.WriteId(5, exemplar.trace_id);
  w.WriteId(4, exemplar.span_id);
  w.Fixed64IfSet(2, exemplar.time_unix_nano);
}

void WritePoint(WireWriter& w, const NumberDataPoint& point) {
  w.VarintIfSet(8, point.flags);
  Attributes(w, 7, point.attributes);
  WriteNumber(w, point, 4, 6);
  Messages(w, 5, point.exemplars, WriteExemplar);
  w.Fixed64IfSet(3, point.time_unix_nano);
  w.Fixed64IfSet(2, point.start_time_unix_nano);
}

void WritePoint(WireWriter& w, const HistogramDataPoint& point) {
  if (point.has_max) w.Double(12, point.max);
  if (point.has_min) w.Double(11, point.min);
  w.VarintIfSet(10, point.flags);
  Attributes(w, 9, point.attributes);
  Messages(w, 8, point.exemplars, WriteExemplar);
  PackedFixed64(w, 7, point.explicit_bounds);
  PackedFixed64(w, 6, point.bucket_counts);
  if (point.has_sum) w.Double(5, point.sum);
  w.Fixed64IfSet(4, point.count);
  w.Fixed64IfSet(3, point.time_unix_nano);
  w.Fixed64IfSet(2, point.start_time_unix_nano);
}

void WriteBuckets(WireWriter& w, uint32_t field, const ExponentialBuckets& buckets) {
  size_t mark = w.position();
  if (!buckets.bucket_counts.empty()) {
    size_t packed = w.position();
    for (uint32_t i = buckets.bucket_counts.size(); i-- > 0;) w.RawVarint(buckets.bucket_counts[i]);
    w.EndMessage(2, packed);
  }
  w.VarintIfSet(1, protozero::encode_zigzag32(buckets.offset));
  w.EndMessage(field, mark);
}

void WritePoint(WireWriter& w, const ExponentialHistogramDataPoint& point) {
  w.DoubleIfSet(14, point.zero_threshold);
  if (point.has_max) w.Double(13, point.max);
  if (point.has_min) w.Double(12, point.min);
  Messages(w, 11, point.exemplars, WriteExemplar);
  w.VarintIfSet(10, point.flags);
  WriteBuckets(w, 9, point.negative);
  WriteBuckets(w, 8, point.positive);
  w.Fixed64IfSet(7, point.zero_count);
  w.VarintIfSet(6, protozero::encode_zigzag32(point.scale));
  if (point.has_sum) w.Double(5, point.sum);
  w.Fixed64IfSet(4, point.count);
  w.Fixed64IfSet(3, point.time_unix_nano);
  w.Fixed64IfSet(2, point.start_time_unix_nano);
  Attributes(w, 1, point.attributes);
}

void WriteQuantile(WireWriter& w, const QuantileValue& quantile) {
  w.DoubleIfSet(2, quantile.value);
  w.DoubleIfSet(1, quantile.quantile);
}

void WritePoint(WireWriter& w, const SummaryDataPoint& point) {
  w.VarintIfSet(8, point.flags);
  Attributes(w, 7, point.attributes);
  Messages(w, 6, point.quantile_values, WriteQuantile);
  w.DoubleIfSet(5, point.sum);
  w.Fixed64IfSet(4, point.count);
  w.Fixed64IfSet(3, point.time_unix_nano);
  w.Fixed64IfSet(2, point.start_time_unix_nano);
}

// The message of the metric's type; `field` is its number in Metric.
template <typename Point>
void WriteMetricData(WireWriter& w, uint32_t field, const Metric& metric, const Vec<Point>& points) {
  size_t mark = w.position();
  if (metric.type == MetricType::kSum) w.VarintIfSet(3, metric.is_monotonic ? 1 : 0);
  if (metric.type != MetricType::kGauge && metric.type != MetricType::kSummary) {
    w.Int32IfSet(2, metric.aggregation_temporality);
  }
  Messages(w, 1, points, [](WireWriter& out, const Point& point) { WritePoint(out, point); });
  w.EndMessage(field, mark);
}

void WriteRecord(WireWriter& w, const Metric& metric) {
  Attributes(w, 12, metric.metadata);
  switch (metric.type) {
    case MetricType::kNone: break;
    case MetricType::kGauge: WriteMetricData(w, 5, metric, metric.number_points); break;
    case MetricType::kSum: WriteMetricData(w, 7, metric, metric.number_points); break;
    case MetricType::kHistogram: WriteMetricData(w, 9, metric, metric.histogram_points); break;
    case MetricType::kExponentialHistogram: WriteMetricData(w, 10, metric, metric.exponential_points); break;
    case MetricType::kSummary: WriteMetricData(w, 11, metric, metric.summary_points); break;
  }
  w.StringIfSet(3, metric.unit);
  w.StringIfSet(2, metric.description);
  w.StringIfSet(1, metric.name);
}

template <typename Data>
WireBytes EncodeTree(const Data& data) {
  WireWriter w;
  Messages(w, 1, data.resources, [](WireWriter& w, const auto& resource) {
    w.StringIfSet(3, resource.schema_url);
    Messages(w, 2, resource.scopes, [](WireWriter& w, const auto& scope) {
      w.StringIfSet(3, scope.schema_url);
      Messages(w, 2, scope.records, [](WireWriter& w, const auto& record) { WriteRecord(w, record); });
      size_t mark = w.position();
      WriteScope(w, scope.scope);
      w.EndMessage(1, mark);
    });
    size_t mark = w.position();
    WriteResource(w, resource.resource);
    w.EndMessage(1, mark);
  });
  return w.Finish();
}

template <typename Data>
void AppendTree(const Data& data, std::string& out) {
  WireBytes wire = EncodeTree(data);
  out.reserve(out.size() + WireSize(wire));
  for (const Buffer& b : wire) out.append(b.bytes);
}

}  // namespace

WireBytes EncodeWire(const LogsData& data) { return EncodeTree(data); }
WireBytes EncodeWire(const TracesData& data) { return EncodeTree(data); }
WireBytes EncodeWire(const MetricsData& data) { return EncodeTree(data); }

}  // namespace internal

void EncodeProto(const LogsData& data, std::string& out) { internal::AppendTree(data, out); }
void EncodeProto(const TracesData& data, std::string& out) { internal::AppendTree(data, out); }
void EncodeProto(const MetricsData& data, std::string& out) { internal::AppendTree(data, out); }

}  // namespace otelpipe
