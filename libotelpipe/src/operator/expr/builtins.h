// The functions of the expression language.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "operator/expr/ast.h"
#include "operator/expr/eval.h"

namespace otelpipe::expr {

struct Builtin {
  std::string_view name;
  int min_arguments;
  int max_arguments;  // -1: any number
  StaticType result;
  bool (*call)(Evaluation& e, const Node& node, const std::vector<Value>& args, Value& out);
};

const Builtin* BuiltinTable();
const Builtin* FindBuiltin(std::string_view name);

enum PredicateId {
  kAll,
  kAny,
  kNone,
  kOne,
  kFilter,
  kMapPredicate,
  kCount,
  kSum,
  kFind,
  kFindLast,
  kFindIndex,
  kFindLastIndex,
  kGroupBy,
  kSortBy,
  kReduce,
};
std::optional<int> FindPredicate(std::string_view name);

// Methods of times and durations: timestamp.Year(), duration("1h").Hours(). Fails for others.
bool CallMethod(Evaluation& e, const Node& node, const Value& object, const std::vector<Value>& args, Value& out);

// The groups the table is put together from.
std::vector<Builtin> TextBuiltins();
std::vector<Builtin> NumberBuiltins();
std::vector<Builtin> ListBuiltins();
std::vector<Builtin> TimeBuiltins();

// a <=> b for numbers, texts, times, durations; nothing for other pairs.
std::optional<int> Compare(const Value& a, const Value& b);

// Whether all of `keys` can be sorted; otherwise the message of the reference's comparison.
bool WantOrder(Evaluation& e, const Node& node, const std::vector<Value>& keys, bool descending);

// The text of an argument, or the reference's conversion error.
bool WantText(Evaluation& e, const Node& node, const Value& v, std::string_view& out);
bool WantInt(Evaluation& e, const Node& node, const Value& v, int64_t& out);

}  // namespace otelpipe::expr
