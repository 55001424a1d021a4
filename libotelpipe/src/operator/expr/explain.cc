#include "operator/expr/check.h"
#include "operator/expr/eval.h"
#include "operator/expr/parser.h"
#include "operator/expr/values.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/operator/entry_json.h"
#include "otelpipe/operator/expression_parts.h"

namespace otelpipe {
namespace expr {

void Tree::AddSpan(const Node& node, int begin, size_t end) {
  while (end > static_cast<size_t>(begin) && static_cast<unsigned char>(source[end - 1]) <= ' ') --end;
  spans.emplace(&node, std::pair(begin, static_cast<int>(end)));
}

int Tree::BeginOf(const Node& node) const {
  auto span = spans.find(&node);
  return span == spans.end() ? node.offset : span->second.first;
}

}  // namespace expr

namespace {

using namespace expr;

class Explainer {
 public:
  Explainer(const Tree& tree, const Entry& entry, std::vector<ExpressionPart>& out) : tree_(tree), entry_(entry), out_(out) {}

  // Adds `node` and what it is made of. Without `live` it is not evaluated: the parts before it settled the result.
  void Add(const Node& node, int depth, bool live) {
    ExpressionPart& part = out_.emplace_back();
    part.depth = depth;
    if (auto span = tree_.spans.find(&node); span != tree_.spans.end()) {
      const auto [begin, end] = span->second;
      part.text = tree_.source.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    }
    Value value;
    if (live) Evaluate(node, part, value);
    switch (node.kind) {
      case NodeKind::kBinary:
        if (node.op == Op::kAnd || node.op == Op::kOr) return AddLogic(node, depth, live);
        break;
      case NodeKind::kConditional: {
        Value condition;
        ExpressionPart ignored;
        const bool known = live && Evaluate(*node.kids[0], ignored, condition) && condition.kind() == ValueKind::kBool;
        Add(*node.kids[0], depth + 1, live);
        Add(*node.kids[1], depth + 1, known && condition.boolean());
        Add(*node.kids[2], depth + 1, known && !condition.boolean());
        return;
      }
      // Their text says it all, and parts of the others know names that are bound around them.
      case NodeKind::kVariable: case NodeKind::kMember: case NodeKind::kSlice: case NodeKind::kChain: case NodeKind::kLet:
      case NodeKind::kSequence: case NodeKind::kMap: case NodeKind::kList: case NodeKind::kEnvironment: return;
      case NodeKind::kPredicate: return AddOperand(*node.kids[0], depth, live);
      default: break;
    }
    for (const NodePtr& kid : node.kids) {
      if (kid != nullptr) AddOperand(*kid, depth, live);
    }
  }

 private:
  bool Evaluate(const Node& node, ExpressionPart& part, Value& value) {
    Evaluation evaluation(tree_, entry_, *entry_.arena);
    part.evaluated = true;
    if (!evaluation.RunPart(node, value)) {
      part.failed = true;
      part.value = evaluation.error();
      return false;
    }
    if (value.tag() == kTagIntList || value.tag() == kTagAnyMap) {
      part.value = GoText(value);
    } else {
      AppendValueJson(part.value, value, false);
    }
    return true;
  }

  void AddLogic(const Node& node, int depth, bool live) {
    Value left;
    ExpressionPart ignored;
    const bool known = live && Evaluate(*node.kids[0], ignored, left) && left.kind() == ValueKind::kBool;
    Add(*node.kids[0], depth + 1, live);
    Add(*node.kids[1], depth + 1, known && left.boolean() == (node.op == Op::kAnd));
  }

  // Literals explain themselves.
  void AddOperand(const Node& node, int depth, bool live) {
    if (node.kind == NodeKind::kConstant || node.kind == NodeKind::kList || node.kind == NodeKind::kMap || tree_.spans.count(&node) == 0) return;
    Add(node, depth + 1, live);
  }

  const Tree& tree_;
  const Entry& entry_;
  std::vector<ExpressionPart>& out_;
};

}  // namespace

absl::StatusOr<std::vector<ExpressionPart>> ExplainExpression(std::string_view text, const Entry& entry) {
  OTELPIPE_ASSIGN_OR_RETURN(std::unique_ptr<Tree> tree, Parse(text));
  OTELPIPE_RETURN_IF_ERROR(Check(*tree, false));
  Fold(*tree);
  std::vector<ExpressionPart> out;
  Explainer(*tree, entry, out).Add(*tree->root, 0, true);
  out[0].text = tree->source;
  return out;
}

}  // namespace otelpipe
