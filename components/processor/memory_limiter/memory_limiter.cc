#include "processor/memory_limiter/memory_limiter.h"

#include <string>
#include <utility>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "otelpipe/base/memory.h"

namespace otelpipe {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr std::string_view kHelperScope = "go.opentelemetry.io/collector/processor/processorhelper";
constexpr std::string_view kScope = "go.opentelemetry.io/collector/processor/memorylimiterprocessor";

}  // namespace

void MemoryLimiter::Config::Describe(Fields<Config>& f) {
  f.Optional("check_interval", &Config::check_interval, "Time between two measurements; must be set.");
  f.Optional("limit_mib", &Config::limit_mib, "The most memory the process should use, in MiB. Wins over limit_percentage.");
  f.Optional("spike_limit_mib", &Config::spike_limit_mib,
             "Data is refused this much below the limit already. 0 means a fifth of the limit.");
  f.Optional("limit_percentage", &Config::limit_percentage,
             "The limit in percent of the memory of the cgroup, or of the machine.");
  f.Optional("spike_limit_percentage", &Config::spike_limit_percentage, "As spike_limit_mib, in percent of that memory.");
  f.Optional("min_gc_interval_when_soft_limited", &Config::min_gc_interval_when_soft_limited,
             "The least time between two attempts to give memory back, above the soft limit.");
  f.Optional("min_gc_interval_when_hard_limited", &Config::min_gc_interval_when_hard_limited,
             "The same above the hard limit.");
  f.Validate([](const Config& c) -> absl::Status {
    if (c.check_interval <= absl::ZeroDuration()) {
      return absl::InvalidArgumentError("'check_interval' must be greater than zero");
    }
    if (c.min_gc_interval_when_soft_limited < c.min_gc_interval_when_hard_limited) {
      return absl::InvalidArgumentError(
          "'min_gc_interval_when_soft_limited' should be larger than 'min_gc_interval_when_hard_limited'");
    }
    if (c.limit_mib == 0 && c.limit_percentage == 0) {
      return absl::InvalidArgumentError("'limit_mib' or 'limit_percentage' must be greater than zero");
    }
    if (c.limit_percentage > 100 || c.spike_limit_percentage > 100) {
      return absl::InvalidArgumentError(
          "'limit_percentage' and 'spike_limit_percentage' must be greater than zero and less than or equal to hundred");
    }
    if (c.limit_mib > 0 && c.limit_mib <= c.spike_limit_mib) {
      return absl::InvalidArgumentError("'spike_limit_mib' must be smaller than 'limit_mib'");
    }
    if (c.limit_percentage > 0 && c.limit_percentage <= c.spike_limit_percentage) {
      return absl::InvalidArgumentError("'spike_limit_percentage' must be smaller than 'limit_percentage'");
    }
    return absl::OkStatus();
  });
}

MemoryLimiter::MemoryLimiter(Config config, Context context)
    : config_(std::move(config)), context_(std::move(context)) {
  if (context_.metrics == nullptr) return;
  const std::string id = context_.id.ToString();
  const bool logs = context_.signal == Signal::kLogs;
  const bool traces = context_.signal == Signal::kTraces;
  const std::string noun = logs ? "log_records" : traces ? "spans" : "metric_points";
  const std::string words = logs ? "log records" : traces ? "spans" : "metric points";
  const std::string unit = logs ? "{records}" : traces ? "{spans}" : "{datapoints}";
  accepted_ = context_.metrics->AddCounter("otelcol_processor_accepted_" + noun, {{"processor", id}},
                                           "Number of " + words + " successfully pushed into the next component in the pipeline. [deprecated since v0.110.0]",
                                           unit, kScope);
  refused_ = context_.metrics->AddCounter("otelcol_processor_refused_" + noun, {{"processor", id}},
                                          "Number of " + words + " that were rejected by the next component in the pipeline. [deprecated since v0.110.0]",
                                          unit, kScope);
  const Labels labels = {{"processor", id}, {"otel_signal", std::string(SignalName(context_.signal))}};
  incoming_ = context_.metrics->AddCounter("otelcol_processor_incoming_items", labels,
                                           "Number of items passed to the processor. [alpha]", "{items}", kHelperScope);
  outgoing_ = context_.metrics->AddCounter("otelcol_processor_outgoing_items", labels,
                                           "Number of items emitted from the processor. [alpha]", "{items}", kHelperScope);
}

absl::Status MemoryLimiter::Init() {
  if (config_.limit_mib > 0) {
    hard_limit_ = config_.limit_mib * kMiB;
    spike_ = config_.spike_limit_mib * kMiB;
  } else {
    OTELPIPE_ASSIGN_OR_RETURN(total_, memory::TotalBytes());
    // Divided first where the product might not fit.
    const auto percent = [this](uint64_t p) { return total_ / 100 * p + total_ % 100 * p / 100; };
    hard_limit_ = percent(config_.limit_percentage);
    spike_ = percent(config_.spike_limit_percentage);
  }
  if (spike_ == 0) spike_ = hard_limit_ / 5;
  memory::LimiterOptions options;
  options.check_interval = config_.check_interval;
  options.hard_limit = hard_limit_;
  options.soft_limit = hard_limit_ - spike_;
  options.min_release_interval_soft = config_.min_gc_interval_when_soft_limited;
  options.min_release_interval_hard = config_.min_gc_interval_when_hard_limited;
  options.used = memory::ResidentBytes;
  options.release = memory::ReleaseFree;
  limiter_ = memory::Limiter::Shared(context_.id.ToString(), std::move(options), context_.loop, context_.log);
  return absl::OkStatus();
}

absl::Status MemoryLimiter::Start(Host&) {
  started_ = true;
  if (!limiter_->Start()) return absl::OkStatus();  // another pipeline's has said it
  if (total_ > 0) {
    context_.log.Info("Using percentage memory limiter",
                      {{"total_memory_mib", static_cast<int64_t>(total_ / kMiB)},
                       {"limit_percentage", static_cast<int64_t>(config_.limit_percentage)},
                       {"spike_limit_percentage", static_cast<int64_t>(config_.spike_limit_percentage)}});
  }
  context_.log.Info("Memory limiter configured", {{"limit_mib", static_cast<int64_t>(hard_limit_ / kMiB)},
                                                  {"spike_limit_mib", static_cast<int64_t>(spike_ / kMiB)},
                                                  {"check_interval", absl::ToDoubleSeconds(config_.check_interval)}});
  return absl::OkStatus();
}

void MemoryLimiter::Shutdown(ShutdownDone done) {
  if (std::exchange(started_, false)) limiter_->Stop();
  done();
}

void MemoryLimiter::Consume(Batch batch, Done done) {
  const auto records = static_cast<int64_t>(batch.records());
  if (incoming_ != nullptr) incoming_->Add(records);
  if (!limiter_->Take(batch.memory_size())) {
    if (refused_ != nullptr) refused_->Add(records);
    // Not a full queue but a state that passes: senders are to come again.
    done.Finished(absl::UnavailableError("data refused due to high memory usage"));
    return;
  }
  if (accepted_ != nullptr) {
    accepted_->Add(records);
    outgoing_->Add(records);
  }
  next()->Consume(std::move(batch), std::move(done));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(processor, memory_limiter, registry) { return registry.AddProcessor<otelpipe::MemoryLimiter>(); }
