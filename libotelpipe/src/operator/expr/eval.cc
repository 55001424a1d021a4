#include "operator/expr/eval.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "operator/expr/builtins.h"
#include "operator/expr/values.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::expr {

bool Evaluation::Fail(const Node& node, std::string message) {
  if (error_.empty()) {
    error_ = std::move(message);
    error_offset_ = node.offset;
  }
  return false;
}

bool Evaluation::Spend(const Node& node, int64_t n) {
  budget_ -= n;
  return budget_ >= 0 || Fail(node, "memory budget exceeded");
}

Value Evaluation::NewList(const std::vector<Value>& items, uint8_t tag) {
  List* list = arena_.New<List>();
  list->Reserve(arena_, static_cast<uint32_t>(items.size()));
  for (const Value& v : items) list->Add(arena_) = v;
  return MakeTagged(Value::OfList(list), tag);
}

bool Evaluation::Elements(const Node& node, const Value& list, std::vector<Value>& out) {
  if (IsList(list)) {
    out.assign(list.list().begin(), list.list().end());
    return true;
  }
  if (IsText(list)) {
    for (unsigned char c : list.string()) out.push_back(Value::Int(c));
    return true;
  }
  if (list.kind() == ValueKind::kBytes && !IsTime(list)) return Elements(node, Value::Str(list.string()), out);
  if (list.is_map() && list.map().empty()) return true;
  if (IsNil(list)) return Fail(node, "reflect: call of reflect.Value.Len on zero Value");
  return Fail(node, absl::StrCat("reflect: call of reflect.Value.Len on ", A(GoKind(list)), " Value"));
}

Evaluation::Outcome Evaluation::EvalVariable(const Node& node, Value& out) {
  Entry& entry = const_cast<Entry&>(entry_);  // handed out as values, which nobody changes
  switch (node.slot) {
    case kVarBody:
      out = entry.body;
      break;
    case kVarAttributes:
      out = entry.has_attributes ? Value::OfMap(&entry.attributes) : Value();
      break;
    case kVarResource:
      out = entry.has_resource ? Value::OfMap(&entry.resource) : Value();
      break;
    case kVarTimestamp:
      out = MakeTime(entry.timestamp.set ? timeparse::Timestamp{entry.timestamp.seconds, entry.timestamp.nanos}
                                         : timeparse::Timestamp::GoZero(),
                     arena_);
      break;
    case kVarAll: {
      Map* all = arena_.New<Map>();
      Node part;
      part.kind = NodeKind::kVariable;
      part.offset = node.offset;
      constexpr std::pair<const char*, int> kParts[] = {{"$", kVarBody},
                                                        {"body", kVarBody},
                                                        {"attributes", kVarAttributes},
                                                        {"resource", kVarResource},
                                                        {"timestamp", kVarTimestamp}};
      for (const auto& [name, slot] : kParts) {
        part.slot = slot;
        Value v;
        EvalVariable(part, v);
        all->Append(arena_, name, v);
      }
      out = Value::OfMap(all);
      break;
    }
    default:
      out = Value();
  }
  return kOk;
}

