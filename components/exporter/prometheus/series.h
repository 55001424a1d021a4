// Series: the last value of one time series, and how it is shown.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "otelpipe/pdata/records.h"
#include "shared/exposition/page.h"

namespace otelpipe::prometheus {

// What a resource says about all its series: its labels `job` and `instance`, and its line of target_info.
struct Target {
  std::optional<std::string> job;       // [service.namespace/]service.name
  std::optional<std::string> instance;  // service.instance.id
  exposition::LabelPairs info;          // labels of target_info, sorted; empty unless both are known
  std::string problem;                  // why there is no target_info
};
Target MakeTarget(const Map& resource);

// Names the metrics of one exporter.
struct Naming {
  std::string name_space;
  bool add_suffixes = true;
  exposition::LabelPairs const_labels;
};

// The state of one series. The members from `start` on are those of its newest data point.
struct Series {
  // As the sender describes it.
  std::string name, description, unit;
  MetricType type = MetricType::kNone;
  bool monotonic = false;
  bool unknown = false;  // a gauge that was made of a Prometheus metric without type
  // The rest of its labels, without const_labels, job and instance: the names as they are shown.
  exposition::LabelPairs attributes;
  std::shared_ptr<const Target> target;

  // As it is shown; made by Render.
  std::string family;
  exposition::Type shown_as = exposition::Type::kGauge;
  exposition::LabelPairs labels;  // sorted by name
  std::string label_text;
  std::string problem;  // why it cannot be shown

  uint64_t start = 0, time = 0;
  bool is_int = false;
  int64_t integer = 0;
  double number = 0;
  uint64_t count = 0;
  double sum = 0;
  std::vector<double> bounds;
  std::vector<uint64_t> counts;
  std::vector<std::pair<double, double>> quantiles;
  std::vector<exposition::Exemplar> exemplars;

  int64_t updated = 0;  // monotonic clock
  uint64_t order = 0;   // of first appearance

  // Fills family, shown_as, labels, label_text and problem.
  void Render(const Naming& naming);
  void Write(exposition::Page& page, bool timestamps) const;

  void Take(const NumberDataPoint& point);
  // Adds `point` to the number, and moves the time on.
  void Accumulate(const NumberDataPoint& point);
  void Take(const HistogramDataPoint& point);
  // Adds the buckets of `point`; other bounds replace the value.
  void Accumulate(const HistogramDataPoint& point);
  void Take(const SummaryDataPoint& point);

 private:
  void TakeExemplars(const Vec<Exemplar>& from);
};

// Sorts by name; the problem with these names, in the words of the reference's client library, or "".
std::string SortAndCheck(exposition::LabelPairs& labels, const std::string& full_name);

}  // namespace otelpipe::prometheus
