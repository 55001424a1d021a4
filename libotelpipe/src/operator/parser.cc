#include "otelpipe/operator/parser.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"

namespace otelpipe {

void AppendMistakes(std::vector<ConfigError>& errors, const absl::Status& status, std::string_view path) {
  if (status.ok()) return;
  for (ConfigError& e : ConfigErrorsFromStatus(status)) {
    if (!path.empty()) e.path = e.path.empty() ? std::string(path) : absl::StrCat(A(path), "::", e.path);
    errors.push_back(std::move(e));
  }
}

absl::Status MistakesToStatus(const std::vector<ConfigError>& errors) {
  return errors.empty() ? absl::OkStatus() : ConfigErrorsToStatus(errors);
}

void ParserConfig::Describe(Fields<ParserConfig>& f) {
  f.InlineBase<TransformerConfig>();
  f.Optional("parse_from", &ParserConfig::parse_from, "Field that is parsed; body when unset.");
  f.Optional("parse_to", &ParserConfig::parse_to, "Field that gets the result; attributes when unset.");
  f.Optional("body", &ParserConfig::body, "Field that becomes the body after parsing, when it is there.");
  f.Optional("timestamp", &ParserConfig::timestamp, "Sets the time of the entry from a field.");
  f.Optional("severity", &ParserConfig::severity, "Sets the severity from a field.");
  f.Optional("trace", &ParserConfig::trace, "Sets trace id, span id and flags from fields.");
  f.Optional("scope_name", &ParserConfig::scope_name, "Sets the scope name from a field.");
}

Parser::Parser(const ParserConfig& config, OperatorContext context)
    : Transformer(config, std::move(context)),
      parse_from_(config.parse_from),
      parse_to_(config.parse_to),
      body_(config.body),
      config_(std::make_unique<ParserConfig>(config)) {
  parse_from_.Intern(this->context().intern);
  parse_to_.Intern(this->context().intern);
  body_.Intern(this->context().intern);
  to_attributes_ = parse_to_ == FieldPath::AttributesRoot();
}

Parser::~Parser() = default;

absl::Status Parser::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  if (body_.is_set() && parse_to_ == FieldPath::Body()) {
    errors.push_back(
        ConfigError{Location{}, "parse_to", "`parse_to: body` not allowed when `body` is configured", "remove one of the two"});
  }
  auto take = [&errors](std::string_view path, absl::StatusOr<std::unique_ptr<EntryReader>> made,
                        std::unique_ptr<EntryReader>& out) {
    if (made.ok()) {
      out = *std::move(made);
    } else {
      AppendMistakes(errors, made.status(), path);
    }
  };
  if (config_->timestamp.has_value()) {
    TimeConfig time = *config_->timestamp;
    time.parse_from.Intern(context().intern);
    take("timestamp", MakeTimeReader(time, context()), time_);
  }
  if (config_->severity.has_value()) take("severity", MakeSeverityReader(*config_->severity), severity_);
  if (config_->trace.has_value()) take("trace", MakeTraceReader(*config_->trace), trace_);
  if (config_->scope_name.has_value()) take("scope_name", MakeScopeNameReader(*config_->scope_name), scope_);
  config_.reset();
  return MistakesToStatus(errors);
}

absl::Status Parser::ParseToAttributes(const Value& in, Entry& entry) {
  OTELPIPE_ASSIGN_OR_RETURN(Value parsed, Parse(in, entry));
  absl::Status set = parse_to_.Set(entry, parsed);
  return set.ok() ? set : Annotate(set, "set parse_to: ");
}

absl::Status Parser::RunBlocks(Entry& entry) {
  // All of them run, whatever happened to the others; the first failure is told.
  absl::Status first;
  auto run = [&](EntryReader* reader, std::string_view name) {
    if (reader == nullptr) return;
    absl::Status status = reader->Read(entry);
    if (!status.ok() && first.ok()) first = Annotate(status, name);
  };
  run(time_.get(), "time parser: ");
  run(severity_.get(), "severity parser: ");
  run(trace_.get(), "trace parser: ");
  run(scope_.get(), "scope_name parser: ");
  return first;
}

absl::Status Parser::ParseEntry(Entry& entry) {
  const Value* in = parse_from_.Get(entry);
  if (in == nullptr) {
    return absl::InvalidArgumentError(
        WithDetails("Entry is missing the expected parse_from field.", {{"parse_from", parse_from_.ToString()}}));
  }
  Value value = *in;  // storing the result may move what `in` points to
  if (to_attributes_) {
    OTELPIPE_RETURN_IF_ERROR(ParseToAttributes(value, entry));
  } else {
    OTELPIPE_ASSIGN_OR_RETURN(Value parsed, Parse(value, entry));
    absl::Status set = parse_to_.Set(entry, parsed);
    if (!set.ok()) return Annotate(set, "set parse_to: ");
  }
  if (body_.is_set()) {
    const Value* body = body_.Get(entry);
    if (body != nullptr) entry.body = Clone(*body, *entry.arena, false);
  }
  return RunBlocks(entry);
}

absl::Status Parser::Process(Entry& entry) {
  if (has_if()) {
    absl::StatusOr<bool> matches = Matches(entry);
    if (!matches.ok()) return HandleError(entry, matches.status(), false);
    if (!*matches) return Write(entry);
  }
  absl::Status status = ParseEntry(entry);
  if (!status.ok()) return HandleError(entry, status, true);
  status = AfterParse(entry);
  if (!status.ok()) return HandleError(entry, status, false);
  return Write(entry);
}

}  // namespace otelpipe
