#include "receiver/filelog/filelog.h"

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "shared/stream/storage.h"

namespace otelpipe {
namespace {

// Records whose errors are reported together.
constexpr int kReportEvery = 100;

// Errors of consecutive records, joined and logged as one line.
class EmitErrors {
 public:
  explicit EmitErrors(const Logger& log) : log_(log) {}
  ~EmitErrors() { Flush(); }
  void Add(const char* prefix, const absl::Status& status) {
    if (prefix != prefix_ || count_ == kReportEvery) Flush();
    prefix_ = prefix;
    if (count_++ > 0) text_ += "; ";
    text_.append(status.message().data(), status.message().size());
  }

 private:
  void Flush() {
    if (count_ > 0) log_.Error("failed to emit token", {{"error", absl::StrCat(prefix_, text_)}});
    text_.clear();
    count_ = 0;
  }
  const Logger& log_;
  const char* prefix_ = "";
  std::string text_;
  int count_ = 0;
};

}  // namespace

FilelogReceiver::FilelogReceiver(Config config, Context context) : config_(std::move(config)), context_(std::move(context)) {}

FilelogReceiver::~FilelogReceiver() {
  // In this order: what the delivery lets go is noted by the tailer, which saves it.
  delivery_.reset();
  if (program_ != nullptr) program_->SetOutput([](Batch, std::vector<AckRef>) {});
  if (tailer_ != nullptr) tailer_->Save();
  tailer_.reset();
}

absl::Status FilelogReceiver::Init() {
  auto compile = [this](const std::map<std::string, stream::ExprText>& texts, const char* key,
                        std::vector<std::pair<std::string_view, TemplateText>>& out) -> absl::Status {
    for (const auto& [name, value] : texts) {
      absl::StatusOr<TemplateText> text = TemplateText::Compile(value.text);
      if (!text.ok()) {
        return stream::ErrorAt(config_.node, absl::StrCat(key, "::", name),
                               absl::InvalidArgumentError(absl::StrCat(text.status().message(),
                                                                       ": {\"operator_id\":\"", config_.id, "\"}")));
      }
      out.emplace_back(name, *std::move(text));
    }
    return absl::OkStatus();
  };
  OTELPIPE_RETURN_IF_ERROR(compile(config_.attributes, "attributes", attributes_));
  OTELPIPE_RETURN_IF_ERROR(compile(config_.resource, "resource", resource_));
  OTELPIPE_ASSIGN_OR_RETURN(options_, config_.MakeTailOptions(context_, config_.node));
  if (config_.header.has_value()) {
    OTELPIPE_ASSIGN_OR_RETURN(header_, stream::HeaderProgram::Build(*config_.header, config_.node, context_));
  }
  OTELPIPE_ASSIGN_OR_RETURN(program_, OperatorProgram::Build(config_.operators, config_.id, context_, config_.output,
                                                            stream::PlaceOf(config_.node, "output")));
  stream::DeliveryOptions options{.retry = config_.retry_on_failure, .replayable = true};
  delivery_ = std::make_unique<stream::Delivery>(context_, std::move(options), [this] {
    if (tailer_ != nullptr) tailer_->Resume();
  });
  program_->SetOutput([this](Batch batch, std::vector<AckRef> acks) {
    if (delivery_ != nullptr) delivery_->Offer(next_, std::move(batch), std::move(acks), std::exchange(bytes_collected_, 0));
  });
  return absl::OkStatus();
}

void FilelogReceiver::OnHeaderLine(std::string_view line, Arena& arena, Map& attributes) {
  if (header_ != nullptr) header_->Add(line, arena, attributes);
}

void FilelogReceiver::SetOutput(Signal, Consumer* next) { next_ = next; }

absl::Status FilelogReceiver::Start(Host& host) {
  context_.log.Info("Starting stanza receiver");
  OTELPIPE_ASSIGN_OR_RETURN(std::unique_ptr<StorageClient> client, stream::OpenStorage(config_.storage, config_.node, host, context_));
  if (client != nullptr) checkpoint_ = std::make_unique<tail::Checkpoint>(std::move(client), config_.id);
  if (header_ != nullptr) OTELPIPE_RETURN_IF_ERROR(header_->Start());
  OTELPIPE_RETURN_IF_ERROR(program_->Start());
  Logger log = context_.log.With({{"component", "fileconsumer"}});
  tailer_ = std::make_unique<tail::Tailer>(*std::move(options_), context_.loop, std::move(log), context_.metrics, this,
                                           checkpoint_.get());
  options_.reset();
  absl::Status started = tailer_->Start();
  if (!started.ok()) return Annotate(started, "start stanza: read known files from database: ");
  return absl::OkStatus();
}

absl::Status FilelogReceiver::StartFed() {
  if (header_ != nullptr) OTELPIPE_RETURN_IF_ERROR(header_->Start());
  OTELPIPE_RETURN_IF_ERROR(program_->Start());
  fed_ = std::make_unique<filelog::FedFiles>(&*options_, context_.loop, this);
  return absl::OkStatus();
}

absl::Status FilelogReceiver::Feed(const Input& input) {
  if (fed_ == nullptr) return absl::FailedPreconditionError("StartFed was not called");
  fed_->Feed(input.source, input.bytes);
  return absl::OkStatus();
}

void FilelogReceiver::Shutdown(ShutdownDone done) {
  if (fed_ != nullptr) {
    fed_->Stop();
    program_->Stop();
    if (header_ != nullptr) header_->Stop();
    return delivery_->Stop(std::move(done));
  }
  if (tailer_ == nullptr) {
    done();
    return;
  }
  context_.log.Info("Stopping stanza receiver");
  tailer_->Stop();
  program_->Stop();
  if (header_ != nullptr) header_->Stop();
  // What is with the pipeline may finish while the rest of the service stops; the tailer then saves each step.
  delivery_->Stop([this, done = std::move(done)]() mutable {
    tailer_->Save();
    done();
  });
}

absl::Status FilelogReceiver::Apply(const std::vector<std::pair<std::string_view, TemplateText>>& texts, Entry& entry, Map& map) {
  for (const auto& [key, text] : texts) {
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view rendered, text.Render(entry));
    map.Set(*entry.arena, key, Value::Str(rendered));
  }
  return absl::OkStatus();
}

