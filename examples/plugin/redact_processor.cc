#include "redact_processor.h"

#include <algorithm>

#include "otelpipe/base/status_macros.h"
#include "redact.h"

namespace redact {

// The table drives decoding, defaults, messages with line and column, and `otelpipe components --schema`.
void RedactProcessor::Config::Describe(otelpipe::Fields<Config>& f) {
  f.Required("keys", &Config::keys, "Names of the attributes to drop.");
  f.Optional("min_digits", &Config::min_digits, "Numbers in the body with at least so many digits are masked.");
  f.Optional("keep_digits", &Config::keep_digits, "So many digits at the end of a masked number stay.");
  f.Validate([](const Config& c) {
    return c.min_digits < 1 || c.keep_digits < 0
               ? absl::InvalidArgumentError("min_digits must be at least 1 and keep_digits at least 0")
               : absl::OkStatus();
  });
}

RedactProcessor::RedactProcessor(Config config, otelpipe::Context context)
    : config_(std::move(config)),
      dropped_(context.metrics->AddCounter("redact_dropped_attributes", {{"processor", context.id.ToString()}},
                                           "Number of attributes dropped.", "{attributes}")) {}

absl::Status RedactProcessor::Process(otelpipe::Batch& batch) {
  OTELPIPE_ASSIGN_OR_RETURN(otelpipe::LogsData* logs, batch.EditLogs());
  std::string masked;
  for (otelpipe::ResourceLogs& resource : logs->resources) {
    for (otelpipe::ScopeLogs& scope : resource.scopes) {
      for (otelpipe::LogRecord& record : scope.records) {
        dropped_->Add(static_cast<int64_t>(record.attributes.items().Filter([this](const otelpipe::KeyValue& attribute) {
          return std::find(config_.keys.begin(), config_.keys.end(), attribute.key) == config_.keys.end();
        })));
        // The new text is short lived, so it is copied into the batch's arena.
        if (record.body.is_string() && MaskDigits(record.body.string(), static_cast<int>(config_.min_digits),
                                                  static_cast<int>(config_.keep_digits), masked)) {
          record.body = otelpipe::Value::Str(logs->arena.Copy(masked));
        }
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace redact
