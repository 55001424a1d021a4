#include "operator/expr/check.h"

#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "operator/expr/builtins.h"
#include "operator/expr/check_calls.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::expr {

const char* StaticTypeName(StaticType type) { return TypeOf(type)->name; }

namespace {

const char* OpText(Op op) {
  switch (op) {
    case Op::kOr:
      return "or";
    case Op::kAnd:
      return "and";
    case Op::kEqual:
      return "==";
    case Op::kNotEqual:
      return "!=";
    case Op::kLess:
      return "<";
    case Op::kGreater:
      return ">";
    case Op::kLessEqual:
      return "<=";
    case Op::kGreaterEqual:
      return ">=";
    case Op::kIn:
      return "in";
    case Op::kMatches:
      return "matches";
    case Op::kContains:
      return "contains";
    case Op::kStartsWith:
      return "startsWith";
    case Op::kEndsWith:
      return "endsWith";
    case Op::kRange:
      return "..";
    case Op::kAdd:
      return "+";
    case Op::kSubtract:
      return "-";
    case Op::kMultiply:
      return "*";
    case Op::kDivide:
      return "/";
    case Op::kModulo:
      return "%";
    case Op::kPower:
      return "**";
    case Op::kCoalesce:
      return "??";
    case Op::kNot:
      return "not";
    case Op::kNegate:
      return "-";
    case Op::kPlus:
      return "+";
    case Op::kNone:
      return "";
  }
  return "";
}

using TypePtr = const Type*;

bool IsUnknown(TypePtr t) { return t->kind == StaticType::kUnknown; }
bool IsNilType(TypePtr t) { return t->kind == StaticType::kNil; }
bool IsNumberType(TypePtr t) { return t->kind == StaticType::kInt || t->kind == StaticType::kFloat; }
bool IsKind(TypePtr t, StaticType kind) { return t->kind == kind; }

// One operand is unknown and the other unknown too or of one of `kinds`.
bool Open(TypePtr l, TypePtr r, std::initializer_list<StaticType> kinds) {
  auto fits = [&](TypePtr t) {
    for (StaticType kind : kinds) {
      if (t->kind == kind) return true;
    }
    return IsUnknown(t);
  };
  return (IsUnknown(l) && fits(r)) || (IsUnknown(r) && fits(l));
}

bool Comparable(TypePtr l, TypePtr r) {
  return IsUnknown(l) || IsUnknown(r) || IsNilType(l) || IsNilType(r) || (IsNumberType(l) && IsNumberType(r)) ||
         l->kind == r->kind;
}

class Checker {
 public:
  explicit Checker(Tree& tree) : tree_(tree), locals_(static_cast<size_t>(tree.locals), TypeOf(StaticType::kUnknown)) {}

  absl::Status Run(bool want_bool) {
    TypePtr type = Visit(*tree_.root);
    // nil is known not to be a bool, though its type has no name.
    if (error_.empty() && want_bool && !IsKind(type, StaticType::kBool) && !IsUnknown(type)) {
      // The reference reports this without a place.
      return absl::InvalidArgumentError(absl::StrCat("expected bool, but got ", type->name));
    }
    if (!error_.empty()) return absl::InvalidArgumentError(FormatError(tree_.source, offset_, error_));
    return absl::OkStatus();
  }

 private:
  TypePtr Fail(int offset, std::string message) {
    if (error_.empty()) {
      error_ = std::move(message);
      offset_ = offset;
    }
    return TypeOf(StaticType::kUnknown);
  }
  TypePtr Fail(const Node& node, std::string message) { return Fail(node.offset, std::move(message)); }
  TypePtr ArrayOf(TypePtr element) { return &types_.emplace_back(Type{StaticType::kArray, "[]interface {}", element}); }

  // The first mistake in order of evaluation is the one that is told, so nothing is looked at after it.
  TypePtr Visit(Node& node) {
    if (!error_.empty()) return TypeOf(StaticType::kUnknown);
    TypePtr type = TypeOfNode(node);
    node.type = type->kind;
    return type;
  }

