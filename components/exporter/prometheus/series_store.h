// SeriesStore: the last value of every series an exporter has seen, and the page made of them.
//
//   SeriesStore store(options, log);
//   store.Add(metrics, loop->MonotonicNanos());
//   store.Expire(loop->MonotonicNanos() - expiration);
//   std::string page = store.Write(exposition::Format::kText, false);
//
// A series is known by metric name, type, scope, attributes, job and instance. Points older than what is stored are
// ignored; delta sums and histograms are added up where one point begins at the end of the last. The order, the
// conflicts and the sums are those of the reference (prometheusexporter v0.130.0). Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exporter/prometheus/series.h"
#include "otelpipe/component/telemetry.h"

namespace otelpipe::prometheus {

class SeriesStore {
 public:
  struct Options {
    Naming naming;
    bool resource_labels = false;  // resource attributes become labels
  };
  SeriesStore(Options options, Logger log) : options_(std::move(options)), log_(std::move(log)) {}

  void Add(const MetricsData& data, int64_t now);
  // Forgets the series that were updated last before `limit`.
  void Expire(int64_t limit);
  // All series that can be shown; logs those that cannot, each time, as the reference does.
  std::string Write(exposition::Format format, bool timestamps);

  size_t size() const { return series_.size(); }

 private:
  struct Origin;  // resource and scope of the metrics at hand
  struct Family {
    std::string help;
    exposition::Type type;
    uint64_t order;
    std::vector<const Series*> series;
    std::vector<const Target*> targets;  // of target_info
  };
  struct Complaint {
    LogLevel level;
    std::string message;
    std::vector<LogField> fields;
  };

  void AddMetric(const Metric& metric, const Origin& origin);
  template <typename Point>
  void AddPoints(const Metric& metric, const Vec<Point>& points, const Origin& origin);
  // Puts one point into an existing series; false when it is to be ignored.
  bool Update(Series& s, const Metric& metric, const NumberDataPoint& p);
  bool Update(Series& s, const Metric& metric, const HistogramDataPoint& p);
  bool Update(Series& s, const Metric& metric, const SummaryDataPoint& p);
  const std::string& KeyOf(const Metric& metric, const Map& attributes, const Origin& origin);
  exposition::LabelPairs LabelsOf(const Map& attributes, const Origin& origin) const;
  std::shared_ptr<const Target> TargetOf(const Map& resource);
  void GatherAttributes(const Map& attributes, const Origin& origin, std::vector<const KeyValue*>& out) const;

  void Arrange();
  void DropCollisions();
  void Complain(LogLevel level, std::string message, std::vector<LogField> fields = {});

  const Options options_;
  const Logger log_;
  std::unordered_map<std::string, std::unique_ptr<Series>> series_;
  std::unordered_map<std::string, std::shared_ptr<const Target>> targets_;
  uint64_t next_order_ = 0;

  // The page's shape; made anew when series come, go or change their looks.
  bool arranged_ = false;
  std::map<std::string, Family> families_;
  // Help and type that a name was shown with first; they stay while the name has series.
  std::map<std::string, std::pair<std::string, exposition::Type>> definitions_;
  std::vector<Complaint> complaints_;
  size_t last_page_size_ = 0;

  std::string key_;  // scratch
  std::vector<const KeyValue*> sorted_;
};

}  // namespace otelpipe::prometheus
