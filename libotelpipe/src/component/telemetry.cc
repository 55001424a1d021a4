#include "otelpipe/component/telemetry.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>

#include "absl/time/clock.h"

namespace otelpipe {

Logger::Logger(std::shared_ptr<LogSink> sink, std::vector<LogField> component_fields)
    : sink_(std::move(sink)), component_(std::make_shared<const std::vector<LogField>>(std::move(component_fields))) {}

void Logger::Log(LogLevel level, std::string_view message, std::vector<LogField> fields, const char* file,
                 int line) const {
  if (!Enabled(level)) return;
  sink_->Write(LogLine{level, absl::GetCurrentTimeNanos(), message, *component_, fields, file, line});
}

Logger Logger::With(std::vector<LogField> more) const {
  if (sink_ == nullptr) return Logger();
  std::vector<LogField> all = *component_;
  for (LogField& f : more) all.push_back(std::move(f));
  return Logger(sink_, std::move(all));
}

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(new std::atomic<uint64_t>[bounds_.size() + 1]()) {}

void Histogram::Observe(double value) {
  size_t i = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[i].fetch_add(1, std::memory_order_relaxed);
  double sum = sum_.load(std::memory_order_relaxed);
  while (!sum_.compare_exchange_weak(sum, sum + value, std::memory_order_relaxed)) {
  }
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot s{bounds_, {}, sum_.load(std::memory_order_relaxed), 0};
  for (size_t i = 0; i <= bounds_.size(); ++i) {
    s.counts.push_back(counts_[i].load(std::memory_order_relaxed));
    s.count += s.counts.back();
  }
  return s;
}

struct Metrics::Impl {
  struct Instrument {
    MetricSample meta;
    Counter counter;
    Gauge gauge;
    std::unique_ptr<Histogram> histogram;
  };
  std::mutex mutex;
  std::deque<Instrument> instruments;  // addresses stay
  std::map<std::pair<std::string, Labels>, Instrument*> index;

  Instrument& Get(MetricSample::Type type, std::string_view name, Labels labels, std::string_view help,
                  std::string_view unit, std::string_view scope, std::vector<double> bounds = {}) {
    std::lock_guard<std::mutex> lock(mutex);
    std::sort(labels.begin(), labels.end());
    auto [it, inserted] = index.try_emplace({std::string(name), labels}, nullptr);
    if (inserted) {
      Instrument& made = instruments.emplace_back();
      made.meta.type = type;
      made.meta.name = std::string(name);
      made.meta.help = std::string(help);
      made.meta.unit = std::string(unit);
      made.meta.scope = std::string(scope);
      made.meta.labels = std::move(labels);
      if (type == MetricSample::Type::kHistogram) made.histogram = std::make_unique<Histogram>(std::move(bounds));
      it->second = &made;
    }
    return *it->second;
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter* Metrics::AddCounter(std::string_view name, Labels labels, std::string_view help, std::string_view unit,
                             std::string_view scope) {
  return &impl_->Get(MetricSample::Type::kCounter, name, std::move(labels), help, unit, scope).counter;
}

Gauge* Metrics::AddGauge(std::string_view name, Labels labels, std::string_view help, std::string_view unit,
                         std::string_view scope) {
  return &impl_->Get(MetricSample::Type::kGauge, name, std::move(labels), help, unit, scope).gauge;
}

Histogram* Metrics::AddHistogram(std::string_view name, Labels labels, std::vector<double> bounds,
                                 std::string_view help, std::string_view unit, std::string_view scope) {
  return impl_->Get(MetricSample::Type::kHistogram, name, std::move(labels), help, unit, scope, std::move(bounds))
      .histogram.get();
}

std::vector<MetricSample> Metrics::Read() const {
  std::lock_guard<std::mutex> lock(impl_->mutex);
  std::vector<MetricSample> out;
  out.reserve(impl_->instruments.size());
  for (const Impl::Instrument& i : impl_->instruments) {
    MetricSample& s = out.emplace_back(i.meta);
    switch (s.type) {
      case MetricSample::Type::kCounter: s.value = i.counter.value(); break;
      case MetricSample::Type::kGauge: s.value = i.gauge.value(); break;
      case MetricSample::Type::kHistogram: s.histogram = i.histogram->snapshot(); break;
    }
  }
  return out;
}

}  // namespace otelpipe
