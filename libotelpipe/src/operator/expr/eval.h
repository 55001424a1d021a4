// Evaluates a Tree for one entry.
#pragma once

#include <string>
#include <vector>

#include "operator/expr/ast.h"
#include "otelpipe/operator/entry.h"

namespace otelpipe::expr {

// The state of one evaluation. Results and intermediate values live in `arena`.
class Evaluation {
 public:
  Evaluation(const Tree& tree, const Entry& entry, Arena& arena) : tree_(tree), entry_(entry), arena_(arena) {}

  // False when it failed; then error() is the formatted message.
  bool Run(Value& out) { return Eval(*tree_.root, out) == kOk; }
  // The same for a part of the tree that uses no variable of a `let` or a predicate around it.
  bool RunPart(const Node& node, Value& out) {
    const Outcome result = Eval(node, out);
    if (result == kShort) out = Value();
    return result != kError;
  }
  std::string error() const { return FormatError(tree_.source, error_offset_, error_); }

  // --- for builtins
  Arena& arena() { return arena_; }
  // Records a failure at `node`; returns false for convenience.
  bool Fail(const Node& node, std::string message);
  // Takes `n` elements from the memory budget of 10^6.
  bool Spend(const Node& node, int64_t n);
  // An element of a list, a byte of a text; used by builtins that walk a list.
  bool Elements(const Node& node, const Value& list, std::vector<Value>& out);
  Value NewText(std::string_view text) { return Value::Str(arena_.Copy(text)); }
  Value NewList(const std::vector<Value>& items, uint8_t tag = 0);

 private:
  enum Outcome { kOk, kError, kShort };  // kShort: an optional chain met nil
  struct Scope {
    Value element;
    int64_t index = 0;
    Value acc;
  };

  Outcome Eval(const Node& node, Value& out);
  Outcome EvalVariable(const Node& node, Value& out);
  Outcome EvalMember(const Node& node, Value& out);
  Outcome EvalSlice(const Node& node, Value& out);
  Outcome EvalUnary(const Node& node, Value& out);
  Outcome EvalBinary(const Node& node, Value& out);
  Outcome EvalMap(const Node& node, Value& out);
  Outcome EvalPredicate(const Node& node, Value& out);
  Outcome EvalLogic(const Node& node, Value& out);
  Outcome EvalIn(const Node& node, const Value& left, const Value& right, Value& out);
  Outcome EvalText(const Node& node, const Value& left, const Value& right, Value& out);
  Outcome EvalOrder(const Node& node, const Value& left, const Value& right, Value& out);
  Outcome EvalArithmetic(const Node& node, const Value& left, const Value& right, Value& out);
  // `user` is what the condition is for: where the message points when it is not a bool.
  Outcome EvalCondition(const Node& user, const Node& node, bool& out);
  bool WantBool(const Node& node, const Value& v, bool& out);

  const Tree& tree_;
  const Entry& entry_;
  Arena& arena_;
  std::vector<Value> locals_;
  std::vector<Scope> scopes_;
  int64_t budget_ = 1000000;
  int error_offset_ = 0;
  std::string error_;
};

}  // namespace otelpipe::expr
