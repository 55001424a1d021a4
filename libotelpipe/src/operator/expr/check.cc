#include "operator/expr/check.h"

#include "absl/strings/str_cat.h"
#include "operator/expr/builtins.h"

namespace otelpipe::expr {

const char* StaticTypeName(StaticType type) {
  switch (type) {
    case StaticType::kUnknown: case StaticType::kNil: return "unknown";
    case StaticType::kBool: return "bool";
    case StaticType::kInt: return "int";
    case StaticType::kFloat: return "float64";
    case StaticType::kString: return "string";
    case StaticType::kArray: return "array";
    case StaticType::kMap: return "map";
    case StaticType::kTime: return "time.Time";
    case StaticType::kDuration: return "time.Duration";
  }
  return "";
}

namespace {

const char* OpText(Op op) {
  switch (op) {
    case Op::kOr: return "or";
    case Op::kAnd: return "and";
    case Op::kEqual: return "==";
    case Op::kNotEqual: return "!=";
    case Op::kLess: return "<";
    case Op::kGreater: return ">";
    case Op::kLessEqual: return "<=";
    case Op::kGreaterEqual: return ">=";
    case Op::kIn: return "in";
    case Op::kMatches: return "matches";
    case Op::kContains: return "contains";
    case Op::kStartsWith: return "startsWith";
    case Op::kEndsWith: return "endsWith";
    case Op::kRange: return "..";
    case Op::kAdd: return "+";
    case Op::kSubtract: return "-";
    case Op::kMultiply: return "*";
    case Op::kDivide: return "/";
    case Op::kModulo: return "%";
    case Op::kPower: return "**";
    case Op::kCoalesce: return "??";
    case Op::kNot: return "not";
    case Op::kNegate: return "-";
    case Op::kPlus: return "+";
    case Op::kNone: return "";
  }
  return "";
}

class Checker {
 public:
  explicit Checker(Tree& tree) : tree_(tree) {}

  absl::Status Run(bool want_bool) {
    Visit(*tree_.root);
    const StaticType type = tree_.root->type;
    // nil is known not to be a bool, though its type has no name.
    if (error_.empty() && want_bool && type != StaticType::kBool && type != StaticType::kUnknown) {
      // The reference reports this without a place.
      return absl::InvalidArgumentError(absl::StrCat("expected bool, but got ", StaticTypeName(type)));
    }
    if (!error_.empty()) return absl::InvalidArgumentError(FormatError(tree_.source, offset_, error_));
    return absl::OkStatus();
  }

 private:
  void Fail(const Node& node, std::string message) {
    if (!error_.empty()) return;
    error_ = std::move(message);
    offset_ = node.offset;
  }
  static bool Is(StaticType t, StaticType wanted) { return t == wanted || t == StaticType::kUnknown; }
  static bool IsNumber(StaticType t) {
    return t == StaticType::kInt || t == StaticType::kFloat || t == StaticType::kUnknown;
  }