void FilelogReceiver::OnSlice(const tail::TailSlice& slice) {
  program_->KeepAlive(slice.owner);
  program_->KeepAlive(slice.attributes);
  bytes_collected_ += slice.bytes;
  EmitErrors errors(context_.log);
  const Map& file = slice.attributes->map;
  const bool bytes = config_.encoding == "nop";
  const uint32_t extra = (config_.include_file_record_number ? 1 : 0) + (config_.include_file_record_offset ? 1 : 0);
  // Keys of our own cannot repeat, so nothing is searched unless the user gave some.
  const bool search = !attributes_.empty();
  for (const tail::TailLine& line : slice.lines) {
    Entry entry = program_->NewEntry();
    Arena& arena = *entry.arena;
    entry.ack = AckRef(slice.token);
    entry.observed_unix_nano = slice.observed_unix_nano;
    entry.body = bytes ? Value::Bytes(line.text) : Value::Str(line.text);
    if (!attributes_.empty() || !resource_.empty()) {
      absl::Status status = Apply(attributes_, entry, entry.attributes);
      if (status.ok()) entry.has_attributes = !attributes_.empty();
      const char* what = "convert tokens: create entry: add attributes to entry: ";
      if (status.ok() && !resource_.empty()) {
        status = Apply(resource_, entry, entry.resource);
        entry.has_resource = status.ok();
        what = "convert tokens: create entry: add resource keys to entry: ";
      }
      if (!status.ok()) {
        errors.Add(what, status);
        continue;
      }
    }
    if (file.size() + extra > 0) {
      entry.attributes.Reserve(arena, entry.attributes.size() + file.size() + extra + 2);
      entry.has_attributes = true;
    }
    for (const KeyValue& kv : file) {
      // Nested values (of headers) belong to the file; an operator may change them for this record only.
      Value value = kv.value.is_map() || kv.value.is_list() ? Clone(kv.value, arena, false) : kv.value;
      if (search) {
        entry.attributes.Set(arena, kv.key, value);
      } else {
        entry.attributes.Append(arena, kv.key, value);
      }
    }
    auto add_int = [&](std::string_view key, int64_t number) {
      Value value = Value::Int(number);
      value.set_tag(kTagInt64);
      entry.attributes.Set(arena, key, value);
    };
    if (config_.include_file_record_number) add_int("log.file.record_number", line.number);
    if (config_.include_file_record_offset) add_int("log.file.record_offset", line.offset);
    absl::Status status = program_->Process(entry);
    if (!status.ok()) errors.Add("consume entries: ", status);
  }
}

void FilelogReceiver::OnEndOfRead() { program_->Flush(); }

}  // namespace otelpipe

OTELPIPE_REGISTER(receiver, filelog, registry) { return registry.AddReceiver<otelpipe::FilelogReceiver>(); }
