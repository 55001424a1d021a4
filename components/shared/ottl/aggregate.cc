// Editors that merge the data points of a metric: aggregate_on_attributes, aggregate_on_attribute_value.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/ottl/functions.h"

namespace otelpipe::ottl {
namespace {

using K = ArgKind;
using Result = absl::StatusOr<Getter>;

enum class How { kSum, kMean, kMin, kMax, kMedian, kCount };

absl::StatusOr<How> HowOf(std::string_view text) {
  static constexpr std::string_view kNames[] = {"sum", "mean", "min", "max", "median", "count"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == text) return static_cast<How>(i);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("invalid aggregation function: '", A(text), "', valid options: sum, mean, min, max, median, count"));
}

template <typename T>
T Merged(std::vector<T> values, How how) {
  const size_t n = values.size();
  switch (how) {
    case How::kSum:
    case How::kMean: {
      T sum = values[0];
      for (size_t i = 1; i < n; ++i) sum += values[i];
      return how == How::kSum ? sum : sum / static_cast<T>(n);
    }
    case How::kMin: return *std::min_element(values.begin(), values.end());
    case How::kMax: return *std::max_element(values.begin(), values.end());
    case How::kMedian:
      std::sort(values.begin(), values.end());
      return n % 2 != 0 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
    // A lone point keeps its value, as in the reference.
    case How::kCount: return n == 1 ? values[0] : static_cast<T>(n);
  }
  return values[0];
}

// Same attributes and time; with delta temporality the start belongs to it.
template <typename P>
bool Alike(const P& a, const P& b, bool delta) {
  return a.time_unix_nano == b.time_unix_nano && (!delta || a.start_time_unix_nano == b.start_time_unix_nano) && Equal(a.attributes, b.attributes);
}
bool SameShape(const NumberDataPoint&, const NumberDataPoint&) { return true; }
bool SameShape(const HistogramDataPoint& a, const HistogramDataPoint& b) {
  return a.has_min == b.has_min && a.has_max == b.has_max && a.flags == b.flags && a.bucket_counts.size() == b.bucket_counts.size() &&
         a.explicit_bounds.size() == b.explicit_bounds.size() &&
         std::equal(a.explicit_bounds.begin(), a.explicit_bounds.end(), b.explicit_bounds.begin(), b.explicit_bounds.end());
}
bool SameShape(const ExponentialHistogramDataPoint& a, const ExponentialHistogramDataPoint& b) {
  return a.scale == b.scale && a.has_min == b.has_min && a.has_max == b.has_max && a.flags == b.flags && a.positive.offset == b.positive.offset &&
         a.negative.offset == b.negative.offset;
}

// Merges all points of a group into the first of it.
void MergeGroup(const std::vector<NumberDataPoint*>& group, How how, Arena&) {
  NumberDataPoint& first = *group[0];
  if (first.value_kind == NumberKind::kInt) {
    std::vector<int64_t> values;
    for (const NumberDataPoint* p : group) {
      values.push_back(p->value_kind == NumberKind::kDouble
                           ? (std::abs(p->as_double) < 9.2e18 ? static_cast<int64_t>(p->as_double) : 0)
                           : p->as_int);
    }
    // Sums may wrap, as they do in the reference.
    if (how == How::kSum || how == How::kMean) {
      uint64_t sum = 0;
      for (int64_t v : values) sum += static_cast<uint64_t>(v);
      first.as_int = static_cast<int64_t>(sum) / (how == How::kMean ? static_cast<int64_t>(values.size()) : 1);
    } else {
      first.as_int = Merged(std::move(values), how == How::kMedian && group.size() < 2 ? How::kMin : how);
    }
  } else if (first.value_kind == NumberKind::kDouble) {
    std::vector<double> values;
    for (const NumberDataPoint* p : group) values.push_back(p->value_kind == NumberKind::kInt ? static_cast<double>(p->as_int) : p->as_double);
    first.as_double = Merged(std::move(values), how);
  }
  for (const NumberDataPoint* p : group) first.start_time_unix_nano = std::min(first.start_time_unix_nano, p->start_time_unix_nano);
}

void AddCounts(Vec<uint64_t>& to, const Vec<uint64_t>& from, Arena& arena) {
  for (size_t i = 0; i < from.size(); ++i) {
    if (i < to.size()) {
      to[i] += from[i];
    } else {
      to.Add(arena) = from[i];
    }
  }
}
template <typename P>
void MergeGroup(const std::vector<P*>& group, How, Arena& arena) {
  P& first = *group[0];
  for (size_t i = 1; i < group.size(); ++i) {
    P& p = *group[i];
    if (p.count == 0) continue;
    first.count += p.count;
    first.sum += p.sum;
    first.has_sum = true;
    if (first.has_min) first.min = std::min(first.min, p.min);
    if (first.has_max) first.max = std::max(first.max, p.max);
    if constexpr (requires { p.zero_count; }) {
      first.zero_count += p.zero_count;
      AddCounts(first.positive.bucket_counts, p.positive.bucket_counts, arena);
      AddCounts(first.negative.bucket_counts, p.negative.bucket_counts, arena);
      first.has_positive = first.has_positive || p.has_positive;
      first.has_negative = first.has_negative || p.has_negative;
    } else {
      AddCounts(first.bucket_counts, p.bucket_counts, arena);
    }
    for (Exemplar& e : p.exemplars) first.exemplars.Add(arena) = std::move(e);
    first.start_time_unix_nano = std::min(first.start_time_unix_nano, p.start_time_unix_nano);
  }
}

template <typename P>
void Merge(Vec<P>& points, bool delta, How how, Arena& arena) {
  std::vector<std::vector<P*>> groups;
  for (P& point : points) {
    auto at = std::find_if(groups.begin(), groups.end(),
                           [&](const std::vector<P*>& group) { return Alike(*group[0], point, delta) && SameShape(*group[0], point); });
    if (at == groups.end()) {
      groups.push_back({&point});
    } else {
      at->push_back(&point);
    }
  }
  Vec<P> merged;
  merged.Reserve(arena, static_cast<uint32_t>(groups.size()));
  for (const std::vector<P*>& group : groups) {
    MergeGroup(group, how, arena);
    merged.Add(arena) = std::move(*group[0]);
  }
  points = std::move(merged);
}

void MergeMetric(Metric& m, How how, Arena& arena) {
  const bool delta = m.aggregation_temporality == 1 && m.type != MetricType::kGauge;
  Merge(m.number_points, delta, how, arena);
  Merge(m.histogram_points, delta, how, arena);
  Merge(m.exponential_points, delta, how, arena);
}

template <typename F>
void EachAttributes(Metric& m, F f) {
  for (auto& p : m.number_points) f(p.attributes);
  for (auto& p : m.histogram_points) f(p.attributes);
  for (auto& p : m.exponential_points) f(p.attributes);
  for (auto& p : m.summary_points) f(p.attributes);
}

Result OnAttributes(Args a) {
  OTELPIPE_ASSIGN_OR_RETURN(How how, HowOf(a[0].text()));
  return Getter([how, filter = a[1].present, keys = std::move(a[1].texts)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    Metric& m = *item.metric;
    if (m.type == MetricType::kSummary) {
      return absl::InvalidArgumentError("aggregate_on_attributes does not support aggregating Summary metrics");
    }
    if (filter) {
      EachAttributes(m, [&](Map& attributes) {
        attributes.items().Filter([&](const KeyValue& kv) { return std::find(keys.begin(), keys.end(), kv.key) != keys.end(); });
      });
    }
    MergeMetric(m, how, arena);
    return Value();
  });
}

Result OnAttributeValue(Args a) {
  OTELPIPE_ASSIGN_OR_RETURN(How how, HowOf(a[0].text()));
  return Getter([how, key = a[1].text(), values = std::move(a[2].texts), with = a[3].text()](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    Metric& m = *item.metric;
    EachAttributes(m, [&](Map& attributes) {
      Value* found = attributes.Find(key);
      if (found != nullptr && found->is_string() && std::find(values.begin(), values.end(), found->string()) != values.end()) *found = Value::Str(with);
    });
    MergeMetric(m, how, arena);
    return Value();
  });
}

}  // namespace

const std::vector<Function>& AggregateEditors() {
  constexpr Contexts metric = In(ContextKind::kMetric);
  static const auto* const table = new std::vector<Function>{
      {"aggregate_on_attributes", {{"aggregation_function", K::kText}, {"attributes", K::kTexts, true}}, OnAttributes, metric, false},
      {"aggregate_on_attribute_value",
       {{"aggregation_function", K::kText}, {"attribute", K::kText}, {"values", K::kTexts}, {"new_value", K::kText}},
       OnAttributeValue,
       metric,
       false},
  };
  return *table;
}

}  // namespace otelpipe::ottl
