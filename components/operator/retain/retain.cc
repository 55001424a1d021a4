#include "operator/retain/retain.h"

#include <utility>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/parser.h"

namespace otelpipe {

void Retain::Config::Describe(Fields<Config>& f) {
  f.InlineBase<TransformerConfig>();
  f.Optional("fields", &Config::fields, "Fields to keep; at least one. Roots that no field names are kept whole.");
}

Retain::Retain(const Config& config, OperatorContext context)
    : Transformer(config, std::move(context)), fields_(config.fields) {
  for (FieldPath& field : fields_) {
    field.Intern(this->context().intern);
    body_ |= field.root() == FieldPath::Root::kBody;
    attributes_ |= field.root() == FieldPath::Root::kAttributes;
    resource_ |= field.root() == FieldPath::Root::kResource;
  }
}

absl::Status Retain::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  if (fields_.empty()) AppendMistakes(errors, absl::InvalidArgumentError("retain: 'fields' is empty"));
  return MistakesToStatus(errors);
}

absl::Status Retain::Transform(Entry& entry) {
  Entry old;
  if (body_) old.body = std::exchange(entry.body, Value());
  if (attributes_) {
    old.attributes = std::move(entry.attributes);
    entry.has_attributes = false;
  }
  if (resource_) {
    old.resource = std::move(entry.resource);
    entry.has_resource = false;
  }
  for (const FieldPath& field : fields_) {
    const Value* value = field.Get(old);
    if (value == nullptr || (field.is_root() && value->is_empty())) continue;
    OTELPIPE_RETURN_IF_ERROR(field.Set(entry, Clone(*value, *entry.arena, false)));
  }
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, retain, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::Retain>());
}
