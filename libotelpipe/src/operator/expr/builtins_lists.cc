// Functions on lists and maps.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "operator/expr/builtins.h"
#include "operator/expr/values.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::expr {
namespace {

using Args = std::vector<Value>;

bool WrongType(Evaluation& e, const Node& node, const Value& v) {
  return e.Fail(node, absl::StrCat("invalid argument for ", A(node.name), " (type ", A(ExprTypeName(v)), ")"));
}
bool WantListFor(Evaluation& e, const Node& node, const Value& v, const char* what) {
  return IsList(v) || e.Fail(node, absl::StrCat("cannot ", what, " ", A(GoKind(v))));
}

bool First(Evaluation&, const Node&, const Args& args, Value& out) {
  if (!IsSequence(args[0]) || !ElementAt(args[0], 0, out)) out = Value();
  return true;
}
bool Last(Evaluation&, const Node&, const Args& args, Value& out) {
  if (!IsSequence(args[0]) || !ElementAt(args[0], -1, out)) out = Value();
  return true;
}
bool Take(Evaluation& e, const Node& node, const Args& args, Value& out) {
  if (!WantListFor(e, node, args[0], "take from")) return false;
  if (args[1].kind() != ValueKind::kInt)
    return e.Fail(node, absl::StrCat("cannot take ", A(GoKind(args[1])), " elements"));
  const int64_t n = args[1].integer();
  if (n < 0) return e.Fail(node, absl::StrCat("cannot take ", n, " elements"));
  const List& list = args[0].list();
  out = e.NewList(Args(list.begin(), list.begin() + std::min<int64_t>(n, list.size())), args[0].tag());
  return true;
}

bool Get(Evaluation& e, const Node& node, const Args& args, Value& out) {
  out = Value();
  const Value& object = args[0];
  const Value& key = args[1];
  if (object.is_map() && IsText(key)) {
    if (const Value* found = object.map().Find(key.string())) out = *found;
  } else if (IsAnyMap(object)) {
    for (const Value& pair : object.list()) {
      if (ExprEqual(pair.list()[0], key)) out = pair.list()[1];
    }
  } else if (IsSequence(object)) {
    int64_t index = 0;
    if (!WantInt(e, node, key, index)) return false;
    if (!ElementAt(object, index, out)) out = Value();
  }
  return true;
}

bool Keys(Evaluation& e, const Node& node, const Args& args, Value& out) {
  Args keys;
  if (args[0].is_map()) {
    for (const KeyValue& kv : args[0].map()) keys.push_back(Value::Str(kv.key));
  } else if (IsAnyMap(args[0])) {
    for (const Value& pair : args[0].list()) keys.push_back(pair.list()[0]);
  } else {
    return e.Fail(node, absl::StrCat("cannot get keys from ", A(GoKind(args[0]))));
  }
  out = e.NewList(keys);
  return true;
}
bool Values(Evaluation& e, const Node& node, const Args& args, Value& out) {
  Args values;
  if (args[0].is_map()) {
    for (const KeyValue& kv : args[0].map()) values.push_back(kv.value);
  } else if (IsAnyMap(args[0])) {
    for (const Value& pair : args[0].list()) values.push_back(pair.list()[1]);
  } else {
    return e.Fail(node, absl::StrCat("cannot get values from ", A(GoKind(args[0]))));
  }
  out = e.NewList(values);
  return true;
}
bool ToPairs(Evaluation& e, const Node& node, const Args& args, Value& out) {
  if (IsAnyMap(args[0])) {
    out = MakeTagged(args[0], 0);
    return true;
  }
  if (!args[0].is_map()) return e.Fail(node, absl::StrCat("cannot transform ", A(GoKind(args[0])), " to pairs"));
  Args pairs;
  for (const KeyValue& kv : args[0].map()) pairs.push_back(e.NewList({Value::Str(kv.key), kv.value}));
  out = e.NewList(pairs);
  return true;
}
bool FromPairs(Evaluation& e, const Node& node, const Args& args, Value& out) {
  if (!IsList(args[0])) {
    // The reference prints the value as if it were text.
    std::string shown = IsText(args[0])  ? std::string(args[0].string())
                        : IsNil(args[0]) ? "%!s(<nil>)"
                                         : absl::StrCat("%!s(", A(ExprTypeName(args[0])), "=", GoText(args[0]), ")");
    return e.Fail(node, absl::StrCat("cannot transform ", shown, " from pairs"));
  }
  Args pairs;
  for (const Value& pair : args[0].list()) {
    if (!IsList(pair)) return e.Fail(node, absl::StrCat("invalid pair ", GoText(pair)));
    if (pair.list().size() != 2) return e.Fail(node, absl::StrCat("invalid pair length ", GoText(pair)));
    auto known = std::find_if(pairs.begin(), pairs.end(),
                              [&](const Value& p) { return ExprEqual(p.list()[0], pair.list()[0]); });
    if (known == pairs.end()) {
      pairs.push_back(pair);
    } else {
      *known = pair;
    }
  }
  out = e.NewList(pairs, kTagAnyMap);
  return true;
}

bool Reverse(Evaluation& e, const Node& node, const Args& args, Value& out) {
  if (!WantListFor(e, node, args[0], "reverse")) return false;
  Args items(args[0].list().begin(), args[0].list().end());
  std::reverse(items.begin(), items.end());
  out = e.NewList(items);
  return true;
}
bool Uniq(Evaluation& e, const Node& node, const Args& args, Value& out) {
  if (!WantListFor(e, node, args[0], "uniq")) return false;
  Args items;
  for (const Value& v : args[0].list()) {
    if (std::none_of(items.begin(), items.end(), [&](const Value& x) { return ExprEqual(x, v); })) items.push_back(v);
  }
  out = e.NewList(items);
  return true;
}
bool Concat(Evaluation& e, const Node& node, const Args& args, Value& out) {
  Args items;
  for (const Value& list : args) {
    if (!WantListFor(e, node, list, "concat")) return false;
    items.insert(items.end(), list.list().begin(), list.list().end());
  }
  if (!e.Spend(node, static_cast<int64_t>(items.size()))) return false;
  out = e.NewList(items);
  return true;
}
void FlattenInto(const List& list, Args& out) {
  for (const Value& v : list) {
    if (IsList(v)) {
      FlattenInto(v.list(), out);
    } else {
      out.push_back(v);
    }
  }
}
bool Flatten(Evaluation& e, const Node& node, const Args& args, Value& out) {
  if (!WantListFor(e, node, args[0], "flatten")) return false;
  Args items;
  FlattenInto(args[0].list(), items);
  out = e.NewList(items);
  return true;
}
}  // namespace

