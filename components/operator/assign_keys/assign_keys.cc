#include "operator/assign_keys/assign_keys.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/parser.h"

namespace otelpipe {

void AssignKeys::Config::Describe(Fields<Config>& f) {
  f.InlineBase<TransformerConfig>();
  f.Optional("field", &Config::field, "Field that holds the list; required.");
  f.Optional("keys", &Config::keys, "Keys of the elements, in order; required.");
}

AssignKeys::AssignKeys(const Config& config, OperatorContext context)
    : Transformer(config, std::move(context)), field_(config.field) {
  field_.Intern(this->context().intern);
  for (const std::string& key : config.keys) keys_.push_back(this->context().intern(key));
}

absl::Status AssignKeys::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  if (!field_.is_set()) AppendMistakes(errors, absl::InvalidArgumentError("invalid field type: <nil>"));
  if (keys_.empty()) AppendMistakes(errors, absl::InvalidArgumentError("assign_keys missing required field keys"));
  return MistakesToStatus(errors);
}

absl::Status AssignKeys::Transform(Entry& entry) {
  const Value* value = field_.Get(entry);
  if (value == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("apply assign_keys: field ", field_.ToString(), " does not exist on entry"));
  }
  // The reference does not take the list of texts that split() makes.
  if (!value->is_list() || value->tag() == kTagStringList) {
    return absl::InvalidArgumentError(absl::StrCat("apply assign_keys: couldn't convert field ", field_.ToString(), " to []any"));
  }
  const List& list = value->list();
  if (list.size() != keys_.size()) {
    std::string names;
    for (std::string_view key : keys_) absl::StrAppend(&names, names.empty() ? "" : " ", A(key));
    return absl::InvalidArgumentError(absl::StrCat("apply assign_keys: field ", field_.ToString(), " contains ", list.size(),
                                                   " values while expected keys are [", names, "] contain ", keys_.size(),
                                                   " keys"));
  }
  Map* map = entry.arena->New<Map>();
  map->Reserve(*entry.arena, list.size());
  for (size_t i = 0; i < keys_.size(); ++i) map->Set(*entry.arena, keys_[i], list[i]);
  return field_.Set(entry, Value::OfMap(map));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, assign_keys, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::AssignKeys>());
}