Evaluation::Outcome Evaluation::Eval(const Node& node, Value& out) {
  switch (node.kind) {
    case NodeKind::kConstant:
      out = node.value;
      return kOk;
    case NodeKind::kVariable:
      return EvalVariable(node, out);
    case NodeKind::kLocal:
      out = locals_[static_cast<size_t>(node.slot)];
      return kOk;
    case NodeKind::kElement:
      out = scopes_.back().element;
      return kOk;
    case NodeKind::kIndex:
      out = Value::Int(scopes_.back().index);
      return kOk;
    case NodeKind::kAcc:
      out = scopes_.back().acc;
      return kOk;
    case NodeKind::kMember:
      return EvalMember(node, out);
    case NodeKind::kSlice:
      return EvalSlice(node, out);
    case NodeKind::kChain: {
      const Outcome result = Eval(*node.kids[0], out);
      if (result != kShort) return result;
      out = Value();
      return kOk;
    }
    case NodeKind::kUnary:
      return EvalUnary(node, out);
    case NodeKind::kBinary:
      return EvalBinary(node, out);
    case NodeKind::kConditional: {
      bool condition = false;
      if (Outcome r = EvalCondition(node, *node.kids[0], condition); r != kOk) return r;
      return Eval(*node.kids[condition ? 1 : 2], out);
    }
    case NodeKind::kList: {
      if (!Spend(node, static_cast<int64_t>(node.kids.size()))) return kError;
      List* list = arena_.New<List>();
      list->Reserve(arena_, static_cast<uint32_t>(node.kids.size()));
      for (const NodePtr& kid : node.kids) {
        Value v;
        if (Outcome r = Eval(*kid, v); r != kOk) return r;
        list->Add(arena_) = v;
      }
      out = Value::OfList(list);
      return kOk;
    }
    case NodeKind::kMap:
      return EvalMap(node, out);
    case NodeKind::kCall: {
      std::vector<Value> args(node.kids.size());
      for (size_t i = 0; i < args.size(); ++i) {
        if (Outcome r = Eval(*node.kids[i], args[i]); r != kOk) return r;
      }
      return BuiltinTable()[node.slot].call(*this, node, args, out) ? kOk : kError;
    }
    case NodeKind::kPredicate:
      return EvalPredicate(node, out);
    case NodeKind::kMethod: {
      std::vector<Value> args(node.kids.size() - 1);
      Value object;
      if (Outcome r = Eval(*node.kids[0], object); r != kOk) return r;
      if (node.optional && IsNil(object)) return kShort;
      for (size_t i = 0; i < args.size(); ++i) {
        if (Outcome r = Eval(*node.kids[i + 1], args[i]); r != kOk) return r;
      }
      return CallMethod(*this, node, object, args, out) ? kOk : kError;
    }
    case NodeKind::kLet: {
      Value v;
      if (Outcome r = Eval(*node.kids[0], v); r != kOk) return r;
      if (locals_.size() < static_cast<size_t>(tree_.locals)) locals_.resize(static_cast<size_t>(tree_.locals));
      locals_[static_cast<size_t>(node.slot)] = v;
      return Eval(*node.kids[1], out);
    }
    case NodeKind::kSequence:
      for (const NodePtr& kid : node.kids) {
        if (Outcome r = Eval(*kid, out); r != kOk) return r;
      }
      return kOk;
    case NodeKind::kEnvironment: {
      if (node.kids.size() != 1) {
        Fail(node, absl::StrCat("reflect: Call with too ", node.kids.empty() ? "few" : "many", " input arguments"));
        return kError;
      }
      Value name;
      if (Outcome r = Eval(*node.kids[0], name); r != kOk) return r;
      if (!IsText(name) && !IsNil(name)) {
        Fail(node, absl::StrCat("reflect: Call using ", A(ExprTypeName(name)), " as type string"));
        return kError;
      }
      const char* value = IsNil(name) ? nullptr : std::getenv(std::string(name.string()).c_str());
      out = NewText(value == nullptr ? "" : value);
      return kOk;
    }
    case NodeKind::kUnknownCall:
      Fail(node, "reflect: call of reflect.Value.Call on zero Value");
      return kError;
  }
  return kError;
}

