#include "operator/add/add.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/parser.h"

namespace otelpipe {

void Add::Config::Describe(Fields<Config>& f) {
  f.InlineBase<TransformerConfig>();
  f.Optional("field", &Config::field, "Field that is set; required.");
  f.Optional("value", &Config::value, "Any value; a text of the form EXPR(...) is an expression.");
}

Add::Add(const Config& config, OperatorContext context)
    : Transformer(config, std::move(context)), config_(config), field_(config.field) {
  field_.Intern(this->context().intern);
}

absl::Status Add::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  // The reference takes it and dies with the first entry.
  if (!field_.is_set()) AppendMistakes(errors, absl::InvalidArgumentError("add: missing required field 'field'"));
  const ConfigNode& node = config_.value;
  std::string_view text = node.text;
  if (node.kind == ConfigNode::Kind::kString && text.starts_with("EXPR(") && text.ends_with(")")) {
    auto compiled = Expression::Compile(text.substr(5, text.size() - 6));
    if (compiled.ok()) {
      expression_ = *std::move(compiled);
    } else {
      // The text in quotes is that of `if`, as the reference has it.
      AppendMistakes(errors, MistakeAt("value", absl::StrCat("failed to compile expression '", config_.if_expression,
                                                             "': ", compiled.status().message())));
    }
  } else if (!node.is_null()) {
    value_ = FromNode(node);
    has_value_ = true;
  }
  return MistakesToStatus(errors);
}

Value Add::FromNode(const ConfigNode& node) {
  const InternFunction& intern = context().intern;
  switch (node.kind) {
    case ConfigNode::Kind::kNull: return Value();
    case ConfigNode::Kind::kBool: return Value::Bool(node.boolean);
    case ConfigNode::Kind::kInt: return Value::Int(node.integer);
    case ConfigNode::Kind::kFloat: return Value::Double(node.number);
    case ConfigNode::Kind::kString: return Value::Str(intern(node.text));
    case ConfigNode::Kind::kTimestamp: {
      std::string error;
      absl::Time time;
      for (const char* format : {"%Y-%m-%d%ET%H:%M:%E*S%Ez", "%Y-%m-%d%ET%H:%M:%E*S", "%Y-%m-%d %H:%M:%E*S%Ez",
                                 "%Y-%m-%d %H:%M:%E*S %Ez", "%Y-%m-%d %H:%M:%E*S", "%Y-%m-%d"}) {
        if (!absl::ParseTime(format, node.text, &time, &error)) continue;
        int64_t seconds = absl::ToUnixSeconds(time);
        auto nanos = static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds)));
        return TimeToValue(EntryTime{seconds, nanos, true}, arena_);
      }
      return Value::Str(intern(node.text));
    }
    case ConfigNode::Kind::kList: {
      List* list = arena_.New<List>();
      for (const ConfigNode& item : node.items) list->Add(arena_) = FromNode(item);
      return Value::OfList(list);
    }
    case ConfigNode::Kind::kMap: {
      Map* map = arena_.New<Map>();
      for (const ConfigNode::Entry& e : node.entries) map->Append(arena_, intern(e.key), FromNode(e.value));
      return Value::OfMap(map);
    }
  }
  return Value();
}

absl::Status Add::Transform(Entry& entry) {
  if (expression_ != nullptr) {
    absl::StatusOr<Value> result = expression_->Eval(entry);
    if (!result.ok()) return Annotate(result.status(), "evaluate value_expr: ");
    // A map may be part of the entry itself.
    return field_.Set(entry, Clone(*result, *entry.arena, false));
  }
  if (!has_value_) return absl::InvalidArgumentError("add: missing required field 'value'");
  if (value_.is_map() || value_.is_list()) return field_.Set(entry, Clone(value_, *entry.arena, false));
  if (IsTime(value_)) return field_.Set(entry, TimeToValue(TimeFromValue(value_), *entry.arena));
  return field_.Set(entry, value_);
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, add, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::Add>());
}
