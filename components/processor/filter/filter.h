// Processor `filter`: drops spans, span events, log records, metrics and data points, by conditions (shared/ottl/ottl.h) or by the older include and
// exclude blocks (shared/attraction/match.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/attraction/match.h"
#include "shared/ottl/config.h"
#include "shared/ottl/ottl.h"

namespace otelpipe {

namespace filter {

using ConditionText = ottl::SourceText;
using ottl::ErrorMode;

struct SeverityConfig {
  std::string min;
  bool match_undefined = false;
  static void Describe(Fields<SeverityConfig>& f);
};

struct LogMatchConfig {
  std::string match_type;
  std::vector<attraction::MatchAttributeConfig> resource_attributes;
  std::vector<attraction::MatchAttributeConfig> record_attributes;
  std::vector<std::string> severity_texts;
  std::optional<SeverityConfig> severity_number;
  std::vector<std::string> bodies;
  static void Describe(Fields<LogMatchConfig>& f);
};

struct MetricMatchConfig {
  std::string match_type;
  std::optional<attraction::MatchCacheConfig> regexp;
  std::vector<std::string> metric_names;
  std::vector<attraction::MatchAttributeConfig> resource_attributes;
  static void Describe(Fields<MetricMatchConfig>& f);
};

// An older block for metrics.
struct MetricMatcher {
  std::optional<attraction::TextSet> names;
  std::optional<attraction::AttributeSet> resource;
};

struct Config {
  struct Logs {
    std::optional<LogMatchConfig> include, exclude;
    std::vector<ConditionText> log_record;
    static void Describe(Fields<Logs>& f);
  };
  struct Metrics {
    std::optional<MetricMatchConfig> include, exclude;
    std::vector<ConditionText> metric, datapoint;
    static void Describe(Fields<Metrics>& f);
  };
  struct Spans {
    std::optional<attraction::MatchConfig> include, exclude;
    static void Describe(Fields<Spans>& f);
  };
  struct Traces {
    std::vector<ConditionText> span, spanevent;
    static void Describe(Fields<Traces>& f);
  };
  ErrorMode error_mode = ErrorMode::kPropagate;
  Logs logs;
  Metrics metrics;
  Spans spans;
  Traces traces;
  static void Describe(Fields<Config>& f);
};
// Conditions are compiled here already, so that mistakes are found in processors that no pipeline uses.
void DecodeField(const ConfigNode& node, Config& out, DecodeContext& context);

}  // namespace filter

class FilterProcessor final : public EditProcessor {
 public:
  static constexpr std::string_view kType = "filter";
  static constexpr std::string_view kStability = "alpha";
  using Config = filter::Config;

  FilterProcessor(Config config, Context context) : config_(std::move(config)), context_(std::move(context)) {}
  // Compiles what the signal of the pipeline needs; InvalidArgument with all mistakes.
  absl::Status Init();
  // Leaves no batch when nothing is left in it. Unavailable when a condition cannot be evaluated and error_mode is propagate.
  absl::Status Process(Batch& batch) override;
  void Consume(Batch batch, Done done) override;

 private:
  using Conditions = std::vector<ottl::Condition>;
  // Whether any condition holds. Errors are noted, or passed over, as error_mode says.
  bool Holds(const Conditions& conditions, ottl::Item& item, Arena& arena);
  bool DropsLog(const ResourceLogs& resource, const ScopeLogs& scope, const LogRecord& record, Arena& arena);
  absl::Status FilterLogs(Batch& batch, size_t& dropped);
  size_t FilterTraces(TracesData& data);
  size_t FilterMetrics(MetricsData& data);

  Config config_;
  Context context_;
  Arena constants_;    // of the conditions
  Conditions first_;   // log records, spans, metrics
  Conditions second_;  // span events, data points
  std::unique_ptr<attraction::Matcher> include_, exclude_;
  std::optional<filter::MetricMatcher> metric_include_, metric_exclude_;
  std::string errors_;  // of the batch at hand, with error_mode propagate
  Counter* filtered_ = nullptr;
};

}  // namespace otelpipe
