#include "operator/remove/remove.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/parser.h"

namespace otelpipe {

void Remove::Config::Describe(Fields<Config>& f) {
  f.InlineBase<TransformerConfig>();
  f.Optional("field", &Config::field, "Field that is removed; required. Bare attributes or resource clears the map.");
}

Remove::Remove(const Config& config, OperatorContext context)
    : Transformer(config, std::move(context)), field_(config.field) {
  field_.Intern(this->context().intern);
}

absl::Status Remove::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  if (!field_.is_set()) AppendMistakes(errors, absl::InvalidArgumentError("remove: field is empty"));
  return MistakesToStatus(errors);
}

absl::Status Remove::Transform(Entry& entry) {
  if (field_.Delete(entry, nullptr)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("remove: field does not exist: ", field_.ToString()));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, remove, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::Remove>());
}
