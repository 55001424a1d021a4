#include "pdata/decode_common.h"

namespace otelpipe {
namespace internal {
namespace {

// Repeated scalars come packed or one by one; both forms may be mixed.
template <typename T>
void DecodeFixed64List(WireReader& in, Vec<T>& list, Arena& arena, const char* name) {
  if (in.type() != kLength) {
    uint64_t raw = in.Fixed64(name);
    std::memcpy(&list.Add(arena), &raw, sizeof raw);
    return;
  }
  WireReader packed(in.Bytes(name), name);
  // Only the first time: growing exactly for each of many tiny packed fields would cost quadratic memory.
  if (list.empty()) list.Reserve(arena, static_cast<uint32_t>(packed.left() / sizeof(T)));
  while (!packed.done()) list.Add(arena) = packed.Raw<T>();
}

void DecodeVarintList(WireReader& in, Vec<uint64_t>& list, Arena& arena, const char* name) {
  if (in.type() != kLength) {
    list.Add(arena) = in.Varint(name);
    return;
  }
  WireReader packed(in.Bytes(name), name);
  while (!packed.done()) list.Add(arena) = packed.RawVarint();
}

void DecodeExemplar(std::string_view bytes, Exemplar& exemplar, Arena& arena) {
  WireReader in(bytes, "Exemplar");
  while (in.Next()) {
    switch (in.field()) {
      case 2: exemplar.time_unix_nano = in.Fixed64("TimeUnixNano"); break;
      case 3:
        exemplar.value_kind = NumberKind::kDouble;
        exemplar.as_double = in.Double("AsDouble");
        break;
      case 4: DecodeId(in.Bytes("SpanId"), exemplar.span_id); break;
      case 5: DecodeId(in.Bytes("TraceId"), exemplar.trace_id); break;
      case 6:
        exemplar.value_kind = NumberKind::kInt;
        exemplar.as_int = static_cast<int64_t>(in.Fixed64("AsInt"));
        break;
      case 7: DecodeAttribute(in, exemplar.filtered_attributes, arena); break;
      default: in.Skip();
    }
  }
}

void DecodeExemplarInto(WireReader& in, Vec<Exemplar>& exemplars, Arena& arena) {
  std::string_view element = NextElement(in, exemplars, arena, "Exemplars");
  DecodeExemplar(element, exemplars.back(), arena);
}

void DecodePoint(std::string_view bytes, NumberDataPoint& point, Arena& arena) {
  WireReader in(bytes, "NumberDataPoint");
  while (in.Next()) {
    switch (in.field()) {
      case 2: point.start_time_unix_nano = in.Fixed64("StartTimeUnixNano"); break;
      case 3: point.time_unix_nano = in.Fixed64("TimeUnixNano"); break;
      case 4:
        point.value_kind = NumberKind::kDouble;
        point.as_double = in.Double("AsDouble");
        break;
      case 5: DecodeExemplarInto(in, point.exemplars, arena); break;
      case 6:
        point.value_kind = NumberKind::kInt;
        point.as_int = static_cast<int64_t>(in.Fixed64("AsInt"));
        break;
      case 7: DecodeAttribute(in, point.attributes, arena); break;
      case 8: point.flags = static_cast<uint32_t>(in.Varint("Flags")); break;
      default: in.Skip();
    }
  }
}

void DecodePoint(std::string_view bytes, HistogramDataPoint& point, Arena& arena) {
  WireReader in(bytes, "HistogramDataPoint");
  while (in.Next()) {
    switch (in.field()) {
      case 2: point.start_time_unix_nano = in.Fixed64("StartTimeUnixNano"); break;
      case 3: point.time_unix_nano = in.Fixed64("TimeUnixNano"); break;
      case 4: point.count = in.Fixed64("Count"); break;
      case 5: point.has_sum = true, point.sum = in.Double("Sum"); break;
      case 6: DecodeFixed64List(in, point.bucket_counts, arena, "BucketCounts"); break;
      case 7: DecodeFixed64List(in, point.explicit_bounds, arena, "ExplicitBounds"); break;
      case 8: DecodeExemplarInto(in, point.exemplars, arena); break;
      case 9: DecodeAttribute(in, point.attributes, arena); break;
      case 10: point.flags = static_cast<uint32_t>(in.Varint("Flags")); break;
      case 11: point.has_min = true, point.min = in.Double("Min"); break;
      case 12: point.has_max = true, point.max = in.Double("Max"); break;
      default: in.Skip();
    }
  }
}

void DecodeBuckets(std::string_view bytes, ExponentialBuckets& buckets, Arena& arena) {
  WireReader in(bytes, "ExponentialHistogramDataPoint_Buckets");
  while (in.Next()) {
    switch (in.field()) {
      case 1: buckets.offset = protozero::decode_zigzag32(static_cast<uint32_t>(in.Varint("Offset"))); break;
      case 2: DecodeVarintList(in, buckets.bucket_counts, arena, "BucketCounts"); break;
      default: in.Skip();
    }
  }
}

void DecodePoint(std::string_view bytes, ExponentialHistogramDataPoint& point, Arena& arena) {
  WireReader in(bytes, "ExponentialHistogramDataPoint");
  while (in.Next()) {
    switch (in.field()) {
      case 1: DecodeAttribute(in, point.attributes, arena); break;
      case 2: point.start_time_unix_nano = in.Fixed64("StartTimeUnixNano"); break;
      case 3: point.time_unix_nano = in.Fixed64("TimeUnixNano"); break;
      case 4: point.count = in.Fixed64("Count"); break;
      case 5: point.has_sum = true, point.sum = in.Double("Sum"); break;
      case 6: point.scale = protozero::decode_zigzag32(static_cast<uint32_t>(in.Varint("Scale"))); break;
      case 7: point.zero_count = in.Fixed64("ZeroCount"); break;
      case 8:
        point.has_positive = true;
        DecodeBuckets(in.Bytes("Positive"), point.positive, arena);
        break;
      case 9:
        point.has_negative = true;
        DecodeBuckets(in.Bytes("Negative"), point.negative, arena);
        break;
      case 10: point.flags = static_cast<uint32_t>(in.Varint("Flags")); break;
      case 11: DecodeExemplarInto(in, point.exemplars, arena); break;
      case 12: point.has_min = true, point.min = in.Double("Min"); break;
      case 13: point.has_max = true, point.max = in.Double("Max"); break;
      case 14: point.zero_threshold = in.Double("ZeroThreshold"); break;
      default: in.Skip();
    }
  }
}

void DecodeQuantile(std::string_view bytes, QuantileValue& quantile) {
  WireReader in(bytes, "SummaryDataPoint_ValueAtQuantile");
  while (in.Next()) {
    switch (in.field()) {
      case 1: quantile.quantile = in.Double("Quantile"); break;
      case 2: quantile.value = in.Double("Value"); break;
      default: in.Skip();
    }
  }
}

void DecodePoint(std::string_view bytes, SummaryDataPoint& point, Arena& arena) {
  WireReader in(bytes, "SummaryDataPoint");
  while (in.Next()) {
    switch (in.field()) {
      case 2: point.start_time_unix_nano = in.Fixed64("StartTimeUnixNano"); break;
      case 3: point.time_unix_nano = in.Fixed64("TimeUnixNano"); break;
      case 4: point.count = in.Fixed64("Count"); break;
      case 5: point.sum = in.Double("Sum"); break;
      case 6: {
        std::string_view element = NextElement(in, point.quantile_values, arena, "QuantileValues");
        DecodeQuantile(element, point.quantile_values.back());
        break;
      }
      case 7: DecodeAttribute(in, point.attributes, arena); break;
      case 8: point.flags = static_cast<uint32_t>(in.Varint("Flags")); break;
      default: in.Skip();
    }
  }
}

// Gauge, Sum, Histogram, ExponentialHistogram and Summary share their numbers; a type without one of the fields skips it.
template <typename Point>
void DecodeMetricData(std::string_view bytes, MetricType type, const char* message, Metric& metric, Vec<Point>& points,
                      Arena& arena) {
  // Of several members of the oneof the last counts, whole.
  metric.type = type;
  metric.aggregation_temporality = 0;
  metric.is_monotonic = false;
  metric.number_points.Clear();
  metric.histogram_points.Clear();
  metric.exponential_points.Clear();
  metric.summary_points.Clear();
  bool has_temporality = type != MetricType::kGauge && type != MetricType::kSummary;
  WireReader in(bytes, message);
  while (in.Next()) {
    if (in.field() == 1) {
      std::string_view element = NextElement(in, points, arena, "DataPoints");
      DecodePoint(element, points.back(), arena);
    } else if (in.field() == 2 && has_temporality) {
      metric.aggregation_temporality = static_cast<int32_t>(in.Varint("AggregationTemporality"));
    } else if (in.field() == 3 && type == MetricType::kSum) {
      metric.is_monotonic = in.Varint("IsMonotonic") != 0;
    } else {
      in.Skip();
    }
  }
}

void DecodeMetric(std::string_view bytes, Metric& metric, Arena& arena) {
  WireReader in(bytes, "Metric");
  while (in.Next()) {
    switch (in.field()) {
      case 1: metric.name = in.Bytes("Name"); break;
      case 2: metric.description = in.Bytes("Description"); break;
      case 3: metric.unit = in.Bytes("Unit"); break;
      case 5:
        DecodeMetricData(in.Bytes("Gauge"), MetricType::kGauge, "Gauge", metric, metric.number_points, arena);
        break;
      case 7:
        DecodeMetricData(in.Bytes("Sum"), MetricType::kSum, "Sum", metric, metric.number_points, arena);
        break;
      case 9:
        DecodeMetricData(in.Bytes("Histogram"), MetricType::kHistogram, "Histogram", metric, metric.histogram_points,
                         arena);
        break;
      case 10:
        DecodeMetricData(in.Bytes("ExponentialHistogram"), MetricType::kExponentialHistogram, "ExponentialHistogram",
                         metric, metric.exponential_points, arena);
        break;
      case 11:
        DecodeMetricData(in.Bytes("Summary"), MetricType::kSummary, "Summary", metric, metric.summary_points, arena);
        break;
      case 12: DecodeAttribute(in, metric.metadata, arena); break;
      default: in.Skip();
    }
  }
}

constexpr TreeNames kMetricsNames = {"ExportMetricsServiceRequest", "ResourceMetrics", "ScopeMetrics",
                                     "ResourceMetrics", "ScopeMetrics", "DeprecatedScopeMetrics", "Metrics"};

}  // namespace
}  // namespace internal

absl::Status DecodeProto(const Buffer& wire, MetricsData& out) {
  return internal::DecodeTree(wire, out, internal::kMetricsNames, internal::DecodeMetric);
}

}  // namespace otelpipe