  TypePtr TypeOfNode(Node& node) {
    switch (node.kind) {
      case NodeKind::kConstant:
        switch (node.value.kind()) {
          case ValueKind::kEmpty:
            return TypeOf(StaticType::kNil);
          case ValueKind::kBool:
            return TypeOf(StaticType::kBool);
          case ValueKind::kInt:
            return TypeOf(StaticType::kInt);
          case ValueKind::kDouble:
            return TypeOf(StaticType::kFloat);
          default:
            return TypeOf(StaticType::kString);
        }
      case NodeKind::kVariable:
        return TypeOf(node.slot == kVarAll ? StaticType::kMap : StaticType::kUnknown);
      case NodeKind::kLocal:
        return locals_[static_cast<size_t>(node.slot)];
      case NodeKind::kElement:
        return elements_.empty() ? TypeOf(StaticType::kUnknown) : elements_.back().element;
      case NodeKind::kIndex:
        return Pointer(node, "#index", {kMapPredicate, kReduce}, StaticType::kInt);
      case NodeKind::kAcc:
        return Pointer(node, "#acc", {kReduce}, StaticType::kUnknown);
      case NodeKind::kMember:
        return Member(node, false);
      case NodeKind::kSlice:
        return Slice(node);
      case NodeKind::kChain:
        return Visit(*node.kids[0]);
      case NodeKind::kUnary:
        return Unary(node);
      case NodeKind::kBinary:
        return Binary(node);
      case NodeKind::kConditional:
        return Conditional(node);
      case NodeKind::kList: {
        TypePtr last = TypeOf(StaticType::kUnknown);
        bool same = true;
        for (size_t i = 0; i < node.kids.size(); ++i) {
          TypePtr type = Visit(*node.kids[i]);
          same &= i == 0 || type->kind == last->kind || (!Known(type) && !Known(last));
          last = type;
        }
        return ArrayOf(same ? last : TypeOf(StaticType::kUnknown));
      }
      case NodeKind::kMap:
        for (NodePtr& kid : node.kids) Visit(*kid);
        return TypeOf(StaticType::kMap);
      case NodeKind::kCall:
        return Call(node);
      case NodeKind::kPredicate:
        return Predicate(node);
      case NodeKind::kMethod:
        return Method(node);
      case NodeKind::kLet: {
        TypePtr value = Visit(*node.kids[0]);
        locals_[static_cast<size_t>(node.slot)] = value;
        return Visit(*node.kids[1]);
      }
      case NodeKind::kSequence: {
        TypePtr last = TypeOf(StaticType::kUnknown);
        for (NodePtr& kid : node.kids) last = Visit(*kid);
        return last;
      }
      case NodeKind::kEnvironment:
      case NodeKind::kUnknownCall:
        for (NodePtr& kid : node.kids) Visit(*kid);
        return TypeOf(StaticType::kUnknown);
    }
    return TypeOf(StaticType::kUnknown);
  }

  static bool Known(TypePtr t) { return !IsUnknown(t) && !IsNilType(t); }

  TypePtr Pointer(const Node& node, const char* name, std::initializer_list<PredicateId> where, StaticType type) {
    for (PredicateId id : where) {
      if (!elements_.empty() && elements_.back().predicate == id) return TypeOf(type);
    }
    return Fail(node, absl::StrCat("unknown pointer ", name));
  }

  TypePtr Unary(Node& node) {
    TypePtr t = Visit(*node.kids[0]);
    if (node.op == Op::kNot) {
      if (IsKind(t, StaticType::kBool) || IsUnknown(t)) return TypeOf(StaticType::kBool);
    } else if (IsNumberType(t) || IsUnknown(t)) {
      return t;
    }
    return Fail(node, absl::StrCat("invalid operation: ", node.name.empty() ? OpText(node.op) : node.name.c_str(),
                                   " (mismatched type ", t->name, ")"));
  }

