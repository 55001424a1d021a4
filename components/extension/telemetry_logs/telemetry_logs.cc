#include "extension/telemetry_logs/telemetry_logs.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"

namespace otelpipe {
namespace {

constexpr std::string_view kScope = "go.opentelemetry.io/collector/service/telemetry";
// Lines that come before the service has started, or faster than the loop runs.
constexpr size_t kInboxLimit = 8192;
constexpr int64_t kEndLimitMillis = 5000;

Value ToValue(Arena& arena, const LogField& f) {
  if (const auto* text = std::get_if<std::string>(&f.data)) return Value::Str(arena.Copy(*text));
  if (const auto* i = std::get_if<int64_t>(&f.data)) return Value::Int(*i);
  if (const auto* d = std::get_if<double>(&f.data)) return Value::Double(*d);
  return Value::Bool(std::get<bool>(f.data));
}

int32_t SeverityOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return 5;
    case LogLevel::kInfo: return 9;
    case LogLevel::kWarn: return 13;
    case LogLevel::kError: return 17;
  }
  return 0;
}

std::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarn: return "warn";
    case LogLevel::kError: return "error";
  }
  return "";
}

bool SameFields(const std::vector<LogField>& a, const std::vector<LogField>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const LogField& x, const LogField& y) { return x.key == y.key && x.data == y.data; });
}

}  // namespace

// A line that outlives its call.
struct TelemetryLogs::Line {
  LogLevel level;
  uint64_t nanos;
  std::string message;
  std::vector<LogField> component, fields;
  const char* file;
  int line;
};

// Where lines come in. Outlives the extension with the last logger.
class TelemetryLogs::Inbox final : public LogSink {
 public:
  explicit Inbox(Loop* loop) : loop_(loop) {}

  bool Enabled(LogLevel) const override { return true; }  // the service asks its own level
  void Write(const LogLine& l) override {
    auto line = std::make_shared<const Line>(
        Line{l.level, static_cast<uint64_t>(l.unix_nanos), std::string(l.message), l.component, l.fields, l.file, l.line});
    std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return;
    if (lines_.size() >= kInboxLimit) {
      ++dropped_;
      return;
    }
    lines_.push_back(std::move(line));
    // Under the lock, so that the loop is there.
    if (wake_ && !std::exchange(posted_, true)) loop_->Post(wake_);
  }

  // The lines so far, and how many were dropped.
  std::pair<std::vector<std::shared_ptr<const Line>>, int64_t> Take() {
    std::lock_guard<std::mutex> lock(mutex_);
    posted_ = false;
    return {std::exchange(lines_, {}), std::exchange(dropped_, 0)};
  }
  // From now on `wake` is posted when lines come.
  void SetWake(std::function<void()> wake) {
    std::lock_guard<std::mutex> lock(mutex_);
    wake_ = std::move(wake);
  }
  void Close() {
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    lines_.clear();
  }

 private:
  Loop* const loop_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const Line>> lines_;
  std::function<void()> wake_;
  int64_t dropped_ = 0;
  bool posted_ = false;
  bool closed_ = false;
};

