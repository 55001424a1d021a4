#include <utility>

#include "absl/strings/str_cat.h"
#include "processor/filter/filter.h"

namespace otelpipe::filter {

using attraction::MatchConfig;

void SeverityConfig::Describe(Fields<SeverityConfig>& f) {
  f.Optional("min", &SeverityConfig::min, "Lowest severity: a name such as INFO, or a number as text.");
  f.Optional("match_undefined", &SeverityConfig::match_undefined, "Whether records without a severity match.");
}

void LogMatchConfig::Describe(Fields<LogMatchConfig>& f) {
  using C = LogMatchConfig;
  f.Optional("match_type", &C::match_type, "strict or regexp.");
  f.Optional("resource_attributes", &C::resource_attributes, "Attributes of the resource, all of which must match.");
  f.Optional("record_attributes", &C::record_attributes, "Attributes of the record, all of which must match.");
  f.Optional("severity_texts", &C::severity_texts, "Severity texts, any of which may match.");
  f.Optional("severity_number", &C::severity_number, "Lowest severity number.");
  f.Optional("bodies", &C::bodies, "Bodies, any of which may match.");
}

void MetricMatchConfig::Describe(Fields<MetricMatchConfig>& f) {
  using C = MetricMatchConfig;
  f.Optional("match_type", &C::match_type, "strict or regexp.");
  f.Optional("regexp", &C::regexp, "Settings of match_type regexp.");
  f.Optional("metric_names", &C::metric_names, "Names, any of which may match.");
  f.Optional("resource_attributes", &C::resource_attributes, "Attributes of the resource, all of which must match.");
  f.Unsupported("expressions", "write the condition under metrics::metric or metrics::datapoint");
  f.Validate([](const C& c) {
    return c.match_type == "expr"
               ? absl::InvalidArgumentError("match_type expr is not supported: write conditions under metrics::metric or metrics::datapoint")
               : absl::OkStatus();
  });
}

void Config::Logs::Describe(Fields<Logs>& f) {
  f.Optional("include", &Logs::include, "Keep only records that match.");
  f.Optional("exclude", &Logs::exclude, "Drop records that match.");
  f.Optional("log_record", &Logs::log_record, "Conditions; a record for which any holds is dropped.");
}
void Config::Metrics::Describe(Fields<Metrics>& f) {
  f.Optional("include", &Metrics::include, "Keep only metrics that match.");
  f.Optional("exclude", &Metrics::exclude, "Drop metrics that match.");
  f.Optional("metric", &Metrics::metric, "Conditions; a metric for which any holds is dropped.");
  f.Optional("datapoint", &Metrics::datapoint, "Conditions; a data point for which any holds is dropped.");
}
void Config::Spans::Describe(Fields<Spans>& f) {
  f.Optional("include", &Spans::include, "Keep only spans that match.");
  f.Optional("exclude", &Spans::exclude, "Drop spans that match.");
}
void Config::Traces::Describe(Fields<Traces>& f) {
  f.Optional("span", &Traces::span, "Conditions; a span for which any holds is dropped.");
  f.Optional("spanevent", &Traces::spanevent, "Conditions; a span event for which any holds is dropped.");
}

void Config::Describe(Fields<Config>& f) {
  f.Optional("error_mode", &Config::error_mode, "What a condition that cannot be evaluated does: propagate, ignore or silent.");
  f.Optional("logs", &Config::logs, "Which log records are dropped.");
  f.Optional("metrics", &Config::metrics, "Which metrics and data points are dropped.");
  f.Optional("spans", &Config::spans, "Which spans are dropped, in the older form.");
  f.Optional("traces", &Config::traces, "Which spans and span events are dropped.");
  f.Validate([](const Config& c) {
    auto mixed = [](const char* signal) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot use ottl conditions and include/exclude for ", signal, " at the same time"));
    };
    if ((!c.traces.span.empty() || !c.traces.spanevent.empty()) && (c.spans.include || c.spans.exclude)) return mixed("spans");
    if ((!c.metrics.metric.empty() || !c.metrics.datapoint.empty()) && (c.metrics.include || c.metrics.exclude)) return mixed("metrics");
    if (!c.logs.log_record.empty() && (c.logs.include || c.logs.exclude)) return mixed("logs");
    return absl::OkStatus();
  });
}

void DecodeField(const ConfigNode& node, Config& out, DecodeContext& context) {
  internal::DecodeTable(node, TableOf<Config>(), &out, context);
  Arena constants;
  auto check = [&](const std::vector<ConditionText>& conditions, const char* path, ottl::ContextKind kind) {
    for (size_t i = 0; i < conditions.size(); ++i) {
      auto compiled = ottl::Condition::Compile(conditions[i].text, {kind}, constants);
      if (compiled.ok()) continue;
      const Location& at = conditions[i].location;
      context.Invalid(at, ConfigErrorAt(at, absl::StrCat(path, "::", i), std::string(compiled.status().message())));
    }
  };
  check(out.logs.log_record, "logs::log_record", ottl::ContextKind::kLog);
  check(out.traces.span, "traces::span", ottl::ContextKind::kSpan);
  check(out.traces.spanevent, "traces::spanevent", ottl::ContextKind::kSpanEvent);
  check(out.metrics.metric, "metrics::metric", ottl::ContextKind::kMetric);
  check(out.metrics.datapoint, "metrics::datapoint", ottl::ContextKind::kDataPoint);
}

}  // namespace otelpipe::filter
