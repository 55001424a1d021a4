#include "operator/expr/builtins.h"

#include <algorithm>

namespace otelpipe::expr {
namespace {

const std::vector<Builtin>& Table() {
  static const std::vector<Builtin> table = [] {
    std::vector<Builtin> all;
    for (auto* group : {&TextBuiltins, &NumberBuiltins, &ListBuiltins, &TimeBuiltins}) {
      for (const Builtin& b : (*group)()) all.push_back(b);
    }
    std::sort(all.begin(), all.end(), [](const Builtin& a, const Builtin& b) { return a.name < b.name; });
    return all;
  }();
  return table;
}

}  // namespace

const Builtin* BuiltinTable() { return Table().data(); }

const Builtin* FindBuiltin(std::string_view name) {
  const std::vector<Builtin>& table = Table();
  auto it = std::lower_bound(table.begin(), table.end(), name, [](const Builtin& b, std::string_view n) { return b.name < n; });
  return it != table.end() && it->name == name ? &*it : nullptr;
}

std::optional<int> FindPredicate(std::string_view name) {
  constexpr std::pair<std::string_view, PredicateId> kNames[] = {
      {"all", kAll},           {"any", kAny},           {"none", kNone},           {"one", kOne},
      {"filter", kFilter},     {"map", kMapPredicate},  {"count", kCount},         {"sum", kSum},
      {"find", kFind},         {"findLast", kFindLast}, {"findIndex", kFindIndex}, {"findLastIndex", kFindLastIndex},
      {"groupBy", kGroupBy},   {"sortBy", kSortBy},     {"reduce", kReduce}};
  for (const auto& [n, id] : kNames) {
    if (n == name) return id;
  }
  return std::nullopt;
}

}  // namespace otelpipe::expr
