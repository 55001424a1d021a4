#include "operator/expr/reference_check.h"

#include <utility>

#include "operator/expr/reference_evaluator.h"
#include "operator/expr/values.h"
#include "otelpipe/operator/expression.h"
#include "otelpipe/operator/expression_parts.h"

namespace otelpipe::expr::testing {
namespace {

Value ToValue(const RefValue& v, Arena& arena) {
  switch (v.kind) {
    case RefValue::kNil:
      return Value();
    case RefValue::kBool:
      return Value::Bool(v.boolean);
    case RefValue::kInt:
      return Value::Int(v.integer);
    case RefValue::kInt64:
      return MakeTagged(Value::Int(v.integer), kTagInt64);
    case RefValue::kDouble:
      return Value::Double(v.number);
    case RefValue::kText:
      return Value::Str(arena.Copy(v.text));
    case RefValue::kList: {
      List* list = arena.New<List>();
      for (const RefValue& item : v.items) {
        const Value value = ToValue(item, arena);
        list->Add(arena) = value;
      }
      return Value::OfList(list);
    }
    case RefValue::kMap: {
      Map* map = arena.New<Map>();
      for (const auto& [key, value] : v.members) map->Append(arena, arena.Copy(key), ToValue(value, arena));
      return Value::OfMap(map);
    }
  }
  return Value();
}

RefValue FromValue(const Value& v) {
  switch (v.kind()) {
    case ValueKind::kEmpty:
      return RefValue();
    case ValueKind::kBool:
      return RefValue::Bool(v.boolean());
    case ValueKind::kInt:
      return RefValue::Int(v.integer(), v.tag() == kTagInt64 ? RefValue::kInt64 : RefValue::kInt);
    case ValueKind::kDouble:
      return RefValue::Double(v.number());
    case ValueKind::kString:
    case ValueKind::kBytes:
      return RefValue::Text(std::string(v.string()));
    case ValueKind::kList: {
      RefValue out = RefValue::List({});
      for (const Value& item : v.list()) out.items.push_back(FromValue(item));
      return out;
    }
    case ValueKind::kMap: {
      RefValue out;
      out.kind = RefValue::kMap;
      for (const KeyValue& kv : v.map()) out.members[std::string(kv.key)] = FromValue(kv.value);
      return out;
    }
  }
  return RefValue();
}

void Fill(const RefEntry& from, Arena& arena, Entry& entry) {
  entry.arena = &arena;
  entry.body = ToValue(from.body, arena);
  entry.has_attributes = true;
  for (size_t i = 0; i < from.variables.size(); ++i) {
    entry.attributes.Append(arena, arena.Copy("v" + std::to_string(i)), ToValue(from.variables[i], arena));
  }
}

std::string Show(const std::optional<RefValue>& v) {
  if (!v) return "an error";
  static const char* const kNames[] = {"nil", "bool", "int", "int64", "double", "text", "list", "map"};
  return std::string(kNames[v->kind]) + " " + RefGoText(*v);
}

std::optional<RefValue> Run(const Expression& expression, const Entry& entry) {
  const absl::StatusOr<Value> v = expression.Eval(entry);
  return v.ok() ? std::optional<RefValue>(FromValue(*v)) : std::nullopt;
}

bool Same(const std::optional<RefValue>& a, const std::optional<RefValue>& b) {
  return a.has_value() == b.has_value() && (!a || Identical(*a, *b));
}

// The other ways to use an expression agree with its value.
bool OtherWays(const std::string& text, const Entry& entry, const std::optional<RefValue>& value, std::string& why) {
  auto condition = Expression::CompileBool(text);
  if (condition.ok()) {
    const absl::StatusOr<bool> answer = (*condition)->EvalBool(entry);
    const bool is_bool = value && value->kind == RefValue::kBool;
    if (answer.ok() != is_bool || (is_bool && *answer != value->boolean)) why = "as a condition it gives something else";
  } else if (value && value->kind == RefValue::kBool) {
    why = "it is a bool and no condition";
  }
  const auto parts = ExplainExpression(text, entry);
  if (!parts.ok()) {
    why = "it cannot be explained";
  } else if (!parts->empty() && ((*parts)[0].depth != 0 || !(*parts)[0].evaluated || (*parts)[0].failed != !value)) {
    why = "explained it gives something else";
  }
  return why.empty();
}

}  // namespace

std::string FindDisagreement(const Choices& pick) {
  const RefEntry ref_entry = RandomEntry(pick);
  constexpr RefType kTypes[] = {RefType::kBool, RefType::kNumber, RefType::kText, RefType::kList, RefType::kAny, RefType::kInt};
  const RefTree tree = RandomExpression(pick, kTypes[pick(6)]);
  const std::string text = Render(tree);
  Evaluator evaluator(ref_entry);
  const std::optional<RefValue> wanted = evaluator.Of(tree);
  auto entry_text = [&] {
    std::string out = "\n  body: " + Show(ref_entry.body);
    for (size_t i = 0; i < ref_entry.variables.size(); ++i) out += "\n  v" + std::to_string(i) + ": " + Show(ref_entry.variables[i]);
    return out;
  };

  Arena arena;
  Entry entry;
  Fill(ref_entry, arena, entry);
  const auto expression = Expression::Compile(text);
  if (!expression.ok()) return text + "\n  does not compile: " + std::string(expression.status().message());
  const std::optional<RefValue> got = Run(**expression, entry);
  if (!evaluator.unsure() && !Same(wanted, got)) {
    return text + "\n  gives " + Show(got) + (got ? "" : " (" + std::string((*expression)->Eval(entry).status().message()) + ")") + "\n  wanted " +
           Show(wanted) + entry_text();
  }
  std::string why;
  if (!OtherWays(text, entry, got, why)) return text + "\n  " + why + entry_text();
  return "";
}

bool AgreesWithItself(const std::string& text, const RefEntry& ref_entry, std::string& why) {
  Arena arena;
  Entry entry;
  Fill(ref_entry, arena, entry);
  const auto expression = Expression::Compile(text);
  if (!expression.ok()) {
    if (expression.status().message().empty()) why = "refused without a word";
    return why.empty();
  }
  const std::optional<RefValue> first = Run(**expression, entry);
  // What depends on the clock differs.
  if (text.find("now") == std::string::npos && !Same(first, Run(**expression, entry))) why = "gives something else the second time";
  return why.empty() && OtherWays(text, entry, first, why);
}

}  // namespace otelpipe::expr::testing
