#include "redact_operator.h"

#include "otelpipe/base/status_macros.h"
#include "redact.h"

namespace redact {

void RedactOperator::Config::Describe(otelpipe::Fields<Config>& f) {
  f.InlineBase<otelpipe::TransformerConfig>();
  f.Optional("field", &Config::field, "The text to mask.");
  f.Optional("min_digits", &Config::min_digits, "Numbers with at least so many digits are masked.");
}

RedactOperator::RedactOperator(const Config& config, otelpipe::OperatorContext context)
    : Transformer(config, std::move(context)), field_(config.field), min_digits_(static_cast<int>(config.min_digits)) {}

absl::Status RedactOperator::Init() {
  OTELPIPE_RETURN_IF_ERROR(Transformer::Init());
  if (min_digits_ < 1) return otelpipe::MistakeAt("min_digits", "min_digits must be at least 1");
  return absl::OkStatus();
}

absl::Status RedactOperator::Transform(otelpipe::Entry& entry) {
  otelpipe::Value* value = field_.GetMutable(entry);
  // An error goes through `on_error`: by default it is logged and the entry is sent on as it is.
  if (value == nullptr) return absl::NotFoundError("redact: field does not exist: " + field_.ToString());
  std::string masked;
  if (value->is_string() && MaskDigits(value->string(), min_digits_, 4, masked)) {
    *value = otelpipe::Value::Str(entry.arena->Copy(masked));
  }
  return absl::OkStatus();
}

}  // namespace redact
