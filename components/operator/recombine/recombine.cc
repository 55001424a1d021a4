#include "operator/recombine/recombine.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/parser.h"
#include "otelpipe/operator/part_joiner.h"

namespace otelpipe {

void Recombine::Config::Describe(Fields<Config>& f) {
  f.InlineBase<TransformerConfig>();
  f.Optional("combine_field", &Config::combine_field, "Field whose texts are joined; required.");
  f.Optional("is_first_entry", &Config::is_first_entry, "Expression that is true for the first entry of a record.");
  f.Optional("is_last_entry", &Config::is_last_entry, "Expression that is true for the last entry of a record.");
  f.Optional("combine_with", &Config::combine_with, "Text between the parts.");
  f.Optional("max_batch_size", &Config::max_batch_size, "Entries after which a record ends.");
  f.Optional("max_unmatched_batch_size", &Config::max_unmatched_batch_size,
             "Entries after which a record without a match ends; 0 for no limit.");
  f.Optional("max_log_size", &Config::max_log_size, "Bytes after which a record ends; 0 for no limit.");
  f.Optional("max_sources", &Config::max_sources, "Sources joined at the same time.");
  f.Optional("source_identifier", &Config::source_identifier,
             "Field that tells sources apart; attributes[\"log.file.path\"] when unset.");
  f.Optional("overwrite_with", &Config::overwrite_with, "Which entry gives all other fields: oldest or newest.");
  f.Optional("force_flush_period", &Config::force_flush_period, "Time after which an unfinished record is sent.");
}

Recombine::Recombine(const Config& config, OperatorContext context)
    : Transformer(config, std::move(context)), config_(config) {}
Recombine::~Recombine() = default;

absl::Status Recombine::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  if (!config_.is_first_entry.empty() && !config_.is_last_entry.empty()) {
    AppendMistakes(errors, absl::InvalidArgumentError("only one of is_first_entry and is_last_entry can be set"));
  } else if (config_.is_first_entry.empty() && config_.is_last_entry.empty()) {
    AppendMistakes(errors, absl::InvalidArgumentError("one of is_first_entry and is_last_entry must be set"));
  } else {
    match_is_first_ = !config_.is_first_entry.empty();
    std::string_view key = match_is_first_ ? "is_first_entry" : "is_last_entry";
    auto compiled = Expression::CompileBool(match_is_first_ ? config_.is_first_entry : config_.is_last_entry);
    if (compiled.ok()) {
      match_ = *std::move(compiled);
    } else {
      AppendMistakes(errors, MistakeAt(key, absl::StrCat("failed to compile ", A(key), ": ", compiled.status().message())));
    }
  }
  if (!config_.combine_field.is_set()) {
    AppendMistakes(errors, absl::InvalidArgumentError("missing required argument 'combine_field'"));
  }
  if (config_.overwrite_with != "" && config_.overwrite_with != "oldest" && config_.overwrite_with != "newest") {
    AppendMistakes(errors, MistakeAt("overwrite_with", absl::StrCat("invalid value '", config_.overwrite_with,
                                                                    "' for parameter 'overwrite_with'")));
  }
  if (config_.force_flush_period <= absl::ZeroDuration()) {
    AppendMistakes(errors, MistakeAt("force_flush_period", "'force_flush_period' must be positive"));
  }
  if (!errors.empty()) return ConfigErrorsToStatus(errors);

  PartJoiner::Settings settings;
  settings.field = config_.combine_field;
  settings.source = config_.source_identifier.is_set() ? config_.source_identifier
                                                       : *FieldPath::Parse("attributes[\"log.file.path\"]");
  settings.joiner = config_.combine_with;
  settings.max_parts = config_.max_batch_size;
  settings.max_unmatched_parts = config_.max_unmatched_batch_size;
  settings.max_bytes = config_.max_log_size.bytes;
  settings.max_sources = config_.max_sources;
  settings.newest_is_base = config_.overwrite_with == "newest";
  settings.flush_after = config_.force_flush_period;
  joiner_ = std::make_unique<PartJoiner>(std::move(settings), context(), [this](Entry& entry) { return Write(entry); });
  return absl::OkStatus();
}

absl::Status Recombine::Process(Entry& entry) {
  absl::StatusOr<bool> matches = match_->EvalBool(entry);
  if (!matches.ok()) return HandleError(entry, matches.status(), false);
  if (!*matches) return joiner_->Append(entry, PartJoiner::Part::kMiddle);
  return joiner_->Append(entry, match_is_first_ ? PartJoiner::Part::kFirst : PartJoiner::Part::kLast);
}

void Recombine::EndOfBatch() { joiner_->EndOfBatch(); }
void Recombine::Stop() { joiner_->FlushAll(); }

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, recombine, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::Recombine>());
}
