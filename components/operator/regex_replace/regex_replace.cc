#include "operator/regex_replace/regex_replace.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/parser.h"
#include "otelpipe/regex/pattern.h"

namespace otelpipe {
namespace {

// Control sequences of terminals: ESC [ parameters, intermediate bytes, final byte.
constexpr std::string_view kAnsiControlSequences = R"(\x1b\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e])";

}  // namespace

struct RegexReplace::Replacer {
  std::shared_ptr<const regex::Pattern> pattern;
  regex::ReplaceTemplate replacement;
};

void RegexReplace::Config::Describe(Fields<Config>& f) {
  f.InlineBase<TransformerConfig>();
  f.Optional("field", &Config::field, "Field that holds the text; required.");
  f.Optional("regex", &Config::regex, "Go regular expression; this or regex_name.");
  f.Optional("regex_name", &Config::regex_name, "A pattern known by name: ansi_control_sequences.");
  f.Optional("replace_with", &Config::replace_with, "Replacement; $1, ${1} and ${name} stand for groups, $$ for a dollar sign.");
}

RegexReplace::RegexReplace(const Config& config, OperatorContext context)
    : Transformer(config, std::move(context)), config_(config), field_(config.field) {
  field_.Intern(this->context().intern);
}
RegexReplace::~RegexReplace() = default;

absl::Status RegexReplace::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  if (!field_.is_set()) AppendMistakes(errors, absl::InvalidArgumentError("missing required field 'field'"));
  if (config_.regex.empty() == config_.regex_name.empty()) {
    AppendMistakes(errors, absl::InvalidArgumentError("either regex or regex_name must be set"));
  } else if (!config_.regex_name.empty() && config_.regex_name != "ansi_control_sequences") {
    AppendMistakes(errors, MistakeAt("regex_name", absl::StrCat("regex_name ", config_.regex_name, " is unknown")));
  } else {
    auto pattern = regex::Pattern::Compile(config_.regex.empty() ? kAnsiControlSequences : std::string_view(config_.regex));
    if (pattern.ok()) {
      regex::ReplaceTemplate replacement = regex::ReplaceTemplate::Compile(**pattern, config_.replace_with);
      replacer_ = std::make_unique<Replacer>(Replacer{*std::move(pattern), std::move(replacement)});
    } else {
      AppendMistakes(errors, MistakeAt("regex", S(pattern.status().message())));
    }
  }
  return MistakesToStatus(errors);
}

absl::Status RegexReplace::Transform(Entry& entry) {
  Value* value = field_.GetMutable(entry);
  if (value == nullptr) return absl::OkStatus();
  if (!value->is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("type ", A(GoTypeName(*value)), " cannot be handled"));
  }
  if (!replacer_->pattern->PartialMatch(value->string())) return absl::OkStatus();
  *value = Value::Str(entry.arena->Copy(replacer_->pattern->Replace(value->string(), replacer_->replacement)));
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, regex_replace, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::RegexReplace>());
}