  void Visit(Node& node) {
    if (!error_.empty()) return;
    for (NodePtr& kid : node.kids) {
      if (kid) Visit(*kid);
    }
    if (!error_.empty()) return;
    switch (node.kind) {
      case NodeKind::kConstant:
        switch (node.value.kind()) {
          case ValueKind::kEmpty: node.type = StaticType::kNil; break;
          case ValueKind::kBool: node.type = StaticType::kBool; break;
          case ValueKind::kInt: node.type = StaticType::kInt; break;
          case ValueKind::kDouble: node.type = StaticType::kFloat; break;
          default: node.type = StaticType::kString;
        }
        break;
      case NodeKind::kList: node.type = StaticType::kArray; break;
      case NodeKind::kMap: node.type = StaticType::kMap; break;
      case NodeKind::kIndex: node.type = StaticType::kInt; break;
      case NodeKind::kUnary: VisitUnary(node); break;
      case NodeKind::kBinary: VisitBinary(node); break;
      case NodeKind::kConditional: {
        const StaticType condition = node.kids[0]->type;
        if (!Is(condition, StaticType::kBool)) {
          Fail(*node.kids[0], absl::StrCat("non-bool expression (type ", StaticTypeName(condition), ") used as condition"));
        }
        if (node.kids[1]->type == node.kids[2]->type) node.type = node.kids[1]->type;
        break;
      }
      case NodeKind::kCall:
        node.type = BuiltinTable()[node.slot].result;
        VisitCall(node);
        break;
      case NodeKind::kPredicate: VisitPredicate(node); break;
      case NodeKind::kEnvironment: node.type = StaticType::kString; break;
      case NodeKind::kLet: node.type = node.kids[1]->type; break;
      case NodeKind::kSequence: node.type = node.kids.back()->type; break;
      case NodeKind::kSlice:
        if (node.kids[0]->type == StaticType::kString || node.kids[0]->type == StaticType::kArray) {
          node.type = node.kids[0]->type;
        }
        break;
      default: break;
    }
  }

  void VisitUnary(Node& node) {
    const StaticType t = node.kids[0]->type;
    if (node.op == Op::kNot) {
      node.type = StaticType::kBool;
      if (!Is(t, StaticType::kBool)) {
        Fail(node, absl::StrCat("invalid operation: not (mismatched type ", StaticTypeName(t), ")"));
      }
      return;
    }
    node.type = t;
    if (!IsNumber(t) && t != StaticType::kDuration) {
      Fail(node, absl::StrCat("invalid operation: ", OpText(node.op), " (mismatched type ", StaticTypeName(t), ")"));
    }
  }

  void VisitBinary(Node& node) {
    const StaticType l = node.kids[0]->type, r = node.kids[1]->type;
    auto mismatch = [&] {
      Fail(node, absl::StrCat("invalid operation: ", OpText(node.op), " (mismatched types ", StaticTypeName(l), " and ",
                              StaticTypeName(r), ")"));
    };
    const bool open = l == StaticType::kUnknown || r == StaticType::kUnknown;
    switch (node.op) {
      case Op::kAnd: case Op::kOr:
        node.type = StaticType::kBool;
        if (!Is(l, StaticType::kBool) || !Is(r, StaticType::kBool)) mismatch();
        break;
      case Op::kEqual: case Op::kNotEqual:
        node.type = StaticType::kBool;
        if (open || l == r || l == StaticType::kNil || r == StaticType::kNil || (IsNumber(l) && IsNumber(r))) break;
        mismatch();
        break;
      case Op::kLess: case Op::kGreater: case Op::kLessEqual: case Op::kGreaterEqual:
        node.type = StaticType::kBool;
        if ((IsNumber(l) && IsNumber(r)) || (Is(l, StaticType::kString) && Is(r, StaticType::kString)) ||
            (Is(l, StaticType::kTime) && Is(r, StaticType::kTime)) ||
            (Is(l, StaticType::kDuration) && Is(r, StaticType::kDuration))) {
          break;
        }
        mismatch();
        break;
      case Op::kIn:
        node.type = StaticType::kBool;
        if (r == StaticType::kUnknown || r == StaticType::kArray || r == StaticType::kMap || r == StaticType::kNil) break;
        mismatch();
        break;
      case Op::kMatches:
        node.type = StaticType::kBool;
        CompilePattern(node);
        [[fallthrough]];
      case Op::kContains: case Op::kStartsWith: case Op::kEndsWith:
        node.type = StaticType::kBool;
        if ((Is(l, StaticType::kString) || l == StaticType::kNil) && (Is(r, StaticType::kString) || r == StaticType::kNil)) break;
        mismatch();
        break;
      case Op::kRange:
        node.type = StaticType::kArray;
        if (!Is(l, StaticType::kInt) || !Is(r, StaticType::kInt)) mismatch();
        break;
      case Op::kAdd:
        if (l == StaticType::kString && Is(r, StaticType::kString)) {
          if (r == StaticType::kString) node.type = StaticType::kString;
          break;
        }
        if (r == StaticType::kString && l == StaticType::kUnknown) break;
        [[fallthrough]];
      case Op::kSubtract: case Op::kMultiply:
        if (IsTimeLike(l) || IsTimeLike(r)) break;  // decided when evaluated
        if (!IsNumber(l) || !IsNumber(r)) {
          mismatch();
        } else if (!open) {
          node.type = l == StaticType::kInt && r == StaticType::kInt ? StaticType::kInt : StaticType::kFloat;
        }
        break;
      case Op::kDivide: case Op::kPower:
        if (IsTimeLike(l) || IsTimeLike(r)) break;
        node.type = StaticType::kFloat;
        if (!IsNumber(l) || !IsNumber(r)) mismatch();
        break;
      case Op::kModulo:
        node.type = StaticType::kInt;
        if (!Is(l, StaticType::kInt) || !Is(r, StaticType::kInt)) {
          mismatch();
        } else if (node.kids[1]->kind == NodeKind::kConstant && node.kids[1]->value.integer() == 0) {
          Fail(node, "integer divide by zero");
        }
        break;
      case Op::kCoalesce:
        if (l == r) node.type = l;
        break;
      default: break;
    }
  }
  static bool IsTimeLike(StaticType t) { return t == StaticType::kTime || t == StaticType::kDuration; }

