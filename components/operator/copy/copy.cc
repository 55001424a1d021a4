#include "operator/copy/copy.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/parser.h"

namespace otelpipe {

void CopyOperator::Config::Describe(Fields<Config>& f) {
  f.InlineBase<TransformerConfig>();
  f.Optional("from", &Config::from, "Field that is copied; required.");
  f.Optional("to", &Config::to, "Field that gets the copy; required. A map is merged into a map that is there.");
}

CopyOperator::CopyOperator(const Config& config, OperatorContext context)
    : Transformer(config, std::move(context)), from_(config.from), to_(config.to) {
  from_.Intern(this->context().intern);
  to_.Intern(this->context().intern);
}

absl::Status CopyOperator::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  if (!from_.is_set()) AppendMistakes(errors, absl::InvalidArgumentError("copy: missing from field"));
  if (!to_.is_set()) AppendMistakes(errors, absl::InvalidArgumentError("copy: missing to field"));
  return MistakesToStatus(errors);
}

absl::Status CopyOperator::Transform(Entry& entry) {
  const Value* value = from_.Get(entry);
  if (value == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("copy: from field does not exist in this entry: ", from_.ToString()));
  }
  // Deep, so that neither side sees later changes of the other, and a field copied into itself stays finite.
  return to_.Set(entry, Clone(*value, *entry.arena, false));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, copy, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::CopyOperator>());
}
