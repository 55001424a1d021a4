// What a component says about itself: log lines and metrics. Both end in sinks that the embedder gives (log_sink.h, metrics()).
//
//   log.Error("failed to open", {{"path", path}, {"error", status}});
//   Counter* sent = metrics.AddCounter("otelcol_exporter_sent_log_records", {{"exporter", id}}, "Number of ...", "{records}");
//   sent->Add(batch.records());
//
// Threads: all methods may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"

namespace otelpipe {

enum class LogLevel : int8_t { kDebug = -1, kInfo = 0, kWarn = 1, kError = 2 };

// One named value of a log line. `json` marks text that is already JSON and is written as it is.
struct LogField {
  using Data = std::variant<std::string, int64_t, double, bool>;
  LogField(std::string_view k, std::string_view v) : key(k), data(std::string(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), data(v) {}
  LogField(std::string_view k, const char* v) : key(k), data(std::string(v)) {}
  LogField(std::string_view k, int64_t v) : key(k), data(v) {}
  LogField(std::string_view k, int v) : key(k), data(int64_t{v}) {}
  LogField(std::string_view k, uint32_t v) : key(k), data(int64_t{v}) {}
  LogField(std::string_view k, size_t v) : key(k), data(static_cast<int64_t>(v)) {}
  LogField(std::string_view k, double v) : key(k), data(v) {}
  LogField(std::string_view k, bool v) : key(k), data(v) {}
  LogField(std::string_view k, const absl::Status& v)
      : key(k), data(std::string(v.message().data(), v.message().size())) {}
  static LogField Json(std::string_view k, std::string_view text) {
    LogField f(k, text);
    f.json = true;
    return f;
  }
  std::string key;
  Data data;
  bool json = false;
};

// A finished line on its way to a sink. `component` are the fixed fields of the component that speaks.
struct LogLine {
  LogLevel level;
  int64_t unix_nanos;
  std::string_view message;
  const std::vector<LogField>& component;
  const std::vector<LogField>& fields;
  const char* file;  // source place of the call; null for none
  int line;
};

// Receives lines; implemented by the embedder (otelpipe/log_sink.h has ready ones). Called from any thread.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual bool Enabled(LogLevel level) const = 0;
  virtual void Write(const LogLine& line) = 0;
};

class Logger {
 public:
  Logger() = default;  // silent
  Logger(std::shared_ptr<LogSink> sink, std::vector<LogField> component_fields);

  bool Enabled(LogLevel level) const { return sink_ != nullptr && sink_->Enabled(level); }
  void Log(LogLevel level, std::string_view message, std::vector<LogField> fields = {},
           const char* file = __builtin_FILE(), int line = __builtin_LINE()) const;
  void Debug(std::string_view message, std::vector<LogField> fields = {}, const char* file = __builtin_FILE(),
             int line = __builtin_LINE()) const {
    Log(LogLevel::kDebug, message, std::move(fields), file, line);
  }
  void Info(std::string_view message, std::vector<LogField> fields = {}, const char* file = __builtin_FILE(),
            int line = __builtin_LINE()) const {
    Log(LogLevel::kInfo, message, std::move(fields), file, line);
  }
  void Warn(std::string_view message, std::vector<LogField> fields = {}, const char* file = __builtin_FILE(),
            int line = __builtin_LINE()) const {
    Log(LogLevel::kWarn, message, std::move(fields), file, line);
  }
  void Error(std::string_view message, std::vector<LogField> fields = {}, const char* file = __builtin_FILE(),
             int line = __builtin_LINE()) const {
    Log(LogLevel::kError, message, std::move(fields), file, line);
  }
  // A logger that adds these fixed fields to every line.
  Logger With(std::vector<LogField> more) const;

 private:
  std::shared_ptr<LogSink> sink_;
  std::shared_ptr<const std::vector<LogField>> component_;
};

// A sum that only grows. Cheap: one relaxed atomic add.
class Counter {
 public:
  void Add(int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};
class Gauge {
 public:
  void Set(int64_t n) { value_.store(n, std::memory_order_relaxed); }
  void Add(int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};
// Counts of observed values by upper bound.
class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds);
  void Observe(double value);
  struct Snapshot {
    std::vector<double> bounds;
    std::vector<uint64_t> counts;  // one more than bounds
    double sum;
    uint64_t count;
  };
  Snapshot snapshot() const;

 private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

using Labels = std::vector<std::pair<std::string, std::string>>;

// One metric as it stands.
struct MetricSample {
  enum class Type { kCounter, kGauge, kHistogram } type;
  std::string name, help, unit, scope;
  Labels labels;
  int64_t value = 0;
  Histogram::Snapshot histogram;
};

// The metrics of one service. Adding the same name and labels again returns the same instrument. Instruments live as long as the registry.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Counter* AddCounter(std::string_view name, Labels labels, std::string_view help = "", std::string_view unit = "",
                      std::string_view scope = "");
  Gauge* AddGauge(std::string_view name, Labels labels, std::string_view help = "", std::string_view unit = "",
                  std::string_view scope = "");
  Histogram* AddHistogram(std::string_view name, Labels labels, std::vector<double> bounds, std::string_view help = "",
                          std::string_view unit = "", std::string_view scope = "");
  // All of them, in the order of adding.
  std::vector<MetricSample> Read() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace otelpipe
