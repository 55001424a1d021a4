#include "processor/attributes/attributes.h"

#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"

namespace otelpipe {
namespace {

using attraction::Matcher;

absl::Status CompileMatcher(const std::optional<attraction::MatchConfig>& config, Signal signal,
                            std::unique_ptr<Matcher>& out) {
  if (!config) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<Matcher>> made = signal == Signal::kLogs     ? Matcher::ForLogs(*config)
                                                  : signal == Signal::kTraces ? Matcher::ForSpans(*config)
                                                                              : Matcher::ForMetrics(*config);
  if (!made.ok()) return made.status();
  out = *std::move(made);
  return absl::OkStatus();
}

// Visits the items that are to be edited. `match` compares one item.
template <typename Data, typename Match, typename Edit>
void ForEachChosen(Data& data, const Matcher* include, const Matcher* exclude, Match match, Edit edit) {
  for (auto& resource : data.resources) {
    for (auto& scope : resource.scopes) {
      // What depends on resource and scope is decided once for all items under them.
      if (include != nullptr && !include->MatchScope(resource.resource, scope.scope)) continue;
      const bool may_exclude = exclude != nullptr && exclude->MatchScope(resource.resource, scope.scope);
      for (auto& item : scope.records) {
        if (include != nullptr && !match(*include, item)) continue;
        if (may_exclude && match(*exclude, item)) continue;
        edit(item);
      }
    }
  }
}

}  // namespace

void AttributesProcessor::Config::Describe(Fields<Config>& f) {
  f.Optional("actions", &Config::actions, "The actions, run in order on the attributes of each item.");
  f.Optional("include", &Config::include, "Edit only the items that match.");
  f.Optional("exclude", &Config::exclude, "Leave the items that match alone.");
  f.Validate([](const Config& c) {
    return c.actions.empty() ? absl::InvalidArgumentError("missing required field \"actions\"") : absl::OkStatus();
  });
}

absl::Status AttributesProcessor::Init() {
  std::vector<ConfigError> errors;
  auto note = [&errors](const absl::Status& status, std::string_view path) {
    if (status.ok()) return;
    for (ConfigError& error : ConfigErrorsFromStatus(status)) {
      if (error.path.empty()) error.path = std::string(path);
      errors.push_back(std::move(error));
    }
  };
  auto actions = attraction::Actions::Compile(config_.actions, "actions");
  note(actions.status(), "actions");
  note(CompileMatcher(config_.include, context_.signal, include_), "include");
  note(CompileMatcher(config_.exclude, context_.signal, exclude_), "exclude");
  if (!errors.empty()) return ConfigErrorsToStatus(errors);
  actions_ = *std::move(actions);
  return absl::OkStatus();
}

absl::Status AttributesProcessor::Process(Batch& batch) {
  switch (batch.signal()) {
    case Signal::kLogs: return EditLogs(batch);
    case Signal::kTraces: return EditTraces(batch);
    case Signal::kMetrics: return EditMetrics(batch);
  }
  return absl::OkStatus();
}

absl::Status AttributesProcessor::EditLogs(Batch& batch) {
  OTELPIPE_ASSIGN_OR_RETURN(LogsData* data, batch.EditLogs());
  actions_->BeginBatch(data->arena, batch.client().get());
  ForEachChosen(
      *data, include_.get(), exclude_.get(),
      [](const Matcher& matcher, const LogRecord& record) { return matcher.MatchLog(record); },
      [this](LogRecord& record) { actions_->Apply(record.attributes, context_.log); });
  return absl::OkStatus();
}

absl::Status AttributesProcessor::EditTraces(Batch& batch) {
  OTELPIPE_ASSIGN_OR_RETURN(TracesData* data, batch.EditTraces());
  actions_->BeginBatch(data->arena, batch.client().get());
  ForEachChosen(
      *data, include_.get(), exclude_.get(),
      [](const Matcher& matcher, const Span& span) { return matcher.MatchSpan(span); },
      [this](Span& span) { actions_->Apply(span.attributes, context_.log); });
  return absl::OkStatus();
}

absl::Status AttributesProcessor::EditMetrics(Batch& batch) {
  OTELPIPE_ASSIGN_OR_RETURN(MetricsData* data, batch.EditMetrics());
  actions_->BeginBatch(data->arena, batch.client().get());
  ForEachChosen(
      *data, include_.get(), exclude_.get(),
      [](const Matcher& matcher, const Metric& metric) { return matcher.MatchMetric(metric); },
      [this](Metric& metric) {
        for (auto& point : metric.number_points) actions_->Apply(point.attributes, context_.log);
        for (auto& point : metric.histogram_points) actions_->Apply(point.attributes, context_.log);
        for (auto& point : metric.exponential_points) actions_->Apply(point.attributes, context_.log);
        for (auto& point : metric.summary_points) actions_->Apply(point.attributes, context_.log);
      });
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(processor, attributes, registry) { return registry.AddProcessor<otelpipe::AttributesProcessor>(); }
