#include "exporter/prometheus/series.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/text.h"
#include "shared/exposition/names.h"

namespace otelpipe::prometheus {

using exposition::Bucket;
using exposition::LabelPairs;
using exposition::Type;

std::string SortAndCheck(LabelPairs& labels, const std::string& full_name) {
  std::sort(labels.begin(), labels.end());
  for (size_t i = 0; i < labels.size(); ++i) {
    if (!exposition::IsValidLabelName(labels[i].first)) {
      return absl::StrCat("\"", labels[i].first, "\" is not a valid label name for metric \"", full_name, "\"");
    }
  }
  // Names that differ only where a page replaces characters would meet there, and the scraper refuse all of it.
  std::vector<std::string> shown;
  for (const auto& [name, value] : labels) shown.push_back(exposition::EscapeLabelName(name));
  std::sort(shown.begin(), shown.end());
  if (std::adjacent_find(shown.begin(), shown.end()) != shown.end()) {
    return absl::StrCat("duplicate label names in constant and variable labels for metric \"", full_name, "\"");
  }
  return "";
}

Target MakeTarget(const Map& resource) {
  Target t;
  if (const Value* name = resource.Find("service.name")) {
    t.job = name->AsString();
    if (const Value* space = resource.Find("service.namespace")) t.job = space->AsString() + "/" + *t.job;
  }
  if (const Value* instance = resource.Find("service.instance.id")) t.instance = instance->AsString();
  if (t.job.value_or("").empty() || t.instance.value_or("").empty()) return t;
  for (const KeyValue& kv : resource) {
    if (kv.key == "service.name" || kv.key == "service.namespace" || kv.key == "service.instance.id") continue;
    const std::string label = exposition::LabelName(kv.key);
    auto same = std::find_if(t.info.begin(), t.info.end(), [&](const auto& l) { return l.first == label; });
    if (same != t.info.end()) {
      absl::StrAppend(&same->second, ";", kv.value.AsString());
    } else {
      t.info.emplace_back(label, kv.value.AsString());
    }
  }
  t.info.emplace_back("job", *t.job);
  t.info.emplace_back("instance", *t.instance);
  t.problem = SortAndCheck(t.info, "target_info");
  return t;
}

void Series::Render(const Naming& naming) {
  using exposition::NameKind;
  const bool counter = type == MetricType::kSum && monotonic;
  const NameKind kind = counter ? NameKind::kCounter : type == MetricType::kGauge ? NameKind::kGauge : NameKind::kOther;
  family = exposition::MetricName(name, unit, kind, naming.name_space, naming.add_suffixes);
  shown_as = counter                          ? Type::kCounter
             : type == MetricType::kHistogram ? Type::kHistogram
             : type == MetricType::kSummary   ? Type::kSummary
             : unknown                        ? Type::kUntyped
                                              : Type::kGauge;
  labels = attributes;
  if (target != nullptr && target->job) labels.emplace_back("job", *target->job);
  if (target != nullptr && target->instance) labels.emplace_back("instance", *target->instance);
  labels.insert(labels.end(), naming.const_labels.begin(), naming.const_labels.end());
  problem = SortAndCheck(labels, family);
  if (family.empty()) problem = "\"\" is not a valid metric name";
  const char* own = type == MetricType::kHistogram ? "le" : type == MetricType::kSummary ? "quantile" : "";
  for (const auto& [label, value] : labels) {
    if (label == own) problem = absl::StrCat("metric \"", family, "\" must not have an explicit \"", own, "\" label");
  }
  label_text = exposition::RenderLabels(labels);
}

void Series::TakeExemplars(const Vec<Exemplar>& from) {
  exemplars.clear();
  for (const Exemplar& e : from) {
    exposition::Exemplar out;
    auto add = [&](std::string_view label, const auto& id) {
      if (id.empty()) return;
      if (!out.labels.empty()) out.labels += ',';
      out.labels.append(label).append("=\"");
      AppendHex(out.labels, id);
      out.labels += '"';
    };
    add("span_id", e.span_id);
    add("trace_id", e.trace_id);
    out.value = e.value_kind == NumberKind::kInt ? static_cast<double>(e.as_int) : e.as_double;
    out.unix_nanos = e.time_unix_nano;
    exemplars.push_back(std::move(out));
  }
}

void Series::Take(const NumberDataPoint& p) {
  start = p.start_time_unix_nano;
  time = p.time_unix_nano;
  is_int = p.value_kind == NumberKind::kInt;
  integer = p.as_int;
  number = p.as_double;
  TakeExemplars(p.exemplars);
}

void Series::Accumulate(const NumberDataPoint& p) {
  // A sender that changes between integers and doubles keeps its sum; the reference reads the other kind as zero.
  const bool both_ints = is_int && p.value_kind == NumberKind::kInt;
  const double sum_so_far = is_int ? static_cast<double>(integer) : number;
  const uint64_t first = start;
  int64_t total = 0;
  const bool overflow = both_ints && __builtin_add_overflow(integer, p.as_int, &total);
  Take(p);
  start = first;
  if (both_ints && !overflow) {
    integer = total;
  } else {
    number = sum_so_far + (p.value_kind == NumberKind::kInt ? static_cast<double>(p.as_int) : p.as_double);
    is_int = false;
  }
}

void Series::Take(const HistogramDataPoint& p) {
  start = p.start_time_unix_nano;
  time = p.time_unix_nano;
  count = p.count;
  sum = p.sum;
  bounds.assign(p.explicit_bounds.begin(), p.explicit_bounds.end());
  counts.assign(p.bucket_counts.begin(), p.bucket_counts.end());
  TakeExemplars(p.exemplars);
}

void Series::Accumulate(const HistogramDataPoint& p) {
  const uint64_t first = start;
  const bool same = std::equal(bounds.begin(), bounds.end(), p.explicit_bounds.begin(), p.explicit_bounds.end()) &&
                    counts.size() == p.bucket_counts.size();
  if (!same) {
    Take(p);
    start = first;
    return;
  }
  time = std::max(time, p.time_unix_nano);
  count += p.count;
  sum += p.sum;
  for (size_t i = 0; i < counts.size(); ++i) counts[i] += p.bucket_counts[i];
  TakeExemplars(p.exemplars);
}

void Series::Take(const SummaryDataPoint& p) {
  start = p.start_time_unix_nano;
  time = p.time_unix_nano;
  count = p.count;
  sum = p.sum;
  quantiles.clear();
  for (const QuantileValue& q : p.quantile_values) {
    // Of equal ones the last counts: a page with both would be refused.
    auto same = std::find_if(quantiles.begin(), quantiles.end(), [&q](const auto& have) { return have.first == q.quantile; });
    if (same != quantiles.end()) {
      same->second = q.value;
    } else {
      quantiles.emplace_back(q.quantile, q.value);
    }
  }
  std::sort(quantiles.begin(), quantiles.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
}

void Series::Write(exposition::Page& page, bool timestamps) const {
  std::optional<int64_t> millis;
  if (timestamps) millis = static_cast<int64_t>(time / 1'000'000);
  switch (shown_as) {
    case Type::kGauge:
    case Type::kUntyped:
      page.Value(label_text, is_int ? static_cast<double>(integer) : number, millis);
      return;
    case Type::kCounter:
      page.Value(label_text, is_int ? static_cast<double>(integer) : number, millis,
                 exemplars.empty() ? nullptr : &exemplars.back());
      return;
    case Type::kSummary:
      page.Summary(label_text, quantiles, count, sum, millis);
      return;
    case Type::kHistogram:
      break;
  }
  // Senders should sort the bounds; the counts stay with them when they did not.
  std::vector<std::pair<double, uint64_t>> sorted;
  for (size_t i = 0; i < bounds.size(); ++i) sorted.emplace_back(bounds[i], i < counts.size() ? counts[i] : 0);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Bucket> buckets;
  uint64_t cumulative = 0;
  for (const auto& [bound, n] : sorted) {
    cumulative += n;
    if (!buckets.empty() && buckets.back().bound == bound) {
      buckets.back().cumulative = cumulative;
    } else {
      buckets.push_back({bound, cumulative, nullptr});
    }
  }
  const exposition::Exemplar* infinite = nullptr;
  for (const exposition::Exemplar& e : exemplars) {
    auto bucket = std::find_if(buckets.begin(), buckets.end(), [&](const Bucket& b) { return b.bound >= e.value; });
    if (bucket != buckets.end()) {
      bucket->exemplar = &e;
    } else {
      infinite = &e;
    }
  }
  page.Histogram(label_text, buckets, count, sum, millis, infinite);
}

}  // namespace otelpipe::prometheus
