#include "exporter/debug/debug.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "exporter/debug/text.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"
#include "otelpipe/pdata/text.h"

namespace otelpipe {
namespace {

constexpr size_t kBuckets = 4096;
constexpr int64_t kWindowNanos = 1000000000;

uint32_t Fnv1a(std::string_view text) {
  uint32_t hash = 2166136261u;
  for (unsigned char c : text) hash = (hash ^ c) * 16777619u;
  return hash;
}

// Nobody waits for the outcome of a debug print, so a full disk or a closed pipe is ignored.
void WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

size_t MetricCount(const MetricsData& data) {
  size_t n = 0;
  for (const ResourceMetrics& r : data.resources) {
    for (const ScopeMetrics& s : r.scopes) n += s.records.size();
  }
  return n;
}

}  // namespace

bool MessageSampler::Take(std::string_view text, int64_t now_nanos) {
  if (thereafter_ == 1) return true;
  if (buckets_.empty()) buckets_.resize(kBuckets);
  Bucket& bucket = buckets_[Fnv1a(text) % kBuckets];
  if (now_nanos >= bucket.reset_at) {
    bucket.reset_at = now_nanos + kWindowNanos;
    bucket.count = 0;
  }
  int64_t n = ++bucket.count;
  return n <= initial_ || (thereafter_ > 0 && (n - initial_) % thereafter_ == 0);
}

void DebugExporter::Config::Describe(Fields<Config>& f) {
  f.OneOf("verbosity", &Config::verbosity, {"basic", "normal", "detailed", "none"}, "unknown metrics level ",
          "How much of each request is shown: basic (counts), normal (a line per record) or detailed (all members).", true);
  f.Optional("sampling_initial", &Config::sampling_initial, "Messages of one text shown in each second before sampling begins.");
  f.Optional("sampling_thereafter", &Config::sampling_thereafter,
             "After those, every n-th message is shown; 1 shows all, 0 none.");
  f.Optional("use_internal_logger", &Config::use_internal_logger,
             "Write to the collector's own log; false writes to output_paths.");
  f.Optional("output_paths", &Config::output_paths,
             "Without the internal logger: stdout, stderr or paths of files to append to.");
  f.Validate([](const Config& c) {
    return c.verbosity == "none" ? absl::InvalidArgumentError("verbosity level \"None\" is not supported")
                                         : absl::OkStatus();
  });
  f.Validate([](const Config& c) {
    return c.sampling_initial < 0 || c.sampling_thereafter < 0
               ? absl::InvalidArgumentError("sampling_initial and sampling_thereafter must not be negative")
               : absl::OkStatus();
  });
  f.Validate([](const Config& c) {
    return !c.use_internal_logger && c.output_paths.empty()
               ? absl::InvalidArgumentError("output_paths must not be empty when use_internal_logger is false")
               : absl::OkStatus();
  });
}

DebugExporter::DebugExporter(Config config, Context context)
    : config_(std::move(config)),
      context_(std::move(context)),
      verbosity_(config_.verbosity == "detailed" ? Verbosity::kDetailed
                 : config_.verbosity == "normal" ? Verbosity::kNormal
                                                         : Verbosity::kBasic),
      counters_(context_),
      sampler_(config_.sampling_initial, config_.sampling_thereafter) {}

DebugExporter::~DebugExporter() { CloseOutputs(); }

absl::Status DebugExporter::Start(Host&) {
  if (config_.use_internal_logger) return absl::OkStatus();
  for (const std::string& path : config_.output_paths) {
    if (path == "stdout" || path == "stderr") {
      outputs_.push_back({path == "stdout" ? STDOUT_FILENO : STDERR_FILENO, false});
      continue;
    }
    int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) return absl::ErrnoToStatus(errno, A("open " + path));
    outputs_.push_back({fd, true});
  }
  return absl::OkStatus();
}

void DebugExporter::Shutdown(ShutdownDone done) {
  CloseOutputs();
  done();
}

void DebugExporter::CloseOutputs() {
  for (const Output& output : outputs_) {
    if (output.owned) ::close(output.fd);
  }
  outputs_.clear();
}

