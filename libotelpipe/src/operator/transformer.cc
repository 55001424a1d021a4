#include "otelpipe/operator/transformer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/pdata/text.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe {

std::string WithDetails(std::string_view message,
                        std::initializer_list<std::pair<std::string_view, std::string_view>> details) {
  std::string out(message);
  out += ": {";
  bool first = true;
  for (const auto& [key, value] : details) {
    if (!std::exchange(first, false)) out += ',';
    AppendJsonString(out, key);
    out += ':';
    AppendJsonString(out, value);
  }
  out += '}';
  return out;
}

void OperatorConfig::Describe(Fields<OperatorConfig>& f) {
  f.Optional("type", &OperatorConfig::type, "Type of the operator.");
  f.Optional("id", &OperatorConfig::id, "Name of this operator for `output` and for log lines; the type when unset.");
  f.Optional("output", &OperatorConfig::output, "Ids of the operators that get the entries; the next in the list when unset.");
}

void TransformerConfig::Describe(Fields<TransformerConfig>& f) {
  f.InlineBase<OperatorConfig>();
  f.Optional("on_error", &TransformerConfig::on_error,
             "What to do with an entry that fails: send, send_quiet, drop or drop_quiet.");
  f.Optional("if", &TransformerConfig::if_expression, "Expression; entries for which it is false pass unchanged.");
}

void LogFailedEntry(const Logger& log, LogLevel level, const Entry& entry, const absl::Status& error,
                    std::string_view action) {
  if (!log.Enabled(level)) return;
  timeparse::Timestamp time = entry.timestamp.set ? timeparse::Timestamp{entry.timestamp.seconds, entry.timestamp.nanos}
                                                  : timeparse::Timestamp::GoZero();
  std::vector<LogField> fields;
  fields.reserve(3 + entry.attributes.size());
  fields.emplace_back("error", error);
  if (!action.empty()) fields.emplace_back("action", action);
  fields.emplace_back("entry.timestamp", timeparse::FormatRfc3339(time));
  for (const KeyValue& kv : entry.attributes) {
    switch (kv.value.kind()) {
      case ValueKind::kBool: fields.emplace_back(kv.key, kv.value.boolean()); break;
      case ValueKind::kInt: fields.emplace_back(kv.key, kv.value.integer()); break;
      case ValueKind::kDouble: fields.emplace_back(kv.key, kv.value.number()); break;
      case ValueKind::kEmpty: fields.push_back(LogField::Json(kv.key, "null")); break;
      case ValueKind::kMap:
      case ValueKind::kList: fields.push_back(LogField::Json(kv.key, kv.value.AsString())); break;
      default: fields.emplace_back(kv.key, kv.value.AsString()); break;
    }
  }
  log.Log(level, "Failed to process entry", std::move(fields));
}

Emitting::Emitting(const OperatorConfig& config, OperatorContext context)
    : LogOperator(context), context_(std::move(context)), output_ids_(config.output) {}

absl::Status Emitting::Connect(const std::function<LogOperator*(std::string_view)>& find, LogOperator* next) {
  outputs_.clear();
  if (output_ids_.empty()) {
    if (next != nullptr) {
      if (!next->can_process()) {
        return absl::InvalidArgumentError(WithDetails(absl::StrCat("operator '", next->id(), "' can not process entries"),
                                                      {{"operator_id", id()}}));
      }
      outputs_.push_back(next);
    }
  }
  std::vector<ConfigError> errors;
  for (const std::string& output : output_ids_) {
    LogOperator* found = find(output);
    std::string message;
    if (found == nullptr) {
      message = WithDetails(absl::StrCat("operator '", output, "' does not exist"), {{"operator_id", id()}});
    } else if (!found->can_process()) {
      message = WithDetails(absl::StrCat("operator '", output, "' can not process entries"), {{"operator_id", id()}});
    } else {
      outputs_.push_back(found);
      continue;
    }
    errors.push_back(ConfigError{Location{}, "output", std::move(message), ""});
  }
  single_ = outputs_.size() == 1 ? outputs_[0] : nullptr;
  return errors.empty() ? absl::OkStatus() : ConfigErrorsToStatus(errors);
}

absl::Status Emitting::WriteAll(Entry& entry) {
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (i + 1 == outputs_.size()) return outputs_[i]->Process(entry);
    Entry copy = Copy(entry, entry.arena);
    absl::Status status = outputs_[i]->Process(copy);
    if (!status.ok()) LogFailedEntry(log(), LogLevel::kError, entry, status, "");
  }
  return absl::OkStatus();
}

Transformer::Transformer(const TransformerConfig& config, OperatorContext context)
    : Emitting(config, std::move(context)), config_(config) {}

absl::Status Transformer::Init() {
  std::vector<ConfigError> errors;
  const std::string& on = config_.on_error;
  if (on == "send") {
    on_error_ = OnError::kSend;
  } else if (on == "send_quiet") {
    on_error_ = OnError::kSendQuiet;
  } else if (on == "drop") {
    on_error_ = OnError::kDrop;
  } else if (on == "drop_quiet") {
    on_error_ = OnError::kDropQuiet;
  } else {
    errors.push_back(ConfigError{Location{}, "on_error",
                                 WithDetails("operator config has an invalid `on_error` field.", {{"on_error", on}}),
                                 "use send, send_quiet, drop or drop_quiet"});
  }
  if (!config_.if_expression.empty()) {
    auto compiled = Expression::CompileBool(config_.if_expression);
    if (compiled.ok()) {
      if_ = *std::move(compiled);
    } else {
      errors.push_back(ConfigError{Location{}, "if",
                                   absl::StrCat("failed to compile expression '", config_.if_expression,
                                                "': ", compiled.status().message()), ""});
    }
  }
  return errors.empty() ? absl::OkStatus() : ConfigErrorsToStatus(errors);
}

absl::StatusOr<bool> Transformer::Matches(const Entry& entry) const {
  if (if_ == nullptr) return true;
  absl::StatusOr<bool> result = if_->EvalBool(entry);
  if (!result.ok()) return Annotate(result.status(), "running if expr: ");
  return result;
}

absl::Status Transformer::Process(Entry& entry) {
  if (if_ != nullptr) {
    absl::StatusOr<bool> matches = Matches(entry);
    if (!matches.ok()) return HandleError(entry, matches.status(), false);
    if (!*matches) return Write(entry);
  }
  absl::Status status = Transform(entry);
  if (!status.ok()) return HandleError(entry, status, false);
  return Write(entry);
}

absl::Status Transformer::HandleError(Entry& entry, const absl::Status& error, bool parse_error) {
  bool quiet = on_error_ == OnError::kSendQuiet || on_error_ == OnError::kDropQuiet;
  LogFailedEntry(log(), quiet ? LogLevel::kDebug : LogLevel::kError, entry, error, config_.on_error);
  if (on_error_ == OnError::kSend || on_error_ == OnError::kSendQuiet) {
    absl::Status sent = Write(entry);
    if (!sent.ok()) return Annotate(sent, "failed to send entry after error: ");
  }
  return quiet && parse_error ? absl::OkStatus() : error;
}

}  // namespace otelpipe