  TypePtr Binary(Node& node) {
    TypePtr l = Visit(*node.kids[0]);
    TypePtr r = Visit(*node.kids[1]);
    if (!error_.empty()) return l;
    TypePtr result = BinaryResult(node, l, r);
    if (result != nullptr || !error_.empty()) return result != nullptr ? result : l;
    return Fail(node, absl::StrCat("invalid operation: ", node.name.empty() ? OpText(node.op) : node.name.c_str(),
                                   " (mismatched types ", l->name, " and ", r->name, ")"));
  }

  // Null when the operands do not go together.
  TypePtr BinaryResult(Node& node, TypePtr l, TypePtr r) {
    constexpr StaticType kInt = StaticType::kInt, kText = StaticType::kString, kTime = StaticType::kTime,
                         kDuration = StaticType::kDuration, kFloat = StaticType::kFloat, kBool = StaticType::kBool;
    TypePtr unknown = TypeOf(StaticType::kUnknown);
    const bool numbers = IsNumberType(l) && IsNumberType(r);
    auto both = [&](StaticType left, StaticType right) { return IsKind(l, left) && IsKind(r, right); };
    auto when = [](bool fits, StaticType type) { return fits ? TypeOf(type) : nullptr; };
    TypePtr combined = IsKind(l, kFloat) || IsKind(r, kFloat) ? TypeOf(kFloat) : TypeOf(kInt);
    switch (node.op) {
      case Op::kAnd:
      case Op::kOr:
        return when(both(kBool, kBool) || Open(l, r, {kBool}), kBool);
      case Op::kEqual:
      case Op::kNotEqual:
        return when(Comparable(l, r), kBool);
      case Op::kLess:
      case Op::kGreater:
      case Op::kLessEqual:
      case Op::kGreaterEqual:
        return when(numbers || both(kText, kText) || both(kTime, kTime) || both(kDuration, kDuration) ||
                        Open(l, r, {kInt, kFloat, kText, kTime, kDuration}),
                    kBool);
      case Op::kIn:
        return In(node, l, r);
      case Op::kMatches:
        CompilePattern(node);
        [[fallthrough]];
      case Op::kContains:
      case Op::kStartsWith:
      case Op::kEndsWith:
        return when(both(kText, kText) || Open(l, r, {kText}), kBool);
      case Op::kRange:
        return both(kInt, kInt) || Open(l, r, {kInt}) ? ArrayOf(TypeOf(kInt)) : nullptr;
      case Op::kAdd:
        if (numbers) return combined;
        if (both(kText, kText)) return TypeOf(kText);
        if (both(kTime, kDuration) || both(kDuration, kTime)) return TypeOf(kTime);
        if (both(kDuration, kDuration)) return TypeOf(kDuration);
        return Open(l, r, {kInt, kFloat, kText, kTime, kDuration}) ? unknown : nullptr;
      case Op::kSubtract:
        if (numbers) return combined;
        if (both(kTime, kTime) || both(kDuration, kDuration)) return TypeOf(kDuration);
        if (both(kTime, kDuration)) return TypeOf(kTime);
        return Open(l, r, {kInt, kFloat, kTime, kDuration}) ? unknown : nullptr;
      case Op::kMultiply:
        if (numbers) return combined;
        if ((IsNumberType(l) || IsKind(l, kDuration)) && IsKind(r, kDuration)) return TypeOf(kDuration);
        if (IsKind(l, kDuration) && IsNumberType(r)) return TypeOf(kDuration);
        return Open(l, r, {kInt, kFloat, kDuration}) ? unknown : nullptr;
      case Op::kDivide:
      case Op::kPower:
        return when(numbers || Open(l, r, {kInt, kFloat}), kFloat);
      case Op::kModulo:
        if (!both(kInt, kInt) && !Open(l, r, {kInt})) return nullptr;
        if (node.kids[0]->kind == NodeKind::kConstant && node.kids[1]->kind == NodeKind::kConstant &&
            node.kids[1]->value.integer() == 0) {
          return Fail(node, "integer divide by zero");
        }
        return TypeOf(kInt);
      case Op::kCoalesce:
        if (IsNilType(l)) return r;
        if (IsNilType(r) || l == r) return l;
        return l->kind == r->kind && l->elem == r->elem ? l : unknown;
      default:
        return unknown;
    }
  }

