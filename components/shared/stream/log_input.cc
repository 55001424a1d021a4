#include "shared/stream/log_input.h"

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"

namespace otelpipe::stream {
namespace {

// Records whose errors are reported together.
constexpr int kReportEvery = 100;

}  // namespace

LogInput::LogInput(const Context& context) : context_(context) {}

LogInput::~LogInput() {
  delivery_.reset();
  if (program_ != nullptr) program_->SetOutput([](Batch, std::vector<AckRef>) {});
}

absl::Status LogInput::Init(const InputConfig& config, const ConfigNode& block, std::string_view type) {
  const std::string id = config.id.empty() ? std::string(type) : config.id;
  std::vector<ConfigError> errors;
  auto note = [&errors](const absl::Status& status) {
    for (ConfigError& error : ConfigErrorsFromStatus(status)) errors.push_back(std::move(error));
  };
  auto compile = [&](const std::map<std::string, ExprText>& texts, const char* key, Texts& out) {
    for (const auto& [name, value] : texts) {
      absl::StatusOr<TemplateText> text = TemplateText::Compile(value.text);
      if (text.ok()) {
        out.emplace_back(name, *std::move(text));
      } else {
        note(ErrorAt(block, absl::StrCat(key, "::", name),
                     absl::InvalidArgumentError(absl::StrCat(text.status().message(),
                                                             ": {\"operator_id\":\"", id, "\"}"))));
      }
    }
  };
  compile(config.attributes, "attributes", attributes_);
  compile(config.resource, "resource", resource_);
  absl::StatusOr<std::unique_ptr<OperatorProgram>> program =
      OperatorProgram::Build(config.operators, id, context_, config.output, PlaceOf(block, "output"));
  if (!program.ok()) note(program.status());
  if (!errors.empty()) return ConfigErrorsToStatus(errors);
  program_ = *std::move(program);
  delivery_ = std::make_unique<Delivery>(context_, DeliveryOptions{.retry = config.retry_on_failure}, [this] { on_room_(); });
  program_->SetOutput([this](Batch batch, std::vector<AckRef> acks) {
    if (delivery_ != nullptr) delivery_->Offer(next_, std::move(batch), std::move(acks), std::exchange(bytes_, 0));
  });
  return absl::OkStatus();
}

absl::Status LogInput::Start() {
  context_.log.Info("Starting stanza receiver");
  OTELPIPE_RETURN_IF_ERROR(program_->Start());
  started_ = true;
  return absl::OkStatus();
}

absl::Status LogInput::Apply(const Texts& texts, Entry& entry, Map& map) {
  for (const auto& [key, text] : texts) {
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view rendered, text.Render(entry));
    map.Set(*entry.arena, key, Value::Str(rendered));
  }
  return absl::OkStatus();
}

void LogInput::Add(std::string_view text, absl::FunctionRef<void(Entry&)> decorate) {
  Entry entry = program_->NewEntry();
  entry.body = Value::Str(text);
  if (!attributes_.empty()) {
    if (absl::Status status = Apply(attributes_, entry, entry.attributes); !status.ok()) {
      return Report("Failed to create entry", "add attributes to entry: ", status);
    }
    entry.has_attributes = true;
  }
  if (!resource_.empty()) {
    if (absl::Status status = Apply(resource_, entry, entry.resource); !status.ok()) {
      return Report("Failed to create entry", "add resource keys to entry: ", status);
    }
    entry.has_resource = true;
  }
  decorate(entry);
  if (absl::Status status = program_->Process(entry); !status.ok()) Report("Failed to write entry", "", status);
}

void LogInput::Report(const char* message, const char* prefix, const absl::Status& status) {
  if (error_count_ == kReportEvery || (error_count_ > 0 && message != message_)) {
    context_.log.Error(message_, {{"error", std::exchange(errors_, "")}});
    error_count_ = 0;
  }
  message_ = message;
  if (error_count_++ > 0) errors_ += "; ";
  absl::StrAppend(&errors_, prefix, status.message());
}

void LogInput::Flush(int64_t bytes) {
  bytes_ += bytes;
  program_->Flush();
  if (error_count_ > 0) context_.log.Error(message_, {{"error", std::exchange(errors_, "")}});
  error_count_ = 0;
}

void LogInput::Stop(absl::AnyInvocable<void()> done) {
  if (!started_) return done();
  started_ = false;
  context_.log.Info("Stopping stanza receiver");
  program_->Stop();
  delivery_->Stop(std::move(done));
}

}  // namespace otelpipe::stream
