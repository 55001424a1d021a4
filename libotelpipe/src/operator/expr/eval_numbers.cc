// Arithmetic and predicates of the evaluator.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "operator/expr/builtins.h"
#include "operator/expr/eval.h"
#include "operator/expr/values.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::expr {
namespace {

const char* Sign(Op op) {
  switch (op) {
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
    case Op::kRange:
      return "..";
    default:
      return "?";
  }
}

timeparse::Timestamp Shift(timeparse::Timestamp t, int64_t nanos) {
  int64_t total = t.nanos + nanos % 1000000000;
  t.seconds += nanos / 1000000000;
  if (total < 0) total += 1000000000, --t.seconds;
  if (total >= 1000000000) total -= 1000000000, ++t.seconds;
  t.nanos = static_cast<int32_t>(total);
  return t;
}

}  // namespace

Evaluation::Outcome Evaluation::EvalArithmetic(const Node& node, const Value& left, const Value& right, Value& out) {
  const Op op = node.op;
  auto mismatch = [&] {
    Fail(node, absl::StrCat("invalid operation: ", A(ExprTypeName(left)), " ", Sign(op), " ", A(ExprTypeName(right))));
    return kError;
  };
  if (op == Op::kAdd && IsText(left) && IsText(right)) {
    if (!Spend(node, 1)) return kError;
    char* text = static_cast<char*>(arena_.Allocate(left.string().size() + right.string().size() + 1, 1));
    left.string().copy(text, left.string().size());
    right.string().copy(text + left.string().size(), right.string().size());
    out = Value::Str({text, left.string().size() + right.string().size()});
    return kOk;
  }
  if (IsTime(left) || IsTime(right)) {
    if (op == Op::kSubtract && IsTime(left) && IsTime(right)) {
      const timeparse::Timestamp a = TimeOf(left), b = TimeOf(right);
      out = MakeDuration((a.seconds - b.seconds) * 1000000000 + (a.nanos - b.nanos));
      return kOk;
    }
    if (op == Op::kAdd && IsTime(left) && IsDuration(right)) {
      out = MakeTime(Shift(TimeOf(left), right.integer()), arena_);
    } else if (op == Op::kAdd && IsDuration(left) && IsTime(right)) {
      out = MakeTime(Shift(TimeOf(right), left.integer()), arena_);
    } else if (op == Op::kSubtract && IsTime(left) && IsDuration(right)) {
      out = MakeTime(Shift(TimeOf(left), -right.integer()), arena_);
    } else {
      return mismatch();
    }
    return kOk;
  }
  if (IsDuration(left) || IsDuration(right)) {
    const bool both = IsDuration(left) && IsDuration(right);
    if (both && op == Op::kAdd) {
      out = MakeDuration(left.integer() + right.integer());
    } else if (both && op == Op::kSubtract) {
      out = MakeDuration(left.integer() - right.integer());
    } else if (op == Op::kMultiply && (IsNumber(left) || IsNumber(right))) {
      // With a double the product is a plain double.
      const bool ints = left.kind() == ValueKind::kInt && right.kind() == ValueKind::kInt;
      out = ints ? MakeDuration(left.integer() * right.integer()) : Value::Double(AsDouble(left) * AsDouble(right));
    } else if (both && op == Op::kDivide) {
      out = Value::Double(static_cast<double>(left.integer()) / static_cast<double>(right.integer()));
    } else {
      return mismatch();
    }
    return kOk;
  }
  if (!IsNumber(left) || !IsNumber(right)) {
    if (op != Op::kPower) return mismatch();
    Fail(node, absl::StrCat("invalid operation: float(", A(ExprTypeName(IsNumber(left) ? right : left)), ")"));
    return kError;
  }
  const bool ints = IsInt(left) && IsInt(right);
  const uint64_t a = static_cast<uint64_t>(left.integer()), b = static_cast<uint64_t>(right.integer());
  switch (op) {
    case Op::kAdd:
      out = ints ? Value::Int(static_cast<int64_t>(a + b)) : Value::Double(AsDouble(left) + AsDouble(right));
      break;
    case Op::kSubtract:
      out = ints ? Value::Int(static_cast<int64_t>(a - b)) : Value::Double(AsDouble(left) - AsDouble(right));
      break;
    case Op::kMultiply:
      out = ints ? Value::Int(static_cast<int64_t>(a * b)) : Value::Double(AsDouble(left) * AsDouble(right));
      break;
    case Op::kDivide:
      out = Value::Double(AsDouble(left) / AsDouble(right));
      break;
    case Op::kPower:
      out = Value::Double(GoPower(AsDouble(left), AsDouble(right)));
      break;
    case Op::kModulo:
      if (!ints) return mismatch();
      if (right.integer() == 0) {
        Fail(node, "runtime error: integer divide by zero");
        return kError;
      }
      out = Value::Int(right.integer() == -1 ? 0 : left.integer() % right.integer());
      break;
    case Op::kRange: {
      if (!ints) return mismatch();
      const int64_t count = right.integer() >= left.integer() ? right.integer() - left.integer() + 1 : 0;
      if (!Spend(node, count)) return kError;
      List* list = arena_.New<List>();
      list->Reserve(arena_, static_cast<uint32_t>(count));
      for (int64_t i = 0; i < count; ++i) list->Add(arena_) = Value::Int(left.integer() + i);
      out = MakeTagged(Value::OfList(list), kTagIntList);
      break;
    }
    default:
      return mismatch();
  }
  return kOk;
}