Evaluation::Outcome Evaluation::EvalMember(const Node& node, Value& out) {
  Value object;
  if (Outcome r = Eval(*node.kids[0], object); r != kOk) return r;
  if (node.optional && IsNil(object)) return kShort;
  const bool named = !node.name.empty();
  // A method without a call, as in `timestamp.Year`, is not a value here.
  Value key;
  if (Outcome r = Eval(*node.kids[1], key); r != kOk) return r;
  if (object.is_map()) {
    if (!IsText(key)) {
      if (IsNil(key)) {
        key = Value::Str("");
      } else {
        Fail(node, absl::StrCat("reflect.Value.MapIndex: value of type ", A(ExprTypeName(key)),
                                " is not assignable to type string"));
        return kError;
      }
    }
    const Value* found = object.map().Find(key.string());
    out = found == nullptr ? Value() : *found;
    return kOk;
  }
  if (IsAnyMap(object)) {
    out = Value();
    for (const Value& pair : object.list()) {
      if (ExprEqual(pair.list()[0], key)) out = pair.list()[1];
    }
    return kOk;
  }
  if (IsNil(object)) {
    // Maps that were never set are typed: looking into them finds nothing and is no error.
    const Node& left = *node.kids[0];
    if (left.kind == NodeKind::kVariable && (left.slot == kVarAttributes || left.slot == kVarResource)) {
      out = Value();
      return kOk;
    }
    Fail(node, absl::StrCat("cannot fetch ", GoText(key), " from <nil>"));
    return kError;
  }
  if (!IsSequence(object)) {
    if (IsTime(object) && !IsText(key)) {
      Fail(node, absl::StrCat("interface conversion: interface {} is ",
                              IsNil(key) ? absl::string_view("nil") : A(ExprTypeName(key)), ", not string"));
    } else {
      Fail(node, absl::StrCat("cannot fetch ", named ? node.name : GoText(key), " from ", A(ExprTypeName(object))));
    }
    return kError;
  }
  if (!IsNumber(key)) {
    Fail(node, absl::StrCat("invalid operation: int(", A(ExprTypeName(key)), ")"));
    return kError;
  }
  const int64_t wanted = key.kind() == ValueKind::kDouble ? GoInt(key.number()) : key.integer();
  if (!ElementAt(object, wanted, out)) {
    Fail(node, absl::StrCat("index out of range: ", wanted, " (array length is ", SequenceSize(object), ")"));
    return kError;
  }
  return kOk;
}

Evaluation::Outcome Evaluation::EvalSlice(const Node& node, Value& out) {
  Value object;
  if (Outcome r = Eval(*node.kids[0], object); r != kOk) return r;
  if (node.optional && IsNil(object)) return kShort;
  const bool bytes = object.kind() == ValueKind::kBytes && !IsTime(object);
  const bool fits = IsList(object) || IsText(object) || bytes;
  if (!fits && !node.kids[2]) {
    Fail(node, absl::StrCat("invalid argument for len (type ", A(ExprTypeName(object)), ")"));
    return kError;
  }
  const int64_t size = IsList(object) ? object.list().size() : fits ? static_cast<int64_t>(object.string().size()) : 0;
  int64_t bounds[2] = {0, size};
  for (int i = 0; i < 2; ++i) {
    if (!node.kids[static_cast<size_t>(i) + 1]) continue;
    Value v;
    if (Outcome r = Eval(*node.kids[static_cast<size_t>(i) + 1], v); r != kOk) return r;
    if (!fits && i == 1) break;
    if (!WantInt(*this, node, v, bounds[i])) return kError;
    if (!fits) break;
    if (bounds[i] < 0) bounds[i] += size;
    bounds[i] = std::clamp<int64_t>(bounds[i], 0, size);
  }
  if (!fits) {
    Fail(node, absl::StrCat("cannot slice ", bounds[0]));
    return kError;
  }
  const size_t from = static_cast<size_t>(std::min(bounds[0], bounds[1]));
  const size_t count = static_cast<size_t>(bounds[1]) - from;
  if (IsText(object)) {
    out = Value::Str(object.string().substr(from, count));
  } else if (bytes) {
    out = Value::Bytes(object.string().substr(from, count));
  } else {
    const Value* first = object.list().begin() + from;
    out = NewList(std::vector<Value>(first, first + count), object.tag());
  }
  return kOk;
}

bool Evaluation::WantBool(const Node& node, const Value& v, bool& out) {
  if (v.kind() != ValueKind::kBool) {
    return Fail(node, absl::StrCat("interface conversion: interface {} is ",
                                   IsNil(v) ? absl::string_view("nil") : A(ExprTypeName(v)), ", not bool"));
  }
  out = v.boolean();
  return true;
}

Evaluation::Outcome Evaluation::EvalCondition(const Node& user, const Node& node, bool& out) {
  Value v;
  if (Outcome r = Eval(node, v); r != kOk) return r;
  return WantBool(user, v, out) ? kOk : kError;
}

