#include <optional>

#include "operator/expr/check.h"

namespace otelpipe::expr {
namespace {

bool IsBool(const Node& node) { return node.kind == NodeKind::kConstant && node.value.kind() == ValueKind::kBool; }

// What the reference compares before evaluation: two literals of one kind, but no doubles.
std::optional<bool> LiteralsEqual(const Node& a, const Node& b) {
  if (a.kind != NodeKind::kConstant || b.kind != NodeKind::kConstant || a.value.kind() != b.value.kind()) return std::nullopt;
  switch (a.value.kind()) {
    case ValueKind::kBool:
      return a.value.boolean() == b.value.boolean();
    case ValueKind::kInt:
      return a.value.integer() == b.value.integer();
    case ValueKind::kString:
      return a.value.string() == b.value.string();
    default:
      return std::nullopt;
  }
}

std::optional<bool> Settled(const Node& node) {
  if (node.kind == NodeKind::kUnary && node.op == Op::kNot && IsBool(*node.kids[0])) return !node.kids[0]->value.boolean();
  if (node.kind != NodeKind::kBinary) return std::nullopt;
  const Node &left = *node.kids[0], &right = *node.kids[1];
  if (node.op == Op::kEqual) return LiteralsEqual(left, right);
  if (node.op != Op::kAnd && node.op != Op::kOr) return std::nullopt;
  const bool stop = node.op == Op::kOr;
  if ((IsBool(left) && left.value.boolean() == stop) || (IsBool(right) && right.value.boolean() == stop)) return stop;
  if (IsBool(left) && IsBool(right)) return !stop;
  return std::nullopt;
}

void FoldNode(Node& node) {
  for (NodePtr& kid : node.kids) {
    if (kid != nullptr) FoldNode(*kid);
  }
  const std::optional<bool> value = Settled(node);
  if (!value.has_value()) return;
  node.kind = NodeKind::kConstant;
  node.op = Op::kNone;
  node.value = Value::Bool(*value);
  node.kids.clear();
}

}  // namespace

void Fold(Tree& tree) { FoldNode(*tree.root); }

}  // namespace otelpipe::expr
