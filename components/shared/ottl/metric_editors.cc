// Editors of metrics: changes of type, metrics made out of others.
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/text.h"
#include "shared/ottl/functions.h"

namespace otelpipe::ottl {
namespace {

using K = ArgKind;
using Result = absl::StatusOr<Getter>;

template <typename F>
Getter OnMetric(F f) {
  return [f = std::move(f)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_RETURN_IF_ERROR(f(item, arena));
    return Value();
  };
}

absl::StatusOr<int32_t> Temporality(std::string_view text) {
  if (text == "delta") return 1;
  if (text == "cumulative") return 2;
  return absl::InvalidArgumentError(absl::StrCat("unknown aggregation temporality: ", A(text)));
}

std::string_view TypeText(MetricType type) {
  static constexpr std::string_view kNames[] = {"Empty", "Gauge", "Sum", "Histogram", "ExponentialHistogram", "Summary"};
  return kNames[static_cast<size_t>(type)];
}

// A new metric behind the others of the scope. Finds the item's metric again: the list may have moved.
Metric& AddMetric(Item& item, Arena& arena) {
  Metric& added = item.metrics->Add(arena);
  item.metric = &(*item.metrics)[item.metric_index];
  return added;
}
void CopyAttributes(const Map& from, Map& to, Arena& arena) { Clone(from, to, arena, false); }

Result ConvertSumToGauge(Args) {
  return OnMetric([](Item& item, Arena&) {
    Metric& m = *item.metric;
    if (m.type != MetricType::kSum) return absl::OkStatus();
    m.type = MetricType::kGauge;
    m.aggregation_temporality = 0;
    m.is_monotonic = false;
    return absl::OkStatus();
  });
}
Result ConvertGaugeToSum(Args a) {
  OTELPIPE_ASSIGN_OR_RETURN(int32_t temporality, Temporality(a[0].text()));
  return OnMetric([temporality, monotonic = a[1].literal->boolean()](Item& item, Arena&) {
    Metric& m = *item.metric;
    if (m.type != MetricType::kGauge) return absl::OkStatus();
    m.type = MetricType::kSum;
    m.aggregation_temporality = temporality;
    m.is_monotonic = monotonic;
    return absl::OkStatus();
  });
}

// A sum next to the item's metric with the points that `make` gives for its points.
template <typename Make>
absl::Status AddSum(Item& item, Arena& arena, std::string_view suffix, std::string_view unit, int32_t temporality, bool monotonic, bool even_empty,
                    Make make) {
  Vec<NumberDataPoint> points;
  auto each = [&](const auto& from) {
    for (const auto& point : from) {
      NumberDataPoint made;
      if (!make(point, made)) continue;
      CopyAttributes(point.attributes, made.attributes, arena);
      made.start_time_unix_nano = point.start_time_unix_nano;
      made.time_unix_nano = point.time_unix_nano;
      points.Add(arena) = std::move(made);
    }
  };
  each(item.metric->histogram_points);
  each(item.metric->exponential_points);
  each(item.metric->summary_points);
  if (points.empty() && !even_empty) return absl::OkStatus();
  Metric& added = AddMetric(item, arena);
  const Metric& from = *item.metric;
  added.type = MetricType::kSum;
  added.name = arena.Copy(absl::StrCat(A(from.name), A(suffix)));
  added.description = from.description;
  added.unit = unit;
  added.aggregation_temporality = temporality;
  added.is_monotonic = monotonic;
  added.number_points = std::move(points);
  return absl::OkStatus();
}
bool SumOf(const auto& point, NumberDataPoint& out) {
  if constexpr (requires { point.has_sum; }) {
    if (!point.has_sum) return false;
  }
  out.value_kind = NumberKind::kDouble;
  out.as_double = point.sum;
  return true;
}
bool CountOf(const auto& point, NumberDataPoint& out) {
  out.value_kind = NumberKind::kInt;
  out.as_int = static_cast<int64_t>(point.count);
  return true;
}

template <bool kSum>
Result Extract(Args a) {
  const std::string_view suffix = a[1].present ? a[1].text() : std::string_view(kSum ? "_sum" : "_count");
  return OnMetric([monotonic = a[0].literal->boolean(), suffix](Item& item, Arena& arena) -> absl::Status {
    const Metric& m = *item.metric;
    int32_t temporality = 0;
    if (m.type == MetricType::kHistogram || m.type == MetricType::kExponentialHistogram) temporality = m.aggregation_temporality;
    if (m.type == MetricType::kSummary) temporality = 2;
    if (temporality == 0) {
      return absl::InvalidArgumentError(absl::StrCat(kSum ? "extract_sum_metric" : "extract_count_metric",
                                                     " requires an input metric of type Histogram, ExponentialHistogram or Summary, got ",
                                                     A(TypeText(m.type))));
    }
    return AddSum(item, arena, suffix, kSum ? m.unit : std::string_view("1"), temporality, monotonic, false, [](const auto& point, NumberDataPoint& out) {
      return kSum ? SumOf(point, out) : CountOf(point, out);
    });
  });
}

// Runs for each point of a summary, and adds the metric each time, as in the reference.
template <bool kSum>
Result ConvertSummary(Args a) {
  OTELPIPE_ASSIGN_OR_RETURN(int32_t temporality, Temporality(a[0].text()));
  const std::string_view suffix = a[2].present ? a[2].text() : std::string_view(kSum ? "_sum" : "_count");
  return OnMetric([temporality, monotonic = a[1].literal->boolean(), suffix](Item& item, Arena& arena) -> absl::Status {
    const Metric& m = *item.metric;
    if (m.type != MetricType::kSummary) return absl::OkStatus();
    return AddSum(item, arena, suffix, m.unit, temporality, monotonic, true, [](const auto& point, NumberDataPoint& out) {
      return kSum ? SumOf(point, out) : CountOf(point, out);
    });
  });
}

Result SummaryQuantiles(Args a) {
  const std::string_view key = a[0].present ? a[0].text() : std::string_view("quantile");
  const std::string_view suffix = a[1].present ? a[1].text() : std::string_view(".quantiles");
  return OnMetric([key, suffix](Item& item, Arena& arena) -> absl::Status {
    if (item.metric->type != MetricType::kSummary) return absl::OkStatus();
    Metric& added = AddMetric(item, arena);
    const Metric& m = *item.metric;
    added.type = MetricType::kGauge;
    added.name = arena.Copy(absl::StrCat(A(m.name), A(suffix)));
    added.description = m.description;
    added.unit = m.unit;
    for (const SummaryDataPoint& point : m.summary_points) {
      for (const QuantileValue& quantile : point.quantile_values) {
        std::string text;
        AppendJsonDouble(text, quantile.quantile);
        if (text.size() < 4 && text != "0" && text != "1") text += '0';
        NumberDataPoint& made = added.number_points.Add(arena);
        CopyAttributes(point.attributes, made.attributes, arena);
        made.attributes.Set(arena, key, Value::Str(arena.Copy(text)));
        made.value_kind = NumberKind::kDouble;
        made.as_double = quantile.value;
        made.start_time_unix_nano = point.start_time_unix_nano;
        made.time_unix_nano = point.time_unix_nano;
      }
    }
    return absl::OkStatus();
  });
}

template <typename T>
void CopyVec(const Vec<T>& from, Vec<T>& to, Arena& arena) {
  to.Reserve(arena, from.size());
  for (const T& each : from) to.Add(arena) = each;
}
void CopyExemplars(const Vec<Exemplar>& from, Vec<Exemplar>& to, Arena& arena) {
  for (const Exemplar& e : from) {
    Exemplar& made = to.Add(arena);
    made.time_unix_nano = e.time_unix_nano;
    made.value_kind = e.value_kind;
    made.as_int = e.as_int;
    made.as_double = e.as_double;
    made.trace_id = e.trace_id;
    made.span_id = e.span_id;
    CopyAttributes(e.filtered_attributes, made.filtered_attributes, arena);
  }
}
template <typename P>
void CopyCommon(const P& from, P& to, Arena& arena) {
  CopyAttributes(from.attributes, to.attributes, arena);
  to.start_time_unix_nano = from.start_time_unix_nano;
  to.time_unix_nano = from.time_unix_nano;
  to.flags = from.flags;
  if constexpr (requires { from.exemplars; }) CopyExemplars(from.exemplars, to.exemplars, arena);
  if constexpr (requires { from.count; }) to.count = from.count;
  if constexpr (requires { from.sum; }) to.sum = from.sum;
  if constexpr (requires { from.has_sum; }) {
    to.has_sum = from.has_sum, to.has_min = from.has_min, to.has_max = from.has_max;
    to.min = from.min, to.max = from.max;
  }
}
void CopyMetric(const Metric& from, Metric& to, Arena& arena) {
  to.name = from.name;
  to.description = from.description;
  to.unit = from.unit;
  to.type = from.type;
  to.aggregation_temporality = from.aggregation_temporality;
  to.is_monotonic = from.is_monotonic;
  CopyAttributes(from.metadata, to.metadata, arena);
  for (const NumberDataPoint& p : from.number_points) {
    NumberDataPoint& made = to.number_points.Add(arena);
    CopyCommon(p, made, arena);
    made.value_kind = p.value_kind;
    made.as_int = p.as_int;
    made.as_double = p.as_double;
  }
  for (const HistogramDataPoint& p : from.histogram_points) {
    HistogramDataPoint& made = to.histogram_points.Add(arena);
    CopyCommon(p, made, arena);
    CopyVec(p.bucket_counts, made.bucket_counts, arena);
    CopyVec(p.explicit_bounds, made.explicit_bounds, arena);
  }
  for (const ExponentialHistogramDataPoint& p : from.exponential_points) {
    ExponentialHistogramDataPoint& made = to.exponential_points.Add(arena);
    CopyCommon(p, made, arena);
    made.scale = p.scale;
    made.zero_count = p.zero_count;
    made.zero_threshold = p.zero_threshold;
    made.has_positive = p.has_positive, made.has_negative = p.has_negative;
    made.positive.offset = p.positive.offset;
    made.negative.offset = p.negative.offset;
    CopyVec(p.positive.bucket_counts, made.positive.bucket_counts, arena);
    CopyVec(p.negative.bucket_counts, made.negative.bucket_counts, arena);
  }
  for (const SummaryDataPoint& p : from.summary_points) {
    SummaryDataPoint& made = to.summary_points.Add(arena);
    CopyCommon(p, made, arena);
    CopyVec(p.quantile_values, made.quantile_values, arena);
  }
}

Result CopyMetricEditor(Args a) {
  return OnMetric([name = std::move(a[0].get), description = std::move(a[1].get), unit = std::move(a[2].get)](Item& item, Arena& arena) -> absl::Status {
    AddMetric(item, arena);
    // The copy stands last; getters below add none.
    Metric& copy = item.metrics->back();
    CopyMetric(*item.metric, copy, arena);
    auto change = [&](const Getter& get, std::string_view& to) -> absl::Status {
      if (!get) return absl::OkStatus();
      OTELPIPE_ASSIGN_OR_RETURN(Value v, get(item, arena));
      OTELPIPE_ASSIGN_OR_RETURN(to, NeedText(v));
      return absl::OkStatus();
    };
    OTELPIPE_RETURN_IF_ERROR(change(name, copy.name));
    OTELPIPE_RETURN_IF_ERROR(change(description, copy.description));
    return change(unit, copy.unit);
  });
}

int64_t Scaled(int64_t n, double by) { return static_cast<int64_t>(std::min(std::max(static_cast<double>(n) * by, -9.2e18), 9.2e18)); }
Result ScaleMetric(Args a) {
  return OnMetric([by = a[0].literal->number(), unit = std::move(a[1].get)](Item& item, Arena& arena) -> absl::Status {
    Metric& m = *item.metric;
    std::string_view new_unit = m.unit;
    if (unit) {
      OTELPIPE_ASSIGN_OR_RETURN(Value v, unit(item, arena));
      auto text = NeedText(v);
      if (!text.ok()) return Annotate(text.status(), "could not get unit from ScaleArguments: ");
      new_unit = *text;
    }
    if (m.type == MetricType::kExponentialHistogram) {
      return absl::InvalidArgumentError("exponential histograms are not supported by the 'scale_metric' function");
    }
    if (m.type == MetricType::kNone) return absl::InvalidArgumentError("unsupported metric type: 'Empty'");
    for (NumberDataPoint& p : m.number_points) {
      if (p.value_kind == NumberKind::kInt) p.as_int = Scaled(p.as_int, by);
      if (p.value_kind == NumberKind::kDouble) p.as_double *= by;
    }
    for (HistogramDataPoint& p : m.histogram_points) {
      if (p.has_sum) p.sum *= by;
      if (p.has_min) p.min *= by;
      if (p.has_max) p.max *= by;
      for (double& bound : p.explicit_bounds) bound *= by;
      for (Exemplar& e : p.exemplars) {
        if (e.value_kind == NumberKind::kInt) e.as_int = Scaled(e.as_int, by);
        if (e.value_kind == NumberKind::kDouble) e.as_double *= by;
      }
    }
    for (SummaryDataPoint& p : m.summary_points) {
      p.sum *= by;
      for (QuantileValue& q : p.quantile_values) q.value *= by;
    }
    m.unit = new_unit;
    return absl::OkStatus();
  });
}

}  // namespace

const std::vector<Function>& MetricEditors() {
  constexpr Contexts metric = In(ContextKind::kMetric), point = In(ContextKind::kDataPoint);
  const Param suffix{"suffix", K::kText, true};
  static const auto* const table = new std::vector<Function>{
      {"convert_sum_to_gauge", {}, ConvertSumToGauge, metric, false},
      {"convert_gauge_to_sum", {{"aggregation_temporality", K::kText}, {"monotonic", K::kBool}}, ConvertGaugeToSum, metric, false},
      {"extract_sum_metric", {{"monotonic", K::kBool}, suffix}, Extract<true>, metric, false},
      {"extract_count_metric", {{"monotonic", K::kBool}, suffix}, Extract<false>, metric, false},
      {"convert_summary_sum_val_to_sum",
       {{"aggregation_temporality", K::kText}, {"monotonic", K::kBool}, suffix},
       ConvertSummary<true>,
       metric | point,
       false},
      {"convert_summary_count_val_to_sum",
       {{"aggregation_temporality", K::kText}, {"monotonic", K::kBool}, suffix},
       ConvertSummary<false>,
       metric | point,
       false},
      {"convert_summary_quantile_val_to_gauge", {{"attribute_key", K::kText, true}, suffix}, SummaryQuantiles, metric, false},
      {"copy_metric", {{"name", K::kAny, true}, {"desc", K::kAny, true}, {"unit", K::kAny, true}}, CopyMetricEditor, metric, false},
      {"scale_metric", {{"multiplier", K::kFloat}, {"unit", K::kAny, true}}, ScaleMetric, metric, false},
  };
  return *table;
}

}  // namespace otelpipe::ottl