// One processor with its exporter. One request at a time.
class TelemetryLogs::Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  Pipe(const RecordProcessor& p, const std::map<std::string, std::string>& resource, const Context& context, std::function<void(std::string_view)> console)
      : exporter_config_(p.batch ? *p.batch->exporter : *p.simple->exporter), resource_(resource), context_(context), console_(std::move(console)) {
    if (!p.batch) return;
    delay_ = absl::Milliseconds(p.batch->schedule_delay);
    end_limit_ = absl::Milliseconds(std::min(p.batch->export_timeout, kEndLimitMillis));
    max_queue_ = static_cast<size_t>(p.batch->max_queue_size);
    max_batch_ = static_cast<size_t>(std::min(p.batch->max_export_batch_size, p.batch->max_queue_size));
  }

  absl::Status Start(Host& host, Metrics* uncounted) {
    if (exporter_config_.otlp) {
      OTELPIPE_ASSIGN_OR_RETURN(exporter_, own_telemetry::MakeOwnExporter(*exporter_config_.otlp, Signal::kLogs, context_, uncounted));
      OTELPIPE_RETURN_IF_ERROR(exporter_->Start(host));
    }
    if (delay_ > absl::ZeroDuration()) Tick();
    return absl::OkStatus();
  }

  void Add(const std::shared_ptr<const Line>& line) {
    if (queue_.size() >= max_queue_) {
      queue_.pop_front();
      ++dropped_;
    }
    queue_.push_back(line);
    if (queue_.size() >= max_batch_) Send();
  }

  void CountDropped(int64_t n) { dropped_ += n; }

  void Shutdown(std::function<void()> done) {
    timer_ = Timer();
    ending_ = true;
    done_ = std::move(done);
    timer_ = context_.loop->After(end_limit_, [this] { End(); });
    Send();
  }

 private:
  void Tick() {
    timer_ = context_.loop->After(delay_, [this] {
      due_ = true;
      Send();
      Tick();
    });
  }

  void Send() {
    if (busy_ || ended_) return;
    const bool all = due_ || ending_;
    if (queue_.empty() || (!all && queue_.size() < max_batch_)) {
      due_ = false;
      if (ending_) End();
      return;
    }
    if (dropped_ > 0) context_.log.Warn("dropped log records", {{"dropped", std::exchange(dropped_, 0)}});
    Batch batch = Take();
    if (exporter_ == nullptr) {
      const absl::StatusOr<const LogsData*> data = batch.ReadLogs();
      if (data.ok()) console_(own_telemetry::LogsAsJson(**data));
      return Again();
    }
    busy_ = true;
    exporter_->Consume(std::move(batch), Done::OnFinished([self = shared_from_this()](const absl::Status& status) {
      if (!status.ok()) self->context_.log.Error("failed to send own log records", {{"error", status}});
      self->busy_ = false;
      self->Again();
    }));
  }

  // Posted, so that a queue does not become a stack.
  void Again() {
    context_.loop->Post([self = shared_from_this()] { self->Send(); });
  }

  Batch Take() {
    auto data = std::make_unique<LogsData>();
    Arena& arena = data->arena;
    ResourceLogs& all = data->resources.Add(arena);
    for (const auto& [key, value] : resource_) all.resource.attributes.Set(arena, arena.Copy(key), Value::Str(arena.Copy(value)));
    const auto observed = static_cast<uint64_t>(absl::ToUnixNanos(context_.loop->Now()));
    std::vector<std::vector<std::shared_ptr<const Line>>> scopes;  // lines of one speaker
    for (size_t n = std::min(queue_.size(), max_batch_); n > 0; --n) {
      auto at = std::find_if(scopes.begin(), scopes.end(), [&](const auto& s) { return SameFields(s[0]->component, queue_.front()->component); });
      if (at == scopes.end()) at = scopes.emplace(scopes.end());
      at->push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    all.scopes.Reserve(arena, scopes.size());
    for (const auto& lines : scopes) {
      ScopeLogs& scope = all.scopes.Add(arena);
      scope.scope.name = kScope;
      for (const LogField& f : lines[0]->component) scope.scope.attributes.Set(arena, arena.Copy(f.key), ToValue(arena, f));
      for (const auto& line : lines) {
        LogRecord& r = scope.records.Add(arena);
        r.time_unix_nano = line->nanos;
        r.observed_time_unix_nano = observed;
        r.severity_number = SeverityOf(line->level);
        r.severity_text = NameOf(line->level);
        r.body = Value::Str(arena.Copy(line->message));
        if (line->file != nullptr) {
          const char* slash = std::strrchr(line->file, '/');
          r.attributes.Set(arena, "code.file.path", Value::Str(arena.Copy(slash != nullptr ? slash + 1 : line->file)));
          r.attributes.Set(arena, "code.line.number", Value::Int(line->line));
        }
        for (const LogField& f : line->fields) r.attributes.Set(arena, arena.Copy(f.key), ToValue(arena, f));
      }
    }
    return Batch::FromLogs(std::move(data));
  }

  void End() {
    if (std::exchange(ended_, true)) return;
    timer_ = Timer();
    auto done = std::exchange(done_, nullptr);
    if (exporter_ == nullptr) return done();
    exporter_->Shutdown([done = std::move(done)] { done(); });
  }

  const RecordExporter exporter_config_;
  const std::map<std::string, std::string> resource_;
  const Context context_;
  const std::function<void(std::string_view)> console_;
  absl::Duration delay_ = absl::ZeroDuration();
  absl::Duration end_limit_ = absl::Milliseconds(kEndLimitMillis);
  size_t max_queue_ = 2048;
  size_t max_batch_ = 1;
  std::unique_ptr<Exporter> exporter_;
  std::deque<std::shared_ptr<const Line>> queue_;
  int64_t dropped_ = 0;
  Timer timer_;
  bool busy_ = false, due_ = false, ending_ = false, ended_ = false;
  std::function<void()> done_;
};

