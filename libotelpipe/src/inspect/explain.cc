#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "inspect/flat.h"
#include "inspect/rig.h"
#include "inspect/tracer.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/inspect.h"
#include "otelpipe/pdata/codec.h"

namespace otelpipe {
namespace {

using inspect::Rig;
using inspect::Stopwatch;
using inspect::Tracer;

// How long the clock runs on after the last line, and how finely it is looked at.
constexpr absl::Duration kSettle = absl::Minutes(1);
constexpr absl::Duration kTick = absl::Milliseconds(100);

std::string PlaceName(const Rig::Place& place) {
  switch (place.kind) {
    case Rig::Place::Kind::kReceiver: return "receiver " + place.id;
    case Rig::Place::Kind::kProcessor: return absl::StrCat("processor ", place.id, " (", place.pipeline, ")");
    case Rig::Place::Kind::kExporter: return absl::StrCat("exporter ", place.id, " (", place.pipeline, ")");
  }
  return place.id;
}

// Moves what happened since the last call into a stage.
ExplainedStage TakeStage(Rig& rig, Tracer& tracer, std::string when, std::string input) {
  ExplainedStage stage;
  stage.when = std::move(when);
  stage.input = std::move(input);
  std::vector<Rig::Seen> seen = rig.TakeSeen();
  for (size_t place = 0; place < rig.places().size(); ++place) {
    ExplainedOutput output;
    output.place = PlaceName(rig.places()[place]);
    for (const Rig::Seen& s : seen) {
      if (s.place != place) continue;
      inspect::ForEachRecord(s.batch, [&](const Resource& resource, const Scope& scope, const LogRecord& record) {
        output.records.push_back(inspect::Flatten(resource, scope, record));
      });
      std::string json;
      if (AppendJson(s.batch, json).ok()) output.otlp.push_back(std::move(json));
    }
    if (!output.records.empty()) stage.outputs.push_back(std::move(output));
  }
  stage.records = tracer.TakeRecords();
  stage.log = tracer.TakeLog();
  return stage;
}

bool IsEmpty(const ExplainedStage& stage) { return stage.records.empty() && stage.outputs.empty() && stage.log.empty(); }

std::string DurationText(absl::Duration d) {
  return absl::FormatDuration(d);
}

// The median time of each operator for each line: nanos[line][n-th operator entered].
using Times = std::vector<std::vector<Stopwatch::Lap>>;
Times Measure(const Config& config, const Registry& registry, const ExplainOptions& options, const std::string& source) {
  Stopwatch watch;
  absl::StatusOr<std::unique_ptr<Rig>> rig =
      Rig::Create(config, registry, {.receiver = options.receiver, .observer = &watch, .gates = options.gates});
  if (!rig.ok()) return {};
  std::vector<std::vector<std::vector<Stopwatch::Lap>>> runs(options.lines.size());
  for (int i = 0; i < options.repeat; ++i) {
    for (size_t line = 0; line < options.lines.size(); ++line) {
      if (!(*rig)->FeedLine(source, options.lines[line]).ok()) return {};
      runs[line].push_back(watch.Take());
    }
    // What is held goes, so that every run begins alike.
    (*rig)->Advance(kSettle);
    watch.Take();
    (*rig)->TakeSeen();
  }
  Times out;
  for (std::vector<std::vector<Stopwatch::Lap>>& of_line : runs) {
    std::vector<Stopwatch::Lap>& laps = out.emplace_back(of_line.empty() ? std::vector<Stopwatch::Lap>() : of_line.front());
    for (size_t k = 0; k < laps.size(); ++k) {
      std::vector<int64_t> all;
      for (const std::vector<Stopwatch::Lap>& run : of_line) {
        if (k < run.size() && run[k].id == laps[k].id) all.push_back(run[k].nanos);
      }
      std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
      laps[k].nanos = all[all.size() / 2];
    }
  }
  return out;
}

}  // namespace

absl::StatusOr<Explanation> Explain(const Config& config, const Registry& registry, const ExplainOptions& options) {
  // Tokens of what the rig still holds report to the tracer's state when it goes, so it goes first.
  Tracer tracer;
  OTELPIPE_ASSIGN_OR_RETURN(std::unique_ptr<Rig> rig,
                            Rig::Create(config, registry, {.receiver = options.receiver, .observer = &tracer,
                                                           .log = tracer.sink(), .gates = options.gates}));
  Explanation out;
  out.receiver = rig->receiver();
  out.source = options.source.empty() ? rig->DefaultSource() : options.source;
  for (size_t i = 0; i < options.lines.size(); ++i) {
    OTELPIPE_RETURN_IF_ERROR(rig->FeedLine(out.source, options.lines[i]));
    out.stages.push_back(TakeStage(*rig, tracer, absl::StrCat("line ", i + 1), options.lines[i]));
  }
  for (absl::Duration waited = kTick; waited <= kSettle; waited += kTick) {
    rig->Advance(kTick);
    ExplainedStage stage = TakeStage(*rig, tracer, absl::StrCat("after ", DurationText(waited)), "");
    if (!IsEmpty(stage)) out.stages.push_back(std::move(stage));
  }
  rig->Shutdown();
  ExplainedStage stage = TakeStage(*rig, tracer, "at shutdown", "");
  if (!IsEmpty(stage)) out.stages.push_back(std::move(stage));

  if (options.repeat > 0) {
    const Times times = Measure(config, registry, options, out.source);
    for (size_t i = 0; i < times.size(); ++i) {
      size_t k = 0;
      for (ExplainedRecord& record : out.stages[i].records) {
        for (ExplainedStep& step : record.steps) {
          if (k < times[i].size() && times[i][k].id == step.id) step.nanos = times[i][k].nanos;
          ++k;
        }
      }
    }
  }
  return out;
}

}  // namespace otelpipe
