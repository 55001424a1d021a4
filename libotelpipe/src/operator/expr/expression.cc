#include "otelpipe/operator/expression.h"

#include "absl/strings/str_cat.h"
#include "operator/expr/check.h"
#include "operator/expr/eval.h"
#include "operator/expr/parser.h"
#include "operator/expr/values.h"
#include "otelpipe/base/status_macros.h"

namespace otelpipe {
namespace {

// A value that may hold parts of the entry, as one of its own: lists and maps are copied, and the kinds that end with the expression
// become text.
Value Finished(const Value& v, Arena& arena) {
  using namespace expr;
  if (v.tag() == kTagIntList || v.tag() == kTagAnyMap) {
    return MakeTagged(Value::Str(arena.Copy(GoText(v))), kTagRendered);
  }
  if (v.is_map()) {
    Map* map = arena.New<Map>();
    map->Reserve(arena, v.map().size());
    for (const KeyValue& kv : v.map()) map->Append(arena, kv.key, Finished(kv.value, arena));
    return MakeTagged(Value::OfMap(map), v.tag());
  }
  if (v.is_list()) {
    List* list = arena.New<List>();
    list->Reserve(arena, v.list().size());
    for (const Value& item : v.list()) {
      Value copy = Finished(item, arena);
      list->Add(arena) = copy;
    }
    return MakeTagged(Value::OfList(list), v.tag());
  }
  return v;
}

class TreeExpression final : public Expression {
 public:
  TreeExpression(std::string text, std::unique_ptr<expr::Tree> tree) : Expression(std::move(text)), tree_(std::move(tree)) {}

  absl::StatusOr<Value> Eval(const Entry& entry) const override {
    expr::Evaluation evaluation(*tree_, entry, *entry.arena);
    Value v;
    if (!evaluation.Run(v)) return absl::InvalidArgumentError(evaluation.error());
    return Finished(v, *entry.arena);
  }

  absl::StatusOr<bool> EvalBool(const Entry& entry) const override {
    expr::Evaluation evaluation(*tree_, entry, *entry.arena);
    Value v;
    if (!evaluation.Run(v)) return absl::InvalidArgumentError(evaluation.error());
    if (v.kind() != ValueKind::kBool) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected bool, but got ", A(v.is_empty() ? std::string_view("nil") : expr::ExprTypeName(v))));
    }
    return v.boolean();
  }

 private:
  std::unique_ptr<expr::Tree> tree_;
};

absl::StatusOr<std::shared_ptr<const Expression>> CompileWith(std::string_view text, bool want_bool) {
  OTELPIPE_ASSIGN_OR_RETURN(std::unique_ptr<expr::Tree> tree, expr::Parse(text));
  OTELPIPE_RETURN_IF_ERROR(expr::Check(*tree, want_bool));
  return std::make_shared<const TreeExpression>(std::string(text), std::move(tree));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Expression>> Expression::Compile(std::string_view text) {
  return CompileWith(text, false);
}
absl::StatusOr<std::shared_ptr<const Expression>> Expression::CompileBool(std::string_view text) {
  return CompileWith(text, true);
}

absl::StatusOr<TemplateText> TemplateText::Compile(std::string_view text) {
  constexpr std::string_view kOpen = "EXPR(";
  TemplateText out;
  while (!text.empty()) {
    const size_t open = text.find(kOpen);
    if (open == std::string_view::npos) {
      out.parts_.push_back({std::string(text), nullptr});
      break;
    }
    // The span ends at the last ")" before the next "EXPR(".
    size_t limit = text.find(kOpen, open + kOpen.size());
    if (limit == std::string_view::npos) limit = text.size();
    const size_t close = text.substr(0, limit).rfind(')');
    if (close == std::string_view::npos || close < open + kOpen.size()) {
      out.parts_.push_back({std::string(text.substr(0, limit)), nullptr});
      text.remove_prefix(limit);
      continue;
    }
    if (open > 0) out.parts_.push_back({std::string(text.substr(0, open)), nullptr});
    absl::StatusOr<std::shared_ptr<const Expression>> e =
        Expression::Compile(text.substr(open + kOpen.size(), close - open - kOpen.size()));
    if (!e.ok()) return Annotate(e.status(), "compile embedded expression: ");
    out.parts_.push_back({"", *std::move(e)});
    text.remove_prefix(close + 1);
  }
  return out;
}

absl::StatusOr<std::string_view> TemplateText::Render(const Entry& entry) const {
  // One literal is the text itself; it lives as long as the configuration.
  if (parts_.size() == 1 && parts_[0].expression == nullptr) return std::string_view(parts_[0].literal);
  std::string text;
  for (const Part& part : parts_) {
    if (part.expression == nullptr) {
      text += part.literal;
      continue;
    }
    absl::StatusOr<Value> v = part.expression->Eval(entry);
    if (!v.ok()) return Annotate(v.status(), "render embedded expression: ");
    if (!v->is_string()) {
      return absl::InvalidArgumentError(absl::StrCat("embedded expression returned non-string ", expr::GoText(*v)));
    }
    text += v->string();
  }
  return entry.arena->Copy(text);
}

}  // namespace otelpipe