  TypePtr In(Node& node, TypePtr l, TypePtr r) {
    TypePtr yes = TypeOf(StaticType::kBool);
    if (IsKind(r, StaticType::kMap)) {
      if (!Known(l) || IsKind(l, StaticType::kString)) {
        return IsNilType(l) ? Fail(node, absl::StrCat("cannot use ", l->name, " as type string in map key")) : yes;
      }
      return Fail(node, absl::StrCat("cannot use ", l->name, " as type string in map key"));
    }
    if (IsKind(r, StaticType::kArray)) {
      if (Comparable(l, r->elem)) return yes;
      return Fail(node, absl::StrCat("cannot use ", l->name, " as type ", r->elem->name, " in array"));
    }
    // A time is a structure to the reference, and may have members.
    if (IsKind(r, StaticType::kTime) && (IsUnknown(l) || IsKind(l, StaticType::kString))) return yes;
    return IsUnknown(r) || (IsUnknown(l) && IsKind(r, StaticType::kString)) ? yes : nullptr;
  }

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

  TypePtr Conditional(Node& node) {
    TypePtr condition = Visit(*node.kids[0]);
    if (error_.empty() && !IsKind(condition, StaticType::kBool) && !IsUnknown(condition)) {
      return Fail(*node.kids[0], absl::StrCat("non-bool expression (type ", condition->name, ") used as condition"));
    }
    TypePtr yes = Visit(*node.kids[1]);
    TypePtr no = Visit(*node.kids[2]);
    if (IsNilType(yes)) return no;
    if (IsNilType(no)) return yes;
    if (yes->kind != no->kind || std::string_view(yes->name) != no->name) return TypeOf(StaticType::kUnknown);
    return yes;
  }

  // Also the callee of a method call, whose messages differ.
  TypePtr Member(Node& node, bool called) {
    TypePtr base = Visit(*node.kids[0]);
    const bool by_name = called || (node.kids[1]->kind == NodeKind::kConstant && node.kids[1]->value.is_string());
    TypePtr key = called ? TypeOf(StaticType::kString) : Visit(*node.kids[1]);
    if (!error_.empty()) return base;
    std::string name = called ? node.name : by_name ? std::string(node.kids[1]->value.string()) : "";
    if (IsNilType(base) && by_name) return Fail(node, absl::StrCat("type nil has no field ", name));
    if (by_name) {
      if (const Type* method = MethodOf(base, name)) return method;
    }
    // A named member is complained about at its name, an index at what is in the brackets.
    const int at = called || !node.name.empty() ? node.offset : node.kids[1]->offset;
    switch (base->kind) {
      case StaticType::kUnknown:
        return base;
      case StaticType::kAnyMap:
        return TypeOf(StaticType::kUnknown);
      case StaticType::kMap:
        if (IsKind(key, StaticType::kString) || IsUnknown(key)) return TypeOf(StaticType::kUnknown);
        return Fail(at, absl::StrCat("cannot use ", key->name, " to get an element from ", base->name));
      case StaticType::kArray:
        if (IsKind(key, StaticType::kInt) || IsUnknown(key)) return base->elem;
        return Fail(at, absl::StrCat("array elements can only be selected using an integer (got ", key->name, ")"));
      default:
        if (by_name) {
          return Fail(node, absl::StrCat("type ", base->name, called ? " has no method " : " has no field ", name));
        }
        return Fail(node, absl::StrCat("type ", base->name, "[", key->name, "] is undefined"));
    }
  }