  void CompilePattern(Node& node) {
    const Node& right = *node.kids[1];
    if (right.kind != NodeKind::kConstant || right.type != StaticType::kString) return;
    absl::StatusOr<std::shared_ptr<const regex::Pattern>> pattern = regex::Pattern::Compile(right.value.string());
    if (!pattern.ok()) {
      Fail(node, std::string(pattern.status().message()));
    } else {
      node.pattern = *std::move(pattern);
    }
  }

  // Literals of a kind that the function can't take.
  void VisitCall(Node& node) {
    const Builtin& builtin = BuiltinTable()[node.slot];
    if (node.kids.empty()) return;
    const StaticType t = node.kids[0]->type;
    if (builtin.name == "len" && t != StaticType::kUnknown && t != StaticType::kString && t != StaticType::kArray &&
        t != StaticType::kMap) {
      Fail(node, absl::StrCat("invalid argument for len (type ", StaticTypeName(t), ")"));
    }
    if ((builtin.name == "max" || builtin.name == "min") && t == StaticType::kString) {
      Fail(node, absl::StrCat("invalid argument for ", std::string(builtin.name), " (type string)"));
    }
  }

  void VisitPredicate(Node& node) {
    const StaticType t = node.kids[0]->type;
    if (t != StaticType::kUnknown && t != StaticType::kArray) {
      Fail(node, absl::StrCat("builtin ", node.name, " takes only array (got ", StaticTypeName(t), ")"));
      return;
    }
    switch (static_cast<PredicateId>(node.slot)) {
      case kAll: case kAny: case kNone: case kOne: node.type = StaticType::kBool; break;
      case kFilter: case kMapPredicate: case kSortBy: node.type = StaticType::kArray; break;
      case kCount: node.type = StaticType::kInt; break;
      case kGroupBy: node.type = StaticType::kMap; break;
      default: break;
    }
    const bool wants_bool = node.slot <= kFilter || node.slot == kCount || (node.slot >= kFind && node.slot <= kFindLastIndex);
    if (wants_bool && node.kids[1] && !Is(node.kids[1]->type, StaticType::kBool)) {
      Fail(*node.kids[1],
           absl::StrCat("predicate should return boolean (got ", StaticTypeName(node.kids[1]->type), ")"));
    }
  }

  Tree& tree_;
  std::string error_;
  int offset_ = 0;
};

}  // namespace

absl::Status Check(Tree& tree, bool want_bool) { return Checker(tree).Run(want_bool); }

}  // namespace otelpipe::expr