Evaluation::Outcome Evaluation::EvalUnary(const Node& node, Value& out) {
  Value v;
  if (Outcome r = Eval(*node.kids[0], v); r != kOk) return r;
  if (node.op == Op::kNot) {
    bool b = false;
    if (!WantBool(node, v, b)) return kError;
    out = Value::Bool(!b);
  } else if (node.op == Op::kPlus) {
    out = v;
  } else if (IsInt(v)) {
    out = MakeTagged(Value::Int(static_cast<int64_t>(0 - static_cast<uint64_t>(v.integer()))), v.tag());
  } else if (v.kind() == ValueKind::kDouble) {
    out = Value::Double(-v.number());
  } else {
    Fail(node, absl::StrCat("invalid operation: - ", A(ExprTypeName(v))));
    return kError;
  }
  return kOk;
}

Evaluation::Outcome Evaluation::EvalLogic(const Node& node, Value& out) {
  // The optimiser of the reference drops literal operands: `true and x` is x, whatever it is.
  const bool stop_at = node.op == Op::kOr;
  for (size_t i = 0; i < 2; ++i) {
    const Node& kid = *node.kids[i];
    const Node& other = *node.kids[1 - i];
    if (kid.kind == NodeKind::kConstant && kid.value.kind() == ValueKind::kBool) {
      if (kid.value.boolean() != stop_at) return Eval(other, out);
      out = Value::Bool(stop_at);
      return kOk;
    }
  }
  bool left = false;
  if (Outcome r = EvalCondition(node, *node.kids[0], left); r != kOk) return r;
  if (left == stop_at) {
    out = Value::Bool(stop_at);
    return kOk;
  }
  return Eval(*node.kids[1], out);  // of any kind, as in the reference
}

Evaluation::Outcome Evaluation::EvalBinary(const Node& node, Value& out) {
  if (node.op == Op::kAnd || node.op == Op::kOr) return EvalLogic(node, out);
  Value left, right;
  if (Outcome r = Eval(*node.kids[0], left); r != kOk) return r;
  if (node.op == Op::kCoalesce) {
    if (!IsNil(left)) {
      out = left;
      return kOk;
    }
    return Eval(*node.kids[1], out);
  }
  if (Outcome r = Eval(*node.kids[1], right); r != kOk) return r;
  switch (node.op) {
    case Op::kEqual:
      out = Value::Bool(ExprEqual(left, right));
      return kOk;
    case Op::kNotEqual:
      out = Value::Bool(!ExprEqual(left, right));
      return kOk;
    case Op::kLess:
    case Op::kGreater:
    case Op::kLessEqual:
    case Op::kGreaterEqual:
      return EvalOrder(node, left, right, out);
    case Op::kIn:
      return EvalIn(node, left, right, out);
    case Op::kMatches:
    case Op::kContains:
    case Op::kStartsWith:
    case Op::kEndsWith:
      return EvalText(node, left, right, out);
    default:
      return EvalArithmetic(node, left, right, out);
  }
}

Evaluation::Outcome Evaluation::EvalText(const Node& node, const Value& left, const Value& right, Value& out) {
  if (IsNil(left) || IsNil(right)) {
    out = Value::Bool(false);
    return kOk;
  }
  std::string_view text, other;
  if (!WantText(*this, node, left, text) || !WantText(*this, node, right, other)) return kError;
  bool result = false;
  switch (node.op) {
    case Op::kMatches: {
      if (node.pattern != nullptr) {
        result = node.pattern->PartialMatch(text);
        break;
      }
      absl::StatusOr<std::shared_ptr<const regex::Pattern>> pattern = regex::Pattern::Compile(other);
      if (!pattern.ok()) {
        Fail(node, std::string(pattern.status().message()));
        return kError;
      }
      result = (*pattern)->PartialMatch(text);
      break;
    }
    case Op::kContains:
      result = text.find(other) != std::string_view::npos;
      break;
    case Op::kStartsWith:
      result = text.starts_with(other);
      break;
    default:
      result = text.ends_with(other);
      break;
  }
  out = Value::Bool(result);
  return kOk;
}

