#include "operator/filter/filter.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/parser.h"

namespace otelpipe {

void Filter::Config::Describe(Fields<Config>& f) {
  f.InlineBase<TransformerConfig>();
  f.Optional("expr", &Config::expr, "Expression; entries for which it is true are dropped. Required.");
  f.Optional("drop_ratio", &Config::drop_ratio, "Part of the matching entries that is dropped, 0 to 1.");
}

Filter::Filter(const Config& config, OperatorContext context)
    : Transformer(config, std::move(context)), config_(config), random_(std::random_device{}()) {}

absl::Status Filter::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  auto compiled = Expression::CompileBool(config_.expr);
  if (compiled.ok()) {
    expression_ = *std::move(compiled);
  } else {
    AppendMistakes(errors, MistakeAt("expr", absl::StrCat("failed to compile expression '", config_.expr,
                                                          "': ", compiled.status().message())));
  }
  if (!(config_.drop_ratio >= 0.0 && config_.drop_ratio <= 1.0)) {
    AppendMistakes(errors, MistakeAt("drop_ratio", "drop_ratio must be a number between 0 and 1"));
  } else {
    drop_per_mille_ = static_cast<int>(config_.drop_ratio * 1000);
  }
  return MistakesToStatus(errors);
}

absl::Status Filter::Process(Entry& entry) {
  absl::StatusOr<bool> matches = expression_->EvalBool(entry);
  if (!matches.ok()) {
    log().Error("Running expressing returned an error", {{"error", matches.status()}});
    return absl::OkStatus();
  }
  if (!*matches) return Write(entry);
  if (drop_per_mille_ >= 1000) return absl::OkStatus();
  if (std::uniform_int_distribution<int>(0, 999)(random_) >= drop_per_mille_) return Write(entry);
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, filter, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::Filter>());
}
