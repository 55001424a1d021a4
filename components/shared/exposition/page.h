// Page: a page of metrics in Prometheus' text format 0.0.4 or in OpenMetrics 1.0, written as the reference's encoder
// does.
//
//   Page page(Format::kText);
//   page.Family("up", "Whether it runs", Type::kGauge);
//   page.Value(RenderLabels({{"job", "a"}}), 1);
//   std::string text = page.Finish();
//   // # HELP up Whether it runs
//   // # TYPE up gauge
//   // up{job="a"} 1
//
// Families and the series of a family are written in the order they come. Label text comes ready (RenderLabels), so
// that a series which lives long is rendered once. Not thread-safe; no errors.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otelpipe::exposition {

enum class Format { kText, kOpenMetrics };
enum class Type { kCounter, kGauge, kHistogram, kSummary, kUntyped };
// "counter", "gauge" ...
std::string_view TypeName(Type type);

using LabelPairs = std::vector<std::pair<std::string, std::string>>;  // name, value

// `a="b",c="d"`: names and values escaped, bad UTF-8 replaced by U+FFFD, in the order given.
std::string RenderLabels(const LabelPairs& labels);

struct Exemplar {
  std::string labels;  // rendered
  double value = 0;
  uint64_t unix_nanos = 0;
};

struct Bucket {
  double bound = 0;
  uint64_t cumulative = 0;
  const Exemplar* exemplar = nullptr;
};

class Page {
 public:
  explicit Page(Format format, size_t expected_size = 0) : format_(format) { out_.reserve(expected_size); }

  // Begins a family. Of a counter the name has its `_total`. The name is escaped.
  void Family(std::string_view name, std::string_view help, Type type);
  // One series of a counter, a gauge or an untyped family. `millis` is the time of the sample. Exemplars show in OpenMetrics only.
  void Value(std::string_view labels, double value, std::optional<int64_t> millis = {},
             const Exemplar* exemplar = nullptr);
  // `buckets` ascending by bound. The one for +Inf is written with `count` when it is not among them; `infinite` is its
  // exemplar.
  void Histogram(std::string_view labels, std::span<const Bucket> buckets, uint64_t count, double sum,
                 std::optional<int64_t> millis = {}, const Exemplar* infinite = nullptr);
  // Quantile and value, ascending.
  void Summary(std::string_view labels, std::span<const std::pair<double, double>> quantiles, uint64_t count,
               double sum, std::optional<int64_t> millis = {});
  // The page; this object is empty afterwards.
  std::string Finish();

 private:
  void Start(std::string_view suffix, std::string_view labels, std::string_view extra_name = "", double extra = 0);
  void Number(double value);
  void Count(uint64_t value);
  void End(std::optional<int64_t> millis, const Exemplar* exemplar);

  Format format_;
  std::string name_;
  std::string out_;
};

}  // namespace otelpipe::exposition
