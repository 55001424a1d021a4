#include "receiver/otlpjsonfile/otlpjsonfile.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "otelpipe/pdata/codec.h"
#include "shared/stream/storage.h"

namespace otelpipe {
namespace {

// The member that makes a message one of `signal`, in both spellings.
bool MayHold(Signal signal, std::string_view text) {
  auto has = [&](std::string_view a, std::string_view b) {
    return text.find(a) != std::string_view::npos || text.find(b) != std::string_view::npos;
  };
  switch (signal) {
    case Signal::kLogs: return has("\"resourceLogs\"", "\"resource_logs\"");
    case Signal::kTraces: return has("\"resourceSpans\"", "\"resource_spans\"");
    case Signal::kMetrics: return has("\"resourceMetrics\"", "\"resource_metrics\"");
  }
  return false;
}

Map& FileAttributesOf(LogRecord& record) { return record.attributes; }
Map& FileAttributesOf(Span& span) { return span.attributes; }
Map& FileAttributesOf(Metric& metric) { return metric.metadata; }

}  // namespace

void OtlpJsonFileConfig::Describe(Fields<OtlpJsonFileConfig>& f) {
  f.InlineBase<stream::FileConfig>();
  f.Optional("replay_file", &OtlpJsonFileConfig::replay_file, "Only false.");
  f.Optional("storage", &OtlpJsonFileConfig::storage, "Extension that keeps the positions over a restart.");
}

void DecodeField(const ConfigNode& node, OtlpJsonFileConfig& out, DecodeContext& context) {
  out.node = node;
  internal::DecodeTable(node, TableOf<OtlpJsonFileConfig>(), &out, context);
}

OtlpJsonFileReceiver::OtlpJsonFileReceiver(Config config, Context context)
    : config_(std::move(config)), context_(std::move(context)) {}

OtlpJsonFileReceiver::~OtlpJsonFileReceiver() {
  // In this order: what the delivery lets go is noted by the tailer, which saves it.
  delivery_.reset();
  if (tailer_ != nullptr) tailer_->Save();
  tailer_.reset();
}

absl::Status OtlpJsonFileReceiver::Init() {
  OTELPIPE_ASSIGN_OR_RETURN(options_, config_.MakeTailOptions(context_, config_.node));
  if (config_.replay_file) {
    return stream::ErrorAt(config_.node, "replay_file",
                           absl::InvalidArgumentError("'replay_file' is not supported: files are read once"));
  }
  if (config_.header.has_value()) {
    OTELPIPE_ASSIGN_OR_RETURN(header_, stream::HeaderProgram::Build(*config_.header, config_.node, context_));
  }
  delivery_ = std::make_unique<stream::Delivery>(context_, stream::DeliveryOptions{.replayable = true, .transport = "file"}, [this] {
    if (tailer_ != nullptr) tailer_->Resume();
  });
  return absl::OkStatus();
}

void OtlpJsonFileReceiver::OnHeaderLine(std::string_view line, Arena& arena, Map& attributes) {
  if (header_ != nullptr) header_->Add(line, arena, attributes);
}

void OtlpJsonFileReceiver::SetOutput(Signal signal, Consumer* next) { next_[static_cast<size_t>(signal)] = next; }

absl::Status OtlpJsonFileReceiver::Start(Host& host) {
  OTELPIPE_ASSIGN_OR_RETURN(std::unique_ptr<StorageClient> client, stream::OpenStorage(config_.storage, config_.node, host, context_));
  if (client != nullptr) checkpoint_ = std::make_unique<tail::Checkpoint>(std::move(client), "file_input");
  if (header_ != nullptr) OTELPIPE_RETURN_IF_ERROR(header_->Start());
  Logger log = context_.log.With({{"component", "fileconsumer"}});
  tailer_ = std::make_unique<tail::Tailer>(*std::move(options_), context_.loop, std::move(log), context_.metrics, this, checkpoint_.get());
  options_.reset();
  return Annotate(tailer_->Start(), "read known files from database: ");
}

void OtlpJsonFileReceiver::Shutdown(ShutdownDone done) {
  if (tailer_ == nullptr) return done();
  tailer_->Stop();
  if (header_ != nullptr) header_->Stop();
  // What is with the pipeline may finish while the rest of the service stops; the tailer then saves each step.
  delivery_->Stop([this, done = std::move(done)]() mutable {
    tailer_->Save();
    done();
  });
}

template <typename Data>
absl::StatusOr<std::unique_ptr<Data>> OtlpJsonFileReceiver::DecodeTree(const tail::TailLine& line, const tail::TailSlice& slice) const {
  auto data = std::make_unique<Data>();
  OTELPIPE_RETURN_IF_ERROR(DecodeJson(line.text, *data));
  Arena& arena = data->arena;
  arena.KeepAlive(slice.attributes);
  for (auto& resource : data->resources) {
    for (auto& scope : resource.scopes) {
      for (auto& record : scope.records) {
        Map& map = FileAttributesOf(record);
        for (const KeyValue& kv : slice.attributes->map) map.Set(arena, kv.key, kv.value);
        if (config_.include_file_record_number) map.Set(arena, "log.file.record_number", Value::Int(line.number));
        if (config_.include_file_record_offset) map.Set(arena, "log.file.record_offset", Value::Int(line.offset));
      }
    }
  }
  return data;
}

absl::StatusOr<Batch> OtlpJsonFileReceiver::Decode(Signal signal, const tail::TailLine& line, const tail::TailSlice& slice) const {
  Batch batch;
  switch (signal) {
    case Signal::kLogs: {
      OTELPIPE_ASSIGN_OR_RETURN(auto data, DecodeTree<LogsData>(line, slice));
      batch = Batch::FromLogs(std::move(data));
      break;
    }
    case Signal::kTraces: {
      OTELPIPE_ASSIGN_OR_RETURN(auto data, DecodeTree<TracesData>(line, slice));
      batch = Batch::FromTraces(std::move(data));
      break;
    }
    case Signal::kMetrics: {
      OTELPIPE_ASSIGN_OR_RETURN(auto data, DecodeTree<MetricsData>(line, slice));
      batch = Batch::FromMetrics(std::move(data));
      break;
    }
  }
  if (batch.records() == 0) return Batch();
  return batch;
}

void OtlpJsonFileReceiver::OnSlice(const tail::TailSlice& slice) {
  size_t bad = 0;
  std::string first_error;
  int64_t first_number = 0;
  int64_t bytes = slice.bytes;
  for (const tail::TailLine& line : slice.lines) {
    bool known = false;
    absl::Status status;
    for (Signal signal : kAllSignals) {
      if (!MayHold(signal, line.text)) continue;
      known = true;
      Consumer* next = next_[static_cast<size_t>(signal)];
      if (next == nullptr) continue;
      absl::StatusOr<Batch> batch = Decode(signal, line, slice);
      if (!batch.ok()) {
        status = batch.status();
      } else if (*batch) {
        std::vector<AckRef> acks;
        acks.emplace_back(slice.token);
        delivery_->Offer(next, *std::move(batch), std::move(acks), std::exchange(bytes, 0));
      }
    }
    // Nothing of OTLP: an empty message is fine, anything else is told.
    if (!known) {
      LogsData nothing;
      status = DecodeJson(line.text, nothing);
    }
    if (!status.ok() && bad++ == 0) {
      first_error = std::string(status.message());
      first_number = line.number;
    }
  }
  if (bad == 0) return;
  const Value* path = slice.attributes->map.Find("log.file.path");
  const Value* name = path != nullptr ? path : slice.attributes->map.Find("log.file.name");
  context_.log.Error("lines that are no OTLP JSON were passed over", {{"error", first_error},
                                                                      {"file", name != nullptr ? name->AsString() : ""},
                                                                      {"first_line", first_number},
                                                                      {"lines", bad}});
}

}  // namespace otelpipe

OTELPIPE_REGISTER(receiver, otlpjsonfile, registry) { return registry.AddReceiver<otelpipe::OtlpJsonFileReceiver>(); }
