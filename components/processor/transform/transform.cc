#include "processor/transform/transform.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"

namespace otelpipe {
namespace {

using ottl::ContextKind;
using ottl::Item;
using transform::ErrorMode;
using transform::Group;
using transform::Program;

// Metrics that statements add are visited too. A statement that adds one for each that it sees would go on for ever; this many end it.
constexpr size_t kMostAdded = 100000;

}  // namespace

absl::Status TransformProcessor::Init() {
  const std::vector<Group>& groups = context_.signal == Signal::kLogs     ? config_.log_statements
                                     : context_.signal == Signal::kTraces ? config_.trace_statements
                                                                          : config_.metric_statements;
  const char* key = context_.signal == Signal::kLogs ? "log_statements" : context_.signal == Signal::kTraces ? "trace_statements" : "metric_statements";
  std::vector<ConfigError> errors;
  for (size_t i = 0; i < groups.size(); ++i) {
    programs_.push_back(transform::Compile(groups[i], absl::StrCat(key, "::", i), context_.signal, config_.error_mode, *constants_, errors));
    for (const std::string& text : programs_.back().modified) {
      context_.log.Info("one or more paths were modified to include their context prefix, please rewrite them accordingly", {{"modified", text}});
    }
  }
  return errors.empty() ? absl::OkStatus() : ConfigErrorsToStatus(errors);
}

absl::Status TransformProcessor::RunItem(const Program& program, Item& item, Arena& arena) {
  item.cache = nullptr;
  bool holds = program.conditions.empty();
  for (const ottl::Condition& condition : program.conditions) {
    absl::StatusOr<bool> result = condition.Eval(item, arena);
    if (result.ok()) {
      if (!*result) continue;
      holds = true;
      break;
    }
    if (program.error_mode == ErrorMode::kPropagate) {
      return Annotate(result.status(), absl::StrCat("failed to eval condition: ", condition.text(), ", "));
    }
    if (program.error_mode == ErrorMode::kIgnore) {
      context_.log.Warn("failed to eval condition", {{"error", result.status()}, {"condition", condition.text()}});
    }
  }
  if (!holds) return absl::OkStatus();
  for (const ottl::Statement& statement : program.statements) {
    absl::StatusOr<bool> ran = statement.Run(item, arena);
    if (ran.ok()) continue;
    if (program.error_mode == ErrorMode::kPropagate) {
      return Annotate(ran.status(), absl::StrCat("failed to execute statement: ", statement.text(), ", "));
    }
    if (program.error_mode == ErrorMode::kIgnore) {
      context_.log.Warn("failed to execute statement", {{"error", ran.status()}, {"statement", statement.text()}});
    }
  }
  return absl::OkStatus();
}

template <typename R, typename S>
absl::Status TransformProcessor::RunScope(const Program& program, Item& item, R&, S& scope, Arena& arena) {
  if (program.kind == ContextKind::kScope) return RunItem(program, item, arena);
  if constexpr (requires { item.log = scope.records.begin(); }) {
    for (LogRecord& record : scope.records) {
      item.log = &record;
      OTELPIPE_RETURN_IF_ERROR(RunItem(program, item, arena));
    }
  } else if constexpr (requires { item.span = scope.records.begin(); }) {
    for (Span& span : scope.records) {
      item.span = &span;
      if (program.kind == ContextKind::kSpan) {
        OTELPIPE_RETURN_IF_ERROR(RunItem(program, item, arena));
        continue;
      }
      for (SpanEvent& event : span.events) {
        item.event = &event;
        OTELPIPE_RETURN_IF_ERROR(RunItem(program, item, arena));
      }
    }
  } else {
    const size_t most = scope.records.size() + kMostAdded;
    item.metrics = &scope.records;
    for (size_t i = 0; i < scope.records.size(); ++i) {
      if (i > most) return absl::ResourceExhaustedError("statements add a metric for each one that they have added: a condition is missing");
      item.metric_index = i;
      item.metric = &scope.records[i];
      if (program.kind == ContextKind::kMetric) {
        OTELPIPE_RETURN_IF_ERROR(RunItem(program, item, arena));
        continue;
      }
      // The points stay where they are when the list of metrics moves.
      auto each = [&](auto& points, auto member) -> absl::Status {
        auto* const first = points.begin();
        for (size_t n = points.size(), p = 0; p < n; ++p) {
          item.*member = first + p;
          OTELPIPE_RETURN_IF_ERROR(RunItem(program, item, arena));
        }
        item.*member = nullptr;
        return absl::OkStatus();
      };
      OTELPIPE_RETURN_IF_ERROR(each(item.metric->number_points, &Item::number));
      OTELPIPE_RETURN_IF_ERROR(each(item.metric->histogram_points, &Item::histogram));
      OTELPIPE_RETURN_IF_ERROR(each(item.metric->exponential_points, &Item::exponential));
      OTELPIPE_RETURN_IF_ERROR(each(item.metric->summary_points, &Item::summary));
    }
  }
  return absl::OkStatus();
}

template <typename Data>
absl::Status TransformProcessor::Run(Data& data) {
  data.arena.KeepAlive(constants_);
  for (const Program& program : programs_) {
    for (auto& resource : data.resources) {
      Item item;
      item.resource = &resource.resource;
      item.resource_schema_url = &resource.schema_url;
      if (program.kind == ContextKind::kResource) {
        OTELPIPE_RETURN_IF_ERROR(RunItem(program, item, data.arena));
        continue;
      }
      for (auto& scope : resource.scopes) {
        item.scope = &scope.scope;
        item.scope_schema_url = &scope.schema_url;
        OTELPIPE_RETURN_IF_ERROR(RunScope(program, item, resource, scope, data.arena));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status TransformProcessor::Process(Batch& batch) {
  if (programs_.empty()) return absl::OkStatus();
  const Signal signal = batch.signal();
  absl::Status status;
  auto run = [&](auto data) { return data.ok() ? Run(**data) : data.status(); };
  switch (signal) {
    case Signal::kLogs: status = run(batch.EditLogs()); break;
    case Signal::kTraces: status = run(batch.EditTraces()); break;
    case Signal::kMetrics: status = run(batch.EditMetrics()); break;
  }
  if (status.ok()) return status;
  context_.log.Error(absl::StrCat("failed processing ", A(SignalName(signal))), {{"error", status}});
  // Retryable, as the reference answers.
  return absl::UnavailableError(status.message());
}

// A refusal is told a turn later: a receiver of files takes one that comes at once for a full queue and waits, and no waiting mends a statement.
void TransformProcessor::Consume(Batch batch, Done done) {
  absl::Status status = Process(batch);
  if (status.ok()) return next()->Consume(std::move(batch), std::move(done));
  if (context_.loop == nullptr) return done.Finished(status);
  context_.loop->Post([done = std::move(done), status = std::move(status)]() mutable { done.Finished(status); });
}

}  // namespace otelpipe

OTELPIPE_REGISTER(processor, transform, registry) { return registry.AddProcessor<otelpipe::TransformProcessor>(); }