void DebugExporter::Consume(Batch batch, Done done) {
  auto show = [&]() -> absl::Status {
    switch (batch.signal()) {
      case Signal::kLogs: {
        OTELPIPE_ASSIGN_OR_RETURN(const LogsData* data, batch.ReadLogs());
        Show("Logs", *data, {{"resource logs", size_t{data->resources.size()}}, {"log records", batch.records()}});
        break;
      }
      case Signal::kTraces: {
        OTELPIPE_ASSIGN_OR_RETURN(const TracesData* data, batch.ReadTraces());
        Show("Traces", *data, {{"resource spans", size_t{data->resources.size()}}, {"spans", batch.records()}});
        break;
      }
      case Signal::kMetrics: {
        OTELPIPE_ASSIGN_OR_RETURN(const MetricsData* data, batch.ReadMetrics());
        Show("Metrics", *data,
             {{"resource metrics", size_t{data->resources.size()}},
              {"metrics", MetricCount(*data)},
              {"data points", batch.records()}});
        break;
      }
    }
    return absl::OkStatus();
  };
  absl::Status status = show();
  counters_.Count(batch.signal(), batch.records(), status);
  done.Finished(status);
}

template <typename Data>
void DebugExporter::Show(std::string_view title, const Data& data, std::vector<LogField> fields) {
  Emit(title, std::move(fields));
  if (verbosity_ == Verbosity::kBasic) return;
  Emit(verbosity_ == Verbosity::kDetailed ? debug_text::Detailed(data) : debug_text::Normal(data), {});
}

void DebugExporter::Emit(std::string_view message, std::vector<LogField> fields) {
  if (config_.sampling_thereafter != 1 && !sampler_.Take(message, context_.loop->MonotonicNanos())) return;
  if (config_.use_internal_logger) {
    // The text is the data's, so it carries no source place of ours; the reference's lines have none either.
    context_.log.Info(message, std::move(fields), nullptr, 0);
    return;
  }
  std::string line(message);
  const char* separator = "\t{";
  for (const LogField& field : fields) {
    line += separator;
    separator = ", ";
    AppendJsonString(line, field.key, false);
    line += ": ";
    AppendInt(line, std::get<int64_t>(field.data));  // all our fields are counts
  }
  line += fields.empty() ? "\n" : "}\n";
  for (const Output& output : outputs_) WriteAll(output.fd, line);
}

void LoggingExporter::Config::Describe(Fields<Config>& f) {
  f.OneOf("verbosity", &Config::verbosity, {"basic", "normal", "detailed"}, "unknown metrics level ", "As in the debug exporter.",
          true);
  f.OneOf("loglevel", &Config::loglevel, {"debug", "info", "warn", "error"}, "unrecognized level: ",
          "The key before verbosity: debug is detailed, all others are basic.", true);
  f.Optional("sampling_initial", &Config::sampling_initial, "As in the debug exporter.");
  f.Optional("sampling_thereafter", &Config::sampling_thereafter, "As in the debug exporter.");
  f.Validate([](const Config& c) {
    return !c.loglevel.empty() && !c.verbosity.empty()
               ? absl::InvalidArgumentError("'loglevel' and 'verbosity' are incompatible. Use only 'verbosity' instead")
               : absl::OkStatus();
  });
}

LoggingExporter::LoggingExporter(Config config, Context context) : DebugExporter(Translate(config), std::move(context)) {}

DebugExporter::Config LoggingExporter::Translate(const Config& config) {
  DebugExporter::Config debug;
  debug.sampling_initial = config.sampling_initial;
  debug.sampling_thereafter = config.sampling_thereafter;
  if (!config.verbosity.empty()) {
    debug.verbosity = config.verbosity;
  } else if (config.loglevel == "debug") {
    debug.verbosity = "detailed";
  }  // all other levels, and no level, showed counts only
  return debug;
}

}  // namespace otelpipe

OTELPIPE_REGISTER(exporter, debug, registry) {
  OTELPIPE_RETURN_IF_ERROR(registry.AddExporter<otelpipe::DebugExporter>());
  return registry.AddExporter<otelpipe::LoggingExporter>();
}