void TelemetryLogs::RecordExporter::Describe(Fields<RecordExporter>& f) {
  f.Optional("otlp", &RecordExporter::otlp, "Sends OTLP.");
  f.Optional("console", &RecordExporter::console, "Writes JSON to standard output.");
  f.Validate([](const RecordExporter& e) {
    if (e.otlp && e.console) return absl::InvalidArgumentError("must not specify multiple exporters");
    return e.otlp || e.console ? absl::OkStatus() : absl::InvalidArgumentError("no valid log exporter");
  });
}

void TelemetryLogs::BatchProcessor::Describe(Fields<BatchProcessor>& f) {
  using C = BatchProcessor;
  f.Optional("schedule_delay", &C::schedule_delay, "Milliseconds after which held lines are sent.");
  f.Optional("export_timeout", &C::export_timeout, "Milliseconds for the lines of the end.");
  f.Optional("max_queue_size", &C::max_queue_size, "Lines held; then the oldest are dropped.");
  f.Optional("max_export_batch_size", &C::max_export_batch_size, "Lines in a request at most.");
  f.Optional("exporter", &C::exporter, "Who sends.");
  f.Validate([](const C& c) -> absl::Status {
    OTELPIPE_RETURN_IF_ERROR(own_telemetry::PositiveMillis("schedule_delay", c.schedule_delay));
    OTELPIPE_RETURN_IF_ERROR(own_telemetry::PositiveMillis("export_timeout", c.export_timeout));
    OTELPIPE_RETURN_IF_ERROR(own_telemetry::PositiveMillis("max_queue_size", c.max_queue_size));
    OTELPIPE_RETURN_IF_ERROR(own_telemetry::PositiveMillis("max_export_batch_size", c.max_export_batch_size));
    return c.exporter ? absl::OkStatus() : absl::InvalidArgumentError("no valid log exporter");
  });
}

void TelemetryLogs::SimpleProcessor::Describe(Fields<SimpleProcessor>& f) {
  f.Optional("exporter", &SimpleProcessor::exporter, "Who sends.");
  f.Validate([](const SimpleProcessor& c) { return c.exporter ? absl::OkStatus() : absl::InvalidArgumentError("no valid log exporter"); });
}

void TelemetryLogs::RecordProcessor::Describe(Fields<RecordProcessor>& f) {
  f.Optional("batch", &RecordProcessor::batch, "Lines are held and sent together.");
  f.Optional("simple", &RecordProcessor::simple, "Each line is sent at once.");
  f.Validate([](const RecordProcessor& p) {
    if (p.batch && p.simple) return absl::InvalidArgumentError("must not specify multiple log processor type");
    return p.batch || p.simple ? absl::OkStatus() : absl::InvalidArgumentError("unsupported log processor type, must be one of simple or batch");
  });
}

void TelemetryLogs::Config::Describe(Fields<Config>& f) {
  f.Optional("processors", &Config::processors, "What becomes of the lines.");
  f.Optional("resource", &Config::resource, "Attributes that name this instance.");
}

TelemetryLogs::TelemetryLogs(Config config, Context context)
    : config_(std::move(config)), context_(std::move(context)), inbox_(std::make_shared<Inbox>(context_.loop)) {}

TelemetryLogs::~TelemetryLogs() { inbox_->Close(); }

absl::Status TelemetryLogs::Start(Host& host) {
  for (const RecordProcessor& p : config_.processors) {
    pipes_.push_back(std::make_shared<Pipe>(p, config_.resource, context_, console_));
    if (absl::Status status = pipes_.back()->Start(host, &uncounted_); !status.ok()) return Annotate(status, "failed to create SDK: ");
  }
  started_ = true;
  inbox_->SetWake([this] { Take(); });  // what is posted runs, or is gone, before the extension is
  Take();
  return absl::OkStatus();
}

void TelemetryLogs::Take() {
  auto [lines, dropped] = inbox_->Take();
  for (const auto& pipe : pipes_) {
    pipe->CountDropped(dropped);
    for (const auto& line : lines) pipe->Add(line);
  }
}

void TelemetryLogs::Shutdown(ShutdownDone done) {
  if (!started_ || pipes_.empty()) return done();
  Take();
  auto left = std::make_shared<size_t>(pipes_.size());
  auto shared_done = std::make_shared<ShutdownDone>(std::move(done));
  for (const auto& pipe : pipes_) {
    pipe->Shutdown([left, shared_done] {
      if (--*left == 0) (*shared_done)();
    });
  }
}

std::shared_ptr<LogSink> TelemetryLogs::sink() { return inbox_; }

}  // namespace otelpipe

OTELPIPE_REGISTER(extension, telemetry_logs, registry) { return registry.AddExtension<otelpipe::TelemetryLogs>(); }
