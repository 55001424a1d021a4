#include "operator/flatten/flatten.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/parser.h"

namespace otelpipe {

void Flatten::Config::Describe(Fields<Config>& f) {
  f.InlineBase<TransformerConfig>();
  f.Optional("field", &Config::field, "Field that holds the map; required.");
}

Flatten::Flatten(const Config& config, OperatorContext context)
    : Transformer(config, std::move(context)), field_(config.field) {
  field_.Intern(this->context().intern);
  if (!field_.is_root()) parent_ = field_.Parent();
}

absl::Status Flatten::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  if (!field_.is_set()) AppendMistakes(errors, absl::InvalidArgumentError("invalid field type: <nil>"));
  return MistakesToStatus(errors);
}

absl::Status Flatten::Transform(Entry& entry) {
  const Value* value = field_.Get(entry);
  if (value == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("apply flatten: field ", field_.ToString(), " does not exist on entry"));
  }
  if (!value->is_map()) {
    return absl::InvalidArgumentError(absl::StrCat("apply flatten: field ", field_.ToString(), " is not a map"));
  }
  if (field_.is_root()) return absl::OkStatus();
  Value taken;
  field_.Delete(entry, &taken);
  Map* parent = parent_.GetMap(entry);
  if (parent == nullptr) return absl::InternalError("flatten: no map above the field");
  for (const KeyValue& kv : taken.map()) {
    Value* sibling = parent->Find(kv.key);
    if (sibling != nullptr && sibling->is_map() && kv.value.is_map()) {
      for (const KeyValue& inner : kv.value.map()) sibling->map().Set(*entry.arena, inner.key, inner.value);
    } else {
      parent->Set(*entry.arena, kv.key, kv.value);
    }
  }
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, flatten, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::Flatten>());
}