Evaluation::Outcome Evaluation::EvalPredicate(const Node& node, Value& out) {
  Value list;
  if (Outcome r = Eval(*node.kids[0], list); r != kOk) return r;
  std::vector<Value> items;
  if (!Elements(node, list, items)) return kError;
  const Node* predicate = node.kids[1].get();
  const PredicateId id = static_cast<PredicateId>(node.slot);
  const size_t n = items.size();

  scopes_.emplace_back();
  const size_t scope = scopes_.size() - 1;
  struct Pop {
    std::vector<Scope>& scopes;
    ~Pop() { scopes.pop_back(); }
  } pop{scopes_};

  auto at = [&](size_t i, Value& v) {
    scopes_[scope].element = items[i];
    scopes_[scope].index = static_cast<int64_t>(i);
    if (predicate == nullptr) {
      v = items[i];
      return kOk;
    }
    return Eval(*predicate, v);
  };
  auto test = [&](size_t i, bool& b) {
    Value v;
    if (Outcome r = at(i, v); r != kOk) return r;
    return WantBool(node, v, b) ? kOk : kError;
  };

  switch (id) {
    case kAll:
    case kAny:
    case kNone:
    case kOne:
    case kCount: {
      int64_t hits = 0;
      for (size_t i = 0; i < n; ++i) {
        bool b = false;
        if (Outcome r = test(i, b); r != kOk) return r;
        hits += b;
        if ((id == kAny || id == kNone) && b) break;
        if (id == kAll && !b) break;
      }
      if (id == kCount) {
        out = Value::Int(hits);
      } else {
        out = Value::Bool(id == kAll    ? hits == static_cast<int64_t>(n)
                          : id == kAny  ? hits > 0
                          : id == kNone ? hits == 0
                                        : hits == 1);
      }
      return kOk;
    }
    case kFilter:
    case kMapPredicate: {
      std::vector<Value> result;
      for (size_t i = 0; i < n; ++i) {
        if (id == kMapPredicate) {
          Value v;
          if (Outcome r = at(i, v); r != kOk) return r;
          result.push_back(v);
        } else {
          bool b = false;
          if (Outcome r = test(i, b); r != kOk) return r;
          if (b) result.push_back(items[i]);
        }
      }
      if (!Spend(node, static_cast<int64_t>(result.size()))) return kError;
      out = NewList(result);
      return kOk;
    }
    case kFind:
    case kFindIndex:
    case kFindLast:
    case kFindLastIndex: {
      const bool backward = id == kFindLast || id == kFindLastIndex;
      out = Value();
      for (size_t k = 0; k < n; ++k) {
        const size_t i = backward ? n - 1 - k : k;
        bool b = false;
        if (Outcome r = test(i, b); r != kOk) return r;
        if (!b) continue;
        out = id == kFind || id == kFindLast ? items[i] : Value::Int(static_cast<int64_t>(i));
        break;
      }
      return kOk;
    }
    case kSum: {
      Value total = Value::Int(0);
      Node add;
      add.kind = NodeKind::kBinary;
      add.op = Op::kAdd;
      add.offset = node.offset;
      for (size_t i = 0; i < n; ++i) {
        Value v, next;
        if (Outcome r = at(i, v); r != kOk) return r;
        if (Outcome r = EvalArithmetic(add, v, total, next); r != kOk) return r;
        total = next;
      }
      out = total;
      return kOk;
    }
    case kGroupBy: {
      std::vector<std::pair<Value, std::vector<Value>>> groups;
      for (size_t i = 0; i < n; ++i) {
        Value key;
        if (Outcome r = at(i, key); r != kOk) return r;
        if (key.is_map() || key.is_list()) {
          Fail(node, absl::StrCat("hash of unhashable type: ", A(ExprTypeName(key))));
          return kError;
        }
        auto it = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return ExprEqual(g.first, key); });
        if (it == groups.end()) it = groups.insert(groups.end(), {key, {}});
        it->second.push_back(items[i]);
      }
      std::vector<Value> pairs;
      for (const auto& [key, members] : groups) pairs.push_back(NewList({key, NewList(members)}));
      out = NewList(pairs, kTagAnyMap);
      return kOk;
    }
    case kSortBy: {
      bool descending = false;
      if (node.kids[2]) {
        Value order;
        if (Outcome r = Eval(*node.kids[2], order); r != kOk) return r;
        std::string_view text;
        if (!WantText(*this, node, order, text)) return kError;
        if (text != "asc" && text != "desc") {
          Fail(node, absl::StrCat("invalid order ", A(text), ", expected asc or desc"));
          return kError;
        }
        descending = order.string() == "desc";
      }
      std::vector<std::pair<Value, Value>> keyed(n);
      for (size_t i = 0; i < n; ++i) {
        keyed[i].second = items[i];
        if (Outcome r = at(i, keyed[i].first); r != kOk) return r;
      }
      std::vector<Value> keys;
      for (const auto& k : keyed) keys.push_back(k.first);
      if (!WantOrder(*this, node, keys, descending)) return kError;
      std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& x, const auto& y) {
        const int order = Compare(x.first, y.first).value_or(0);
        return descending ? order > 0 : order < 0;
      });
      std::vector<Value> sorted;
      for (const auto& k : keyed) sorted.push_back(k.second);
      out = NewList(sorted);
      return kOk;
    }
    case kReduce: {
      size_t i = 0;
      Value acc;
      if (node.kids[2]) {
        if (Outcome r = Eval(*node.kids[2], acc); r != kOk) return r;
      } else {
        if (n == 0) {
          Fail(node, "reflect: slice index out of range");
          return kError;
        }
        acc = items[i++];
      }
      for (; i < n; ++i) {
        scopes_[scope].acc = acc;
        Value next;
        if (Outcome r = at(i, next); r != kOk) return r;
        acc = next;
      }
      out = acc;
      return kOk;
    }
  }
  return kError;
}

}  // namespace otelpipe::expr
