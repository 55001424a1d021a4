#include "extension/telemetry_metrics/push.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "extension/telemetry_metrics/own_page.h"
#include "otelpipe/base/status_macros.h"

namespace otelpipe::own_metrics {
namespace {

std::string KeyOf(const MetricSample& s) {
  std::string key = absl::StrCat(s.scope, "\n", s.name);
  for (const auto& [name, value] : s.labels) absl::StrAppend(&key, "\n", name, "\n", value);
  return key;
}

}  // namespace

void MetricsTarget::Describe(Fields<MetricsTarget>& f) {
  f.InlineBase<own_telemetry::OtlpTarget>();
  f.OneOf("temporality_preference", &MetricsTarget::temporality_preference, {"", "cumulative", "delta", "lowmemory"},
          "unsupported temporality preference ", "cumulative; delta: sums since the last sending; lowmemory: the same but for the process's.");
  f.Unsupported("default_histogram_aggregation", "histograms have fixed bounds");
}

void PushExporter::Describe(Fields<PushExporter>& f) {
  f.Optional("otlp", &PushExporter::otlp, "Sends OTLP.");
  f.Optional("console", &PushExporter::console, "Writes JSON to standard output.");
  f.Validate([](const PushExporter& e) {
    if (e.otlp && e.console) return absl::InvalidArgumentError("must not specify multiple exporters");
    return e.otlp || e.console ? absl::OkStatus() : absl::InvalidArgumentError("no valid metric exporter");
  });
}

void Periodic::Describe(Fields<Periodic>& f) {
  f.Optional("interval", &Periodic::interval, "Time between two sendings in milliseconds.");
  f.Optional("timeout", &Periodic::timeout, "Limit of one sending in milliseconds.");
  f.Optional("exporter", &Periodic::exporter, "Who sends.");
  f.Unsupported("producers", "there are no other producers");
  f.Validate([](const Periodic& p) -> absl::Status {
    OTELPIPE_RETURN_IF_ERROR(own_telemetry::PositiveMillis("interval", p.interval));
    OTELPIPE_RETURN_IF_ERROR(own_telemetry::PositiveMillis("timeout", p.timeout));
    return p.exporter ? absl::OkStatus() : absl::InvalidArgumentError("no valid metric exporter");
  });
}

void Deltas::Apply(std::vector<MetricSample>& samples, std::vector<ProcessSample>& process) {
  for (MetricSample& s : samples) {
    if (s.type == MetricSample::Type::kGauge) continue;
    MetricSample& last = last_[KeyOf(s)];
    MetricSample now = s;
    s.value -= last.value;
    if (last.histogram.counts.size() == s.histogram.counts.size()) {
      for (size_t i = 0; i < s.histogram.counts.size(); ++i) s.histogram.counts[i] -= last.histogram.counts[i];
      s.histogram.sum -= last.histogram.sum;
      s.histogram.count -= last.histogram.count;
    }
    last = std::move(now);
  }
  if (!process_too_) return;
  for (ProcessSample& s : process) {
    if (s.counter) s.value -= std::exchange(last_process_[s.name], s.value);
  }
}

uint64_t Deltas::Advance(uint64_t start, uint64_t now) {
  const uint64_t begin = std::exchange(last_nanos_, now);
  return begin == 0 ? start : begin;
}

Batch OwnBatch(std::vector<MetricSample> samples, std::vector<ProcessSample> process,
               const std::vector<std::pair<std::string, std::string>>& resource, std::string_view level, uint64_t start_nanos, uint64_t now_nanos,
               Deltas* deltas) {
  const uint64_t delta_start = deltas != nullptr ? deltas->Advance(start_nanos, now_nanos) : 0;
  if (deltas != nullptr) deltas->Apply(samples, process);
  auto data = std::make_unique<MetricsData>();
  Arena& arena = data->arena;
  ResourceMetrics& all = data->resources.Add(arena);
  for (const auto& [key, value] : resource) all.resource.attributes.Set(arena, arena.Copy(key), Value::Str(arena.Copy(value)));
  // Instruments by scope and name; the samples of one are its points.
  std::map<std::string, std::map<std::string, std::vector<const MetricSample*>>> scopes;
  for (const MetricSample& s : samples) {
    if (ShownAtLevel(s.name, level)) scopes[s.scope][s.name].push_back(&s);
  }
  scopes[std::string(kProcessScope)];
  all.scopes.Reserve(arena, scopes.size());
  auto begin = [&](ScopeMetrics& scope, std::string_view name, std::string_view help, std::string_view unit, MetricType type, bool delta) -> Metric& {
    Metric& m = scope.records.Add(arena);
    m.name = arena.Copy(name);
    m.description = arena.Copy(help);
    m.unit = arena.Copy(unit);
    m.type = type;
    if (type != MetricType::kGauge) m.aggregation_temporality = delta ? 1 : 2;
    m.is_monotonic = type == MetricType::kSum;
    return m;
  };
  auto fill = [&](auto& point, const Labels& labels, bool delta) {
    for (const auto& [key, value] : labels) point.attributes.Set(arena, arena.Copy(key), Value::Str(arena.Copy(value)));
    point.start_time_unix_nano = delta ? delta_start : start_nanos;
    point.time_unix_nano = now_nanos;
  };
  for (const auto& [scope_name, instruments] : scopes) {
    ScopeMetrics& scope = all.scopes.Add(arena);
    scope.scope.name = arena.Copy(scope_name);
    for (const auto& [name, points] : instruments) {
      const MetricSample& first = *points[0];
      const MetricType type = first.type == MetricSample::Type::kCounter ? MetricType::kSum
                              : first.type == MetricSample::Type::kGauge ? MetricType::kGauge
                                                                         : MetricType::kHistogram;
      const bool delta = deltas != nullptr && type != MetricType::kGauge;
      Metric& m = begin(scope, name, first.help, first.unit, type, delta);
      for (const MetricSample* s : points) {
        if (type == MetricType::kHistogram) {
          HistogramDataPoint& p = m.histogram_points.Add(arena);
          fill(p, s->labels, delta);
          p.count = s->histogram.count;
          p.sum = s->histogram.sum;
          p.has_sum = true;
          for (uint64_t n : s->histogram.counts) p.bucket_counts.Add(arena) = n;
          for (double b : s->histogram.bounds) p.explicit_bounds.Add(arena) = b;
        } else {
          NumberDataPoint& p = m.number_points.Add(arena);
          fill(p, s->labels, delta);
          p.value_kind = NumberKind::kInt;
          p.as_int = s->value;
        }
      }
    }
    if (scope_name != kProcessScope) continue;
    for (const ProcessSample& s : process) {
      const bool delta = deltas != nullptr && deltas->process_too() && s.counter;
      Metric& m = begin(scope, s.name, s.help, s.unit, s.counter ? MetricType::kSum : MetricType::kGauge, delta);
      NumberDataPoint& p = m.number_points.Add(arena);
      fill(p, {}, delta);
      p.value_kind = NumberKind::kDouble;
      p.as_double = s.value;
    }
  }
  return Batch::FromMetrics(std::move(data));
}

PushReader::PushReader(Periodic config, Context context, std::function<Batch(Deltas*)> read, std::function<void(std::string_view)> console)
    : config_(std::move(config)), context_(std::move(context)), read_(std::move(read)), console_(std::move(console)) {
  const std::string preference = config_.exporter->otlp ? config_.exporter->otlp->temporality_preference : "";
  if (preference == "delta" || preference == "lowmemory") deltas_ = std::make_unique<Deltas>(preference == "delta");
}

PushReader::~PushReader() { *alive_ = false; }

absl::Status PushReader::Start(Host& host) {
  started_ = true;
  if (config_.exporter->console) {
    Tick();
    return absl::OkStatus();
  }
  OTELPIPE_ASSIGN_OR_RETURN(exporter_, own_telemetry::MakeOwnExporter(*config_.exporter->otlp, Signal::kMetrics, context_, &uncounted_));
  OTELPIPE_RETURN_IF_ERROR(exporter_->Start(host));
  Tick();
  return absl::OkStatus();
}

void PushReader::Tick() {
  timer_ = context_.loop->After(absl::Milliseconds(config_.interval), [this] {
    Send([] {});
    Tick();
  });
}

void PushReader::Send(std::function<void()> then) {
  Batch batch = read_(deltas_.get());
  if (exporter_ == nullptr) {
    const absl::StatusOr<const MetricsData*> data = batch.ReadMetrics();
    if (data.ok()) console_(own_telemetry::MetricsAsJson(**data));
    return then();
  }
  exporter_->Consume(std::move(batch), Done::OnFinished([log = context_.log, then = std::move(then)](const absl::Status& status) {
    if (!status.ok()) log.Error("failed to upload metrics", {{"error", status}});
    then();
  }));
}

void PushReader::Shutdown(std::function<void()> done) {
  timer_ = Timer();
  if (exporter_ == nullptr) {
    if (config_.exporter->console && started_) Send([] {});
    return done();
  }
  // A peer that does not answer may not hold up the end: its time is bounded.
  auto finish = std::make_shared<std::function<void()>>(std::move(done));
  auto stop = [this, alive = alive_, finish] {
    if (!*alive || !*finish) return;
    auto call = std::exchange(*finish, nullptr);
    timer_ = Timer();
    exporter_->Shutdown([call = std::move(call)] { call(); });
  };
  timer_ = context_.loop->After(absl::Milliseconds(std::min<int64_t>(config_.timeout, 5000)), stop);
  Send([loop = context_.loop, stop] { loop->Post(stop); });
}

}  // namespace otelpipe::own_metrics
