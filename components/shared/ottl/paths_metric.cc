// Paths of metrics and their data points.
#include "shared/ottl/paths.h"

namespace otelpipe::ottl {
namespace {

bool HasTemporality(const Metric& m) {
  return m.type == MetricType::kSum || m.type == MetricType::kHistogram || m.type == MetricType::kExponentialHistogram;
}

constexpr PathRow kMetric[] = {
    {"name", [](Item& i, Arena&) { return Value::Str(i.metric->name); },
     [](Item& i, Arena&, const Value& v) { return SetText(i.metric->name, v); }},
    {"description", [](Item& i, Arena&) { return Value::Str(i.metric->description); },
     [](Item& i, Arena&, const Value& v) { return SetText(i.metric->description, v); }},
    {"unit", [](Item& i, Arena&) { return Value::Str(i.metric->unit); },
     [](Item& i, Arena&, const Value& v) { return SetText(i.metric->unit, v); }},
    // Setting the type does nothing in the reference either.
    {"type", [](Item& i, Arena&) { return Value::Int(static_cast<int64_t>(i.metric->type)); },
     [](Item&, Arena&, const Value&) { return absl::OkStatus(); }},
    {"metadata", [](Item& i, Arena&) { return MapValue(i.metric->metadata); },
     [](Item& i, Arena& a, const Value& v) { return StoreMap(v, i.metric->metadata, a), absl::OkStatus(); },
     [](Item& i) -> Map& { return i.metric->metadata; }},
    {"aggregation_temporality",
     [](Item& i, Arena&) { return HasTemporality(*i.metric) ? Value::Int(i.metric->aggregation_temporality) : Value(); },
     [](Item& i, Arena&, const Value& v) {
       return HasTemporality(*i.metric) ? SetNumber(i.metric->aggregation_temporality, v) : absl::OkStatus();
     }},
    {"is_monotonic", [](Item& i, Arena&) { return i.metric->type == MetricType::kSum ? Value::Bool(i.metric->is_monotonic) : Value(); },
     [](Item& i, Arena&, const Value& v) {
       if (v.kind() == ValueKind::kBool && i.metric->type == MetricType::kSum) i.metric->is_monotonic = v.boolean();
       return absl::OkStatus();
     }},
    {"data_points", [](Item& i, Arena&) { return i.metric->type == MetricType::kNone ? Value() : CountValue(i.metric->point_count()); }},
};

// `f` of the point that the item is.
template <typename F>
auto OfPoint(Item& i, F f) {
  if (i.number != nullptr) return f(*i.number);
  if (i.histogram != nullptr) return f(*i.histogram);
  if (i.exponential != nullptr) return f(*i.exponential);
  return f(*i.summary);
}
Map& AttributesOf(Item& i) {
  if (i.number != nullptr) return i.number->attributes;
  if (i.histogram != nullptr) return i.histogram->attributes;
  if (i.exponential != nullptr) return i.exponential->attributes;
  return i.summary->attributes;
}
Value Counts(const Vec<uint64_t>& counts, Arena& arena) {
  List* list = arena.New<List>();
  list->Reserve(arena, counts.size());
  for (uint64_t n : counts) list->Add(arena) = Value::Int(static_cast<int64_t>(n));
  return Value::OfList(list);
}

constexpr PathRow kDataPoint[] = {
    {"attributes", [](Item& i, Arena&) { return MapValue(AttributesOf(i)); },
     [](Item& i, Arena& a, const Value& v) { return StoreMap(v, AttributesOf(i), a), absl::OkStatus(); }, AttributesOf},
    {"start_time_unix_nano", [](Item& i, Arena&) { return OfPoint(i, [](auto& p) { return NanosValue(p.start_time_unix_nano); }); },
     [](Item& i, Arena&, const Value& v) { return OfPoint(i, [&](auto& p) { return SetNumber(p.start_time_unix_nano, v); }); }},
    {"time_unix_nano", [](Item& i, Arena&) { return OfPoint(i, [](auto& p) { return NanosValue(p.time_unix_nano); }); },
     [](Item& i, Arena&, const Value& v) { return OfPoint(i, [&](auto& p) { return SetNumber(p.time_unix_nano, v); }); }},
    {"start_time", [](Item& i, Arena&) { return OfPoint(i, [](auto& p) { return TimeOf(p.start_time_unix_nano); }); },
     [](Item& i, Arena&, const Value& v) { return OfPoint(i, [&](auto& p) { return SetTime(p.start_time_unix_nano, v); }); }},
    {"time", [](Item& i, Arena&) { return OfPoint(i, [](auto& p) { return TimeOf(p.time_unix_nano); }); },
     [](Item& i, Arena&, const Value& v) { return OfPoint(i, [&](auto& p) { return SetTime(p.time_unix_nano, v); }); }},
    {"flags", [](Item& i, Arena&) { return OfPoint(i, [](auto& p) { return Value::Int(p.flags); }); },
     [](Item& i, Arena&, const Value& v) { return OfPoint(i, [&](auto& p) { return SetNumber(p.flags, v); }); }},
    {"value_int",
     [](Item& i, Arena&) {
       return i.number != nullptr ? Value::Int(i.number->value_kind == NumberKind::kDouble ? 0 : i.number->as_int) : Value();
     },
     [](Item& i, Arena&, const Value& v) {
       if (i.number != nullptr && v.kind() == ValueKind::kInt && IsPlain(v)) {
         i.number->value_kind = NumberKind::kInt;
         i.number->as_int = v.integer();
       }
       return absl::OkStatus();
     }},
    {"value_double",
     [](Item& i, Arena&) {
       return i.number != nullptr ? Value::Double(i.number->value_kind == NumberKind::kInt ? 0 : i.number->as_double) : Value();
     },
     [](Item& i, Arena&, const Value& v) {
       if (i.number != nullptr && v.kind() == ValueKind::kDouble) {
         i.number->value_kind = NumberKind::kDouble;
         i.number->as_double = v.number();
       }
       return absl::OkStatus();
     }},
    {"count",
     [](Item& i, Arena&) {
       return OfPoint(i, [](auto& p) {
         if constexpr (requires { p.count; }) return NanosValue(p.count);
         return Value();
       });
     },
     [](Item& i, Arena&, const Value& v) {
       return OfPoint(i, [&](auto& p) {
         if constexpr (requires { p.count; }) return SetNumber(p.count, v);
         return absl::OkStatus();
       });
     }},
    {"sum",
     [](Item& i, Arena&) {
       return OfPoint(i, [](auto& p) {
         if constexpr (requires { p.sum; }) return Value::Double(p.sum);
         return Value();
       });
     },
     [](Item& i, Arena&, const Value& v) {
       return OfPoint(i, [&](auto& p) {
         if constexpr (requires { p.sum; }) {
           if (v.kind() == ValueKind::kDouble) {
             p.sum = v.number();
             if constexpr (requires { p.has_sum; }) p.has_sum = true;
           }
         }
         return absl::OkStatus();
       });
     }},
    {"scale", [](Item& i, Arena&) { return i.exponential != nullptr ? Value::Int(i.exponential->scale) : Value(); },
     [](Item& i, Arena&, const Value& v) { return i.exponential != nullptr ? SetNumber(i.exponential->scale, v) : absl::OkStatus(); }},
    {"zero_count", [](Item& i, Arena&) { return i.exponential != nullptr ? NanosValue(i.exponential->zero_count) : Value(); },
     [](Item& i, Arena&, const Value& v) { return i.exponential != nullptr ? SetNumber(i.exponential->zero_count, v) : absl::OkStatus(); }},
    {"bucket_counts", [](Item& i, Arena& arena) { return i.histogram != nullptr ? Counts(i.histogram->bucket_counts, arena) : Value(); }},
    {"explicit_bounds",
     [](Item& i, Arena& arena) {
       if (i.histogram == nullptr) return Value();
       List* list = arena.New<List>();
       for (double bound : i.histogram->explicit_bounds) list->Add(arena) = Value::Double(bound);
       return Value::OfList(list);
     }},
    {"positive.offset", [](Item& i, Arena&) { return i.exponential != nullptr ? Value::Int(i.exponential->positive.offset) : Value(); },
     [](Item& i, Arena&, const Value& v) {
       if (i.exponential == nullptr) return absl::OkStatus();
       i.exponential->has_positive = true;
       return SetNumber(i.exponential->positive.offset, v);
     }},
    {"positive.bucket_counts",
     [](Item& i, Arena& arena) { return i.exponential != nullptr ? Counts(i.exponential->positive.bucket_counts, arena) : Value(); }},
    {"negative.offset", [](Item& i, Arena&) { return i.exponential != nullptr ? Value::Int(i.exponential->negative.offset) : Value(); },
     [](Item& i, Arena&, const Value& v) {
       if (i.exponential == nullptr) return absl::OkStatus();
       i.exponential->has_negative = true;
       return SetNumber(i.exponential->negative.offset, v);
     }},
    {"negative.bucket_counts",
     [](Item& i, Arena& arena) { return i.exponential != nullptr ? Counts(i.exponential->negative.bucket_counts, arena) : Value(); }},
};

}  // namespace

const PathRow* FindMetricRow(std::string_view context, std::string_view name) {
  if (context == "datapoint") {
    for (const PathRow& row : kDataPoint) {
      if (row.name == name) return &row;
    }
    return nullptr;
  }
  for (const PathRow& row : kMetric) {
    if (context == "metric" && row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace otelpipe::ottl