  TypePtr Method(Node& node) {
    TypePtr callee = Member(node, true);
    for (size_t i = 1; i < node.kids.size(); ++i) Visit(*node.kids[i]);
    if (!error_.empty() || callee->kind != StaticType::kFunction) return TypeOf(StaticType::kUnknown);
    return callee->elem;
  }

  TypePtr Slice(Node& node) {
    TypePtr base = Visit(*node.kids[0]);
    if (!error_.empty()) return base;
    if (!IsUnknown(base) && !IsKind(base, StaticType::kString) && !IsKind(base, StaticType::kArray)) {
      return Fail(node, absl::StrCat("cannot slice ", base->name));
    }
    for (size_t i : {1u, 2u}) {
      if (!node.kids[i]) continue;
      TypePtr bound = Visit(*node.kids[i]);
      if (!IsUnknown(base) && !IsKind(bound, StaticType::kInt) && !IsUnknown(bound)) {
        return Fail(*node.kids[i], absl::StrCat("non-integer slice index ", bound->name));
      }
    }
    return base;
  }

  TypePtr Call(Node& node) {
    std::vector<TypePtr> arguments;
    for (NodePtr& kid : node.kids) arguments.push_back(Visit(*kid));
    if (!error_.empty()) return TypeOf(StaticType::kUnknown);
    CallCheck check = CheckCall(BuiltinTable()[node.slot].name, arguments);
    if (check.error.empty()) return check.type;
    return Fail(check.argument < 0 ? node.offset : node.kids[static_cast<size_t>(check.argument)]->offset, check.error);
  }

  TypePtr Predicate(Node& node) {
    TypePtr list = Visit(*node.kids[0]);
    if (!error_.empty()) return list;
    if (!IsKind(list, StaticType::kArray) && !IsUnknown(list)) {
      return Fail(*node.kids[0], absl::StrCat("builtin ", node.name, " takes only array (got ", list->name, ")"));
    }
    const auto id = static_cast<PredicateId>(node.slot);
    TypePtr element = IsUnknown(list) ? list : list->elem;
    TypePtr result = element;
    if (node.kids[1]) {
      elements_.push_back({element, id});
      result = Visit(*node.kids[1]);
      elements_.pop_back();
      if (!error_.empty()) return list;
      if (IsNilType(result)) {
        return Fail(node.predicate_offset, absl::StrCat("predicate should has ", id == kReduce ? "two" : "one",
                                                        " input and one output param"));
      }
      const bool wants_bool = id == kAll || id == kAny || id == kNone || id == kOne || id == kFilter || id == kCount ||
                              id == kFind || id == kFindIndex || id == kFindLast || id == kFindLastIndex;
      if (wants_bool && !IsKind(result, StaticType::kBool) && !IsUnknown(result)) {
        return Fail(node.predicate_offset, absl::StrCat("predicate should return boolean (got ", result->name, ")"));
      }
    }
    if (node.kids[2]) Visit(*node.kids[2]);
    switch (id) {
      case kAll:
      case kAny:
      case kNone:
      case kOne:
        return TypeOf(StaticType::kBool);
      case kFilter:
      case kSortBy:
        return ArrayOf(element);
      case kMapPredicate:
        return ArrayOf(result);
      case kCount:
      case kFindIndex:
      case kFindLastIndex:
        return TypeOf(StaticType::kInt);
      case kFind:
      case kFindLast:
        return element;
      case kSum:
        return result;
      case kGroupBy:
        return TypeOf(StaticType::kAnyMap);
      case kReduce:
        return TypeOf(StaticType::kUnknown);
    }
    return TypeOf(StaticType::kUnknown);
  }

  struct Scope {
    TypePtr element;
    PredicateId predicate;
  };

  Tree& tree_;
  std::deque<Type> types_;
  std::vector<TypePtr> locals_;
  std::vector<Scope> elements_;
  std::string error_;
  int offset_ = 0;
};

}  // namespace

absl::Status Check(Tree& tree, bool want_bool) { return Checker(tree).Run(want_bool); }

}  // namespace otelpipe::expr
