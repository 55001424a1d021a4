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

// A condition of the commonest shape, one text of the entry against one literal: `body matches "^x"`, `attributes.level == "info"`.
// Such a condition is decided without walking the tree, as long as the value is a text or absent.
class TextTest {
 public:
  explicit TextTest(const expr::Node& root) {
    using namespace expr;
    if (root.kind != NodeKind::kBinary) return;
    const Node& left = *root.kids[0];
    const Node& right = *root.kids[1];
    if (right.kind != NodeKind::kConstant || !right.value.is_string()) return;
    if (root.op == Op::kMatches ? root.pattern == nullptr
                                : root.op != Op::kEqual && root.op != Op::kNotEqual && root.op != Op::kContains &&
                                      root.op != Op::kStartsWith && root.op != Op::kEndsWith) {
      return;
    }
    if (left.kind == NodeKind::kVariable && left.slot == kVarBody) {
      source_ = Source::kBody;
    } else if (left.kind == NodeKind::kMember && left.kids[0]->kind == NodeKind::kVariable &&
               left.kids[1]->kind == NodeKind::kConstant && left.kids[1]->value.is_string()) {
      if (left.kids[0]->slot == kVarAttributes) source_ = Source::kAttributes;
      if (left.kids[0]->slot == kVarResource) source_ = Source::kResource;
      key_ = left.kids[1]->value.string();
    }
    op_ = root.op;
    literal_ = right.value.string();
    pattern_ = root.pattern.get();
  }

  // False when the tree has to decide.
  bool Decide(const Entry& entry, bool& out) const {
    using expr::Op;
    const Value* value = nullptr;
    switch (source_) {
      case Source::kNone: return false;
      case Source::kBody: value = &entry.body; break;
      case Source::kAttributes: value = entry.attributes.Find(key_); break;
      case Source::kResource: value = entry.resource.Find(key_); break;
    }
    if (value == nullptr || value->is_empty()) {
      out = op_ == Op::kNotEqual;
      return true;
    }
    if (!value->is_string()) return false;
    std::string_view text = value->string();
    switch (op_) {
      case Op::kMatches: out = pattern_->PartialMatch(text); break;
      case Op::kEqual: out = text == literal_; break;
      case Op::kNotEqual: out = text != literal_; break;
      case Op::kContains: out = text.find(literal_) != std::string_view::npos; break;
      case Op::kStartsWith: out = text.starts_with(literal_); break;
      default: out = text.ends_with(literal_); break;
    }
    return true;
  }

 private:
  enum class Source { kNone, kBody, kAttributes, kResource };
  Source source_ = Source::kNone;
  expr::Op op_ = expr::Op::kNone;
  std::string_view key_, literal_;  // in the tree's arena
  const regex::Pattern* pattern_ = nullptr;
};

class TreeExpression final : public Expression {
 public:
  TreeExpression(std::string text, std::unique_ptr<expr::Tree> tree)
      : Expression(std::move(text)), tree_(std::move(tree)), test_(*tree_->root) {}

  absl::StatusOr<Value> Eval(const Entry& entry) const override {
    expr::Evaluation evaluation(*tree_, entry, *entry.arena);
    Value v;
    if (!evaluation.Run(v)) return absl::InvalidArgumentError(evaluation.error());
    return Finished(v, *entry.arena);
  }

  absl::StatusOr<bool> EvalBool(const Entry& entry) const override {
    bool decided = false;
    if (test_.Decide(entry, decided)) return decided;
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
  TextTest test_;
};

absl::StatusOr<std::shared_ptr<const Expression>> CompileWith(std::string_view text, bool want_bool) {
  OTELPIPE_ASSIGN_OR_RETURN(std::unique_ptr<expr::Tree> tree, expr::Parse(text));
  OTELPIPE_RETURN_IF_ERROR(expr::Check(*tree, want_bool));
  expr::Fold(*tree);
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