Evaluation::Outcome Evaluation::EvalIn(const Node& node, const Value& left, const Value& right, Value& out) {
  bool found = false;
  if (IsList(right)) {
    // A literal list of texts is a set in the reference: other kinds on the left fail, nil is looked up as "".
    const Node& literal = *node.kids[1];
    bool text_set = literal.kind == NodeKind::kList && !literal.kids.empty();
    for (const NodePtr& kid : literal.kids) {
      text_set = text_set && kid->kind == NodeKind::kConstant && IsText(kid->value);
    }
    Value wanted = left;
    if (text_set && IsNil(left)) wanted = Value::Str("");
    if (text_set && !IsText(wanted)) {
      Fail(node, absl::StrCat("reflect.Value.MapIndex: value of type ", A(ExprTypeName(left)),
                              " is not assignable to type string"));
      return kError;
    }
    for (const Value& v : right.list()) found = found || ExprEqual(v, wanted);
  } else if (right.is_map()) {
    if (!IsText(left) && !IsNil(left)) {
      Fail(node, absl::StrCat("reflect.Value.MapIndex: value of type ", A(ExprTypeName(left)),
                              " is not assignable to type string"));
      return kError;
    }
    found = right.map().Find(IsNil(left) ? "" : left.string()) != nullptr;
  } else if (!IsNil(right) && !IsTime(right)) {
    Fail(node, absl::StrCat("operator \"in\" not defined on ", A(ExprTypeName(right))));
    return kError;
  }
  out = Value::Bool(found);
  return kOk;
}

std::optional<int> Compare(const Value& a, const Value& b) {
  auto three_way = [](auto x, auto y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (IsInt(a) && IsInt(b)) return three_way(a.integer(), b.integer());
  if (IsNumber(a) && IsNumber(b)) return three_way(AsDouble(a), AsDouble(b));
  if (IsText(a) && IsText(b)) return three_way(a.string(), b.string());
  if (IsTime(a) && IsTime(b)) return three_way(TimeOf(a), TimeOf(b));
  if (IsDuration(a) && IsDuration(b)) return three_way(a.integer(), b.integer());
  return std::nullopt;
}

Evaluation::Outcome Evaluation::EvalOrder(const Node& node, const Value& left, const Value& right, Value& out) {
  const std::optional<int> order = Compare(left, right);
  const char* sign = node.op == Op::kLess        ? "<"
                     : node.op == Op::kGreater   ? ">"
                     : node.op == Op::kLessEqual ? "<="
                                                 : ">=";
  if (!order.has_value()) {
    Fail(node, absl::StrCat("invalid operation: ", A(ExprTypeName(left)), " ", sign, " ", A(ExprTypeName(right))));
    return kError;
  }
  // A NaN is not ordered: every comparison with it is false.
  if (IsNumber(left) && (std::isnan(AsDouble(left)) || std::isnan(AsDouble(right)))) {
    out = Value::Bool(false);
    return kOk;
  }
  out = Value::Bool(node.op == Op::kLess        ? *order < 0
                    : node.op == Op::kGreater   ? *order > 0
                    : node.op == Op::kLessEqual ? *order <= 0
                                                : *order >= 0);
  return kOk;
}

Evaluation::Outcome Evaluation::EvalMap(const Node& node, Value& out) {
  if (!Spend(node, static_cast<int64_t>(node.kids.size()) / 2)) return kError;
  Map* map = arena_.New<Map>();
  for (size_t i = 0; i < node.kids.size(); i += 2) {
    Value key, value;
    if (Outcome r = Eval(*node.kids[i], key); r != kOk) return r;
    if (Outcome r = Eval(*node.kids[i + 1], value); r != kOk) return r;
    std::string_view text;
    if (!WantText(*this, node, key, text)) return kError;
    // Of equal keys the first wins, as in the reference.
    if (map->Find(text) == nullptr) map->Append(arena_, text, value);
  }
  out = Value::OfMap(map);
  return kOk;
}

bool WantText(Evaluation& e, const Node& node, const Value& v, std::string_view& out) {
  if (!IsText(v)) {
    return e.Fail(node, absl::StrCat("interface conversion: interface {} is ",
                                     IsNil(v) ? absl::string_view("nil") : A(ExprTypeName(v)), ", not string"));
  }
  out = v.string();
  return true;
}

bool WantInt(Evaluation& e, const Node& node, const Value& v, int64_t& out) {
  if (IsInt(v)) {
    out = v.integer();
  } else if (v.kind() == ValueKind::kDouble) {
    out = GoInt(v.number());
  } else {
    return e.Fail(node, absl::StrCat("invalid operation: int(", A(ExprTypeName(v)), ")"));
  }
  return true;
}

}  // namespace otelpipe::expr