bool WantOrder(Evaluation& e, const Node& node, const std::vector<Value>& keys, bool descending) {
  // The reference finds out while sorting: by insertion, so neighbours are compared first.
  for (size_t i = 1; i < keys.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const Value& before = keys[i - 1 - j];
      if (Compare(before, keys[i]).has_value()) continue;
      const Value& left = descending ? before : keys[i];
      const Value& right = descending ? keys[i] : before;
      return e.Fail(node, absl::StrCat("invalid operation: ", A(ExprTypeName(left)), " < ", A(ExprTypeName(right))));
    }
  }
  return true;
}

namespace {

bool Sort(Evaluation& e, const Node& node, const Args& args, Value& out) {
  if (!IsList(args[0])) return out = e.NewList({}), true;
  bool descending = false;
  if (args.size() > 1) {
    std::string_view order;
    if (!WantText(e, node, args[1], order)) return false;
    if (order != "asc" && order != "desc")
      return e.Fail(node, absl::StrCat("invalid order ", A(order), ", expected asc or desc"));
    descending = order == "desc";
  }
  Args items(args[0].list().begin(), args[0].list().end());
  if (!WantOrder(e, node, items, descending)) return false;
  std::stable_sort(items.begin(), items.end(), [&](const Value& a, const Value& b) {
    const int order = Compare(a, b).value_or(0);
    return descending ? order > 0 : order < 0;
  });
  out = e.NewList(items);
  return true;
}

}  // namespace

std::vector<Builtin> ListBuiltins() {
  const StaticType list = StaticType::kArray, open = StaticType::kUnknown;
  return {{"first", 1, 1, open, First},     {"last", 1, 1, open, Last},
          {"take", 2, 2, list, Take},       {"get", 2, 2, open, Get},
          {"keys", 1, 1, list, Keys},       {"values", 1, 1, list, Values},
          {"toPairs", 1, 1, list, ToPairs}, {"fromPairs", 1, 1, StaticType::kMap, FromPairs},
          {"reverse", 1, 1, list, Reverse}, {"uniq", 1, 1, list, Uniq},
          {"concat", 1, -1, list, Concat},  {"flatten", 1, 1, list, Flatten},
          {"sort", 1, 2, list, Sort}};
}

}  // namespace otelpipe::expr
