#include "receiver/filelog/filelog.h"

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"

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
  auto compile = [this](const std::map<std::string, ExprText>& texts, const char* key,
                        std::vector<std::pair<std::string_view, TemplateText>>& out) -> absl::Status {
    for (const auto& [name, value] : texts) {
      absl::StatusOr<TemplateText> text = TemplateText::Compile(value.text);
      if (!text.ok()) {
        return config_.ErrorAt(absl::StrCat(key, "::", name),
                               absl::InvalidArgumentError(absl::StrCat("compile embedded expression: ", text.status().message(),
                                                                       ": {\"operator_id\":\"", config_.id, "\"}")));
      }
      out.emplace_back(name, *std::move(text));
    }
    return absl::OkStatus();
  };
  OTELPIPE_RETURN_IF_ERROR(compile(config_.attributes, "attributes", attributes_));
  OTELPIPE_RETURN_IF_ERROR(compile(config_.resource, "resource", resource_));
  OTELPIPE_ASSIGN_OR_RETURN(options_, config_.MakeTailOptions(context_));
  OTELPIPE_RETURN_IF_ERROR(BuildHeader());
  OTELPIPE_ASSIGN_OR_RETURN(program_, OperatorProgram::Build(config_.operators, config_.id, context_));
  delivery_ = std::make_unique<filelog::Delivery>(context_, config_.retry_on_failure, [this] {
    if (tailer_ != nullptr) tailer_->Resume();
  });
  program_->SetOutput([this](Batch batch, std::vector<AckRef> acks) {
    if (delivery_ != nullptr) delivery_->Offer(std::move(batch), std::move(acks), std::exchange(bytes_collected_, 0));
  });
  return absl::OkStatus();
}

absl::Status FilelogReceiver::BuildHeader() {
  if (!config_.header.has_value()) return absl::OkStatus();
  const OperatorList& list = config_.header->metadata_operators;
  auto wrong = [this](size_t i, std::string text) {
    return config_.ErrorAt(absl::StrCat("header::metadata_operators::", i),
                           absl::InvalidArgumentError("invalid config for 'header': " + text));
  };
  for (size_t i = 0; i < list.members.size(); ++i) {
    const OperatorList::Member& m = list.members[i];
    const std::string& id = m.id.empty() ? m.type : m.id;
    if (m.type == "filter") return wrong(i, "operator of type filter is not allowed in `metadata_operators`");
    if (m.type == "stdout" || m.type == "file_output") {
      return wrong(i, absl::StrCat("operator '", id, "' in `metadata_operators` does not propagate entries"));
    }
  }
  absl::StatusOr<std::unique_ptr<OperatorProgram>> built = OperatorProgram::Build(list, "header", context_);
  if (!built.ok()) {
    std::vector<ConfigError> errors = ConfigErrorsFromStatus(built.status());
    for (ConfigError& e : errors) {
      e.path = e.path.rfind("operators", 0) == 0 ? "header::metadata_" + e.path : "header";
      e.message = "invalid config for 'header': failed to build pipelines: " + e.message;
    }
    return ConfigErrorsToStatus(errors);
  }
  header_program_ = *std::move(built);
  header_program_->SetOutput([this](Batch batch, std::vector<AckRef>) {
    absl::StatusOr<const LogsData*> logs = batch.ReadLogs();
    if (!logs.ok() || header_map_ == nullptr) return;
    for (const ResourceLogs& r : (*logs)->resources) {
      for (const ScopeLogs& s : r.scopes) {
        for (const LogRecord& record : s.records) {
          for (const KeyValue& kv : record.attributes) {
            header_map_->Set(*header_arena_, header_arena_->Copy(kv.key), Clone(kv.value, *header_arena_, true));
          }
        }
      }
    }
  });
  return absl::OkStatus();
}

void FilelogReceiver::OnHeaderLine(std::string_view line, Arena& arena, Map& attributes) {
  if (header_program_ == nullptr) return;
  header_arena_ = &arena;
  header_map_ = &attributes;
  Entry entry = header_program_->NewEntry();
  entry.body = Value::Str(line);
  absl::Status status = header_program_->Process(entry);
  if (!status.ok()) context_.log.Error("process header entry", {{"error", status}});
  header_program_->Flush();
  header_map_ = nullptr;
}

void FilelogReceiver::SetOutput(Signal, Consumer* next) { delivery_->SetNext(next); }

absl::Status FilelogReceiver::Start(Host& host) {
  context_.log.Info("Starting stanza receiver");
  if (config_.storage.has_value()) {
    const std::string id = config_.storage->ToString();
    Extension* extension = host.FindExtension(*config_.storage);
    if (extension == nullptr) {
      return absl::NotFoundError(absl::StrCat("storage client: storage extension '", id, "' not found"));
    }
    auto* storage = dynamic_cast<StorageExtension*>(extension);
    if (storage == nullptr) {
      return absl::FailedPreconditionError(absl::StrCat("storage client: non-storage extension '", id, "' found"));
    }
    absl::StatusOr<std::unique_ptr<StorageClient>> client = storage->Open(ComponentKind::kReceiver, context_.id, "");
    if (!client.ok()) return Annotate(client.status(), "storage client: ");
    checkpoint_ = std::make_unique<tail::Checkpoint>(*std::move(client), config_.id);
  }
  if (header_program_ != nullptr) OTELPIPE_RETURN_IF_ERROR(header_program_->Start());
  OTELPIPE_RETURN_IF_ERROR(program_->Start());
  Logger log = context_.log.With({{"component", "fileconsumer"}});
  tailer_ = std::make_unique<tail::Tailer>(*std::move(options_), context_.loop, std::move(log), context_.metrics, this,
                                           checkpoint_.get());
  options_.reset();
  absl::Status started = tailer_->Start();
  if (!started.ok()) return Annotate(started, "start stanza: read known files from database: ");
  return absl::OkStatus();
}

void FilelogReceiver::Shutdown(ShutdownDone done) {
  if (tailer_ == nullptr) {
    done();
    return;
  }
  context_.log.Info("Stopping stanza receiver");
  tailer_->Stop();
  program_->Stop();
  if (header_program_ != nullptr) header_program_->Stop();
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
