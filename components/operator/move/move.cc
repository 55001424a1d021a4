#include "operator/move/move.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/parser.h"

namespace otelpipe {

void Move::Config::Describe(Fields<Config>& f) {
  f.InlineBase<TransformerConfig>();
  f.Optional("from", &Config::from, "Field that is taken away; required.");
  f.Optional("to", &Config::to, "Field that gets the value; required. A map is merged into a map that is there.");
}

Move::Move(const Config& config, OperatorContext context)
    : Transformer(config, std::move(context)), from_(config.from), to_(config.to) {
  from_.Intern(this->context().intern);
  to_.Intern(this->context().intern);
}

absl::Status Move::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  // The reference's words, `copy` included.
  if (!from_.is_set()) AppendMistakes(errors, absl::InvalidArgumentError("copy: missing from field"));
  if (!to_.is_set()) AppendMistakes(errors, absl::InvalidArgumentError("copy: missing to field"));
  return MistakesToStatus(errors);
}

absl::Status Move::Transform(Entry& entry) {
  Value value;
  if (!from_.Delete(entry, &value)) {
    return absl::InvalidArgumentError(absl::StrCat("move: field does not exist: ", from_.ToString()));
  }
  return to_.Set(entry, value);
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, move, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::Move>());
}
