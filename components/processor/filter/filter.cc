#include "processor/filter/filter.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "shared/ottl/paths.h"

namespace otelpipe {
namespace {

using attraction::MatchConfig;
using attraction::Matcher;
using ottl::Condition;
using ottl::ContextKind;
using ottl::Item;

// A name or a number from 1 to 24; anything else is 0, as in the reference, and matches every record that has a number.
int32_t SeverityOf(const std::string& text) {
  std::string name = "SEVERITY_NUMBER_";
  for (char c : text) name += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  if (auto found = ottl::FindEnum(name, ContextKind::kLog)) return static_cast<int32_t>(*found);
  int32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && number >= 1 && number <= 24 ? number : 0;
}

// Null for a block without any property: it has no effect.
absl::StatusOr<std::unique_ptr<Matcher>> LogMatcher(const filter::LogMatchConfig& c) {
  if (c.resource_attributes.empty() && c.record_attributes.empty() && c.severity_texts.empty() && !c.severity_number && c.bodies.empty()) {
    return std::unique_ptr<Matcher>();
  }
  MatchConfig match;
  match.match_type = c.match_type;
  match.resources = c.resource_attributes;
  match.attributes = c.record_attributes;
  match.log_severity_texts = c.severity_texts;
  match.log_bodies = c.bodies;
  if (c.severity_number) {
    match.log_severity_number = attraction::MatchSeverityConfig{SeverityOf(c.severity_number->min), c.severity_number->match_undefined};
  }
  return Matcher::ForLogs(match);
}

absl::StatusOr<filter::MetricMatcher> MetricMatcherOf(const filter::MetricMatchConfig& c) {
  filter::MetricMatcher out;
  if (!c.metric_names.empty()) {
    OTELPIPE_ASSIGN_OR_RETURN(out.names, attraction::TextSet::Compile(c.match_type, c.metric_names));
  }
  if (!c.resource_attributes.empty()) {
    OTELPIPE_ASSIGN_OR_RETURN(out.resource, attraction::AttributeSet::Compile(c.match_type, c.resource_attributes));
  }
  return out;
}

// Removes what `drop` says, and the scopes and resources that have become empty.
template <typename Data, typename Drop>
void DropFrom(Data& data, Drop drop) {
  data.resources.Filter([&](auto& resource) {
    resource.scopes.Filter([&](auto& scope) {
      scope.records.Filter([&](auto& record) { return !drop(resource, scope, record); });
      return !scope.records.empty();
    });
    return !resource.scopes.empty();
  });
}

// The same question for everything in `data`, in the order in which DropFrom goes.
template <typename Data, typename Drop>
void Judge(const Data& data, Drop drop, std::vector<bool>& verdicts) {
  for (const auto& resource : data.resources) {
    for (const auto& scope : resource.scopes) {
      for (const auto& record : scope.records) verdicts.push_back(drop(resource, scope, record));
    }
  }
}

bool HasEmpty(const auto& data) {
  for (const auto& resource : data.resources) {
    if (resource.scopes.empty()) return true;
    for (const auto& scope : resource.scopes) {
      if (scope.records.empty()) return true;
    }
  }
  return data.resources.empty();
}

// Conditions only read, so an item may show what is not ours to change.
template <typename T>
T* Shown(const T& thing) {
  return const_cast<T*>(&thing);
}
template <typename R, typename S>
Item ItemOf(const R& resource, const S& scope) {
  Item item;
  item.resource = Shown(resource.resource);
  item.scope = Shown(scope.scope);
  item.resource_schema_url = Shown(resource.schema_url);
  item.scope_schema_url = Shown(scope.schema_url);
  return item;
}

// Whether the older blocks drop the record. What depends on the scope is looked at again for each record: these forms are rare.
template <typename R, typename S, typename Match>
bool Chosen(const R& resource, const S& scope, const Matcher* include, const Matcher* exclude, Match match) {
  if (include != nullptr && !(include->MatchScope(resource.resource, scope.scope) && match(*include))) return true;
  return exclude != nullptr && exclude->MatchScope(resource.resource, scope.scope) && match(*exclude);
}

}  // namespace

absl::Status FilterProcessor::Init() {
  std::vector<ConfigError> errors;
  auto note = [&errors](const absl::Status& status, std::string_view path) {
    if (status.ok()) return;
    for (ConfigError& error : ConfigErrorsFromStatus(status)) {
      if (error.path.empty()) error.path = std::string(path);
      errors.push_back(std::move(error));
    }
  };
  auto compile = [&](const std::vector<filter::ConditionText>& texts, ContextKind kind, const char* path, Conditions& out) {
    for (size_t i = 0; i < texts.size(); ++i) {
      auto made = Condition::Compile(texts[i].text, {kind}, constants_);
      if (made.ok()) {
        out.push_back(*std::move(made));
      } else {
        note(ConfigErrorAt(texts[i].location, absl::StrCat(path, "::", i), std::string(made.status().message())), path);
      }
    }
  };
  auto build = [&](const auto& block, auto make, const char* path, auto& out) {
    if (!block) return;
    auto made = make(*block);
    if (made.ok()) {
      out = *std::move(made);
    } else {
      note(made.status(), path);
    }
  };
  const char* counter = "logs";
  switch (context_.signal) {
    case Signal::kLogs:
      compile(config_.logs.log_record, ContextKind::kLog, "logs::log_record", first_);
      build(config_.logs.include, LogMatcher, "logs::include", include_);
      build(config_.logs.exclude, LogMatcher, "logs::exclude", exclude_);
      break;
    case Signal::kTraces:
      counter = "spans";
      compile(config_.traces.span, ContextKind::kSpan, "traces::span", first_);
      compile(config_.traces.spanevent, ContextKind::kSpanEvent, "traces::spanevent", second_);
      build(config_.spans.include, Matcher::ForSpans, "spans::include", include_);
      build(config_.spans.exclude, Matcher::ForSpans, "spans::exclude", exclude_);
      break;
    case Signal::kMetrics:
      counter = "datapoints";
      compile(config_.metrics.metric, ContextKind::kMetric, "metrics::metric", first_);
      compile(config_.metrics.datapoint, ContextKind::kDataPoint, "metrics::datapoint", second_);
      build(config_.metrics.include, MetricMatcherOf, "metrics::include", metric_include_);
      build(config_.metrics.exclude, MetricMatcherOf, "metrics::exclude", metric_exclude_);
      break;
  }
  if (!errors.empty()) return ConfigErrorsToStatus(errors);
  if (context_.metrics != nullptr) {
    filtered_ = context_.metrics->AddCounter(absl::StrCat("otelcol_processor_filter_", counter, "_filtered"),
                                             {{"filter", context_.id.ToString()}},
                                             absl::StrCat("Number of ", counter, " dropped by the filter processor"), "1",
                                             "github.com/open-telemetry/opentelemetry-collector-contrib/processor/filterprocessor");
  }
  return absl::OkStatus();
}

bool FilterProcessor::Holds(const Conditions& conditions, Item& item, Arena& arena) {
  for (const auto& condition : conditions) {
    absl::StatusOr<bool> result = condition.Eval(item, arena);
    if (result.ok()) {
      if (*result) return true;
      continue;
    }
    if (config_.error_mode == filter::ErrorMode::kPropagate) {
      absl::StrAppend(&errors_, errors_.empty() ? "" : "; ", "failed to eval condition: ", condition.text(), ", ", result.status().message());
      return false;
    }
    if (config_.error_mode == filter::ErrorMode::kIgnore) {
      context_.log.Warn("failed to eval condition", {{"error", result.status()}, {"condition", condition.text()}});
    }
  }
  return false;
}

bool FilterProcessor::DropsLog(const ResourceLogs& resource, const ScopeLogs& scope, const LogRecord& record, Arena& arena) {
  if (first_.empty()) {
    return Chosen(resource, scope, include_.get(), exclude_.get(), [&](const Matcher& m) { return m.MatchLog(record); });
  }
  Item item = ItemOf(resource, scope);
  item.log = Shown(record);
  return Holds(first_, item, arena);
}

// Most batches pass a filter whole: they are judged first, and keep their bytes when nothing has to go.
absl::Status FilterProcessor::FilterLogs(Batch& batch, size_t& dropped) {
  OTELPIPE_ASSIGN_OR_RETURN(const LogsData* read, batch.ReadLogs());
  std::vector<bool> verdicts;
  {
    Arena arena;
    Judge(*read, [&](const auto&... what) { return DropsLog(what..., arena); }, verdicts);
  }
  dropped = static_cast<size_t>(std::count(verdicts.begin(), verdicts.end(), true));
  if (!errors_.empty() || (dropped == 0 && !HasEmpty(*read))) return absl::OkStatus();
  OTELPIPE_ASSIGN_OR_RETURN(LogsData* data, batch.EditLogs());
  size_t next = 0;
  DropFrom(*data, [&](const auto&...) { return verdicts[next++]; });
  if (data->resources.empty()) batch = Batch();
  return absl::OkStatus();
}

size_t FilterProcessor::FilterTraces(TracesData& data) {
  size_t dropped = 0;
  DropFrom(data, [&](const ResourceSpans& resource, const ScopeSpans& scope, Span& span) {
    bool drop;
    if (!first_.empty() || !second_.empty()) {
      Item item = ItemOf(resource, scope);
      item.span = &span;
      drop = Holds(first_, item, data.arena);
      if (!drop && !second_.empty()) {
        span.events.Filter([&](SpanEvent& event) {
          item.event = &event;
          item.cache = nullptr;
          return !Holds(second_, item, data.arena);
        });
      }
    } else {
      drop = Chosen(resource, scope, include_.get(), exclude_.get(), [&](const Matcher& m) { return m.MatchSpan(span); });
    }
    dropped += drop ? 1 : 0;
    return drop;
  });
  return dropped;
}

size_t FilterProcessor::FilterMetrics(MetricsData& data) {
  size_t dropped = 0;
  DropFrom(data, [&](const ResourceMetrics& resource, const ScopeMetrics& scope, Metric& metric) {
    const size_t before = metric.point_count();
    bool drop = false;
    if (!first_.empty() || !second_.empty()) {
      Item item = ItemOf(resource, scope);
      item.metric = &metric;
      drop = Holds(first_, item, data.arena);
      if (!drop && !second_.empty()) {
        auto filter_points = [&](auto& points, auto member) {
          points.Filter([&](auto& point) {
            item.*member = &point;
            item.cache = nullptr;
            return !Holds(second_, item, data.arena);
          });
          item.*member = nullptr;
        };
        filter_points(metric.number_points, &Item::number);
        filter_points(metric.histogram_points, &Item::histogram);
        filter_points(metric.exponential_points, &Item::exponential);
        filter_points(metric.summary_points, &Item::summary);
        drop = metric.point_count() == 0;
        if (!drop) dropped += before - metric.point_count();
      }
    } else {
      if (metric_include_) {
        const filter::MetricMatcher& m = *metric_include_;
        drop = (m.resource && !m.resource->Matches(resource.resource.attributes)) || (m.names && !m.names->Matches(metric.name));
      }
      if (!drop && metric_exclude_) {
        const filter::MetricMatcher& m = *metric_exclude_;
        drop = (m.resource && m.resource->Matches(resource.resource.attributes)) || (m.names && m.names->Matches(metric.name));
      }
    }
    if (drop) dropped += before;
    return drop;
  });
  return dropped;
}

absl::Status FilterProcessor::Process(Batch& batch) {
  if (first_.empty() && second_.empty() && !include_ && !exclude_ && !metric_include_ && !metric_exclude_) return absl::OkStatus();
  errors_.clear();
  size_t dropped = 0;
  auto run = [&](auto data, auto filter) -> absl::Status {
    if (!data.ok()) return data.status();
    dropped = (this->*filter)(**data);
    if ((*data)->resources.empty()) batch = Batch();
    return absl::OkStatus();
  };
  const Signal signal = batch.signal();
  absl::Status status;
  switch (signal) {
    case Signal::kLogs: status = FilterLogs(batch, dropped); break;
    case Signal::kTraces: status = run(batch.EditTraces(), &FilterProcessor::FilterTraces); break;
    case Signal::kMetrics: status = run(batch.EditMetrics(), &FilterProcessor::FilterMetrics); break;
  }
  if (!status.ok()) return status;
  if (!errors_.empty()) {
    // Retryable, as the reference answers: the sender keeps what no condition could judge.
    context_.log.Error(absl::StrCat("failed processing ", A(SignalName(signal))), {{"error", errors_}});
    return absl::UnavailableError(errors_);
  }
  if (filtered_ != nullptr) filtered_->Add(static_cast<int64_t>(dropped));
  return absl::OkStatus();
}

// A refusal is told a turn later: a receiver of files takes one that comes at once for a full queue and waits, and no waiting mends a condition. So it
// does what its retry_on_failure says.
void FilterProcessor::Consume(Batch batch, Done done) {
  absl::Status status = Process(batch);
  if (status.ok()) {
    return batch ? next()->Consume(std::move(batch), std::move(done)) : done.Finished(absl::OkStatus());
  }
  if (context_.loop == nullptr) return done.Finished(status);
  context_.loop->Post([done = std::move(done), status = std::move(status)]() mutable { done.Finished(status); });
}

}  // namespace otelpipe

OTELPIPE_REGISTER(processor, filter, registry) { return registry.AddProcessor<otelpipe::FilterProcessor>(); }
