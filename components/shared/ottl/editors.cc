// Editors of values and maps.
#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/regex/pattern.h"
#include "shared/ottl/functions.h"

namespace otelpipe::ottl {
namespace {

using K = ArgKind;
using Result = absl::StatusOr<Getter>;

// An editor of a map, in place: paths give the map of the item itself.
template <typename F>
Getter OnMap(Arg& target, F f) {
  return [get = std::move(target.get), f = std::move(f)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    absl::StatusOr<Value> value = get(item, arena);
    if (!value.ok()) return value;
    absl::StatusOr<Map*> map = NeedMap(*value);
    if (!map.ok()) return map.status();
    OTELPIPE_RETURN_IF_ERROR(f(**map, item, arena));
    return Value();
  };
}

Result Set(Args a) {
  if (a[1].literal) {
    const Value value = *a[1].literal;
    if (value.is_empty()) return Getter([](Item&, Arena&) -> absl::StatusOr<Value> { return Value(); });
    return Getter([set = std::move(a[0].set), value](Item& item, Arena& arena) -> absl::StatusOr<Value> {
      OTELPIPE_RETURN_IF_ERROR(set(item, arena, value));
      return Value();
    });
  }
  return Getter([set = std::move(a[0].set), get = std::move(a[1].get)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    absl::StatusOr<Value> value = get(item, arena);
    if (!value.ok() || value->is_empty()) return value;
    OTELPIPE_RETURN_IF_ERROR(set(item, arena, *value));
    return Value();
  });
}

Result Append(Args a) {
  if (!a[1].present && !a[2].present) {
    return absl::InvalidArgumentError("at least one of the optional arguments ('value' or 'values') must be provided");
  }
  std::vector<Getter> values = std::move(a[2].list);
  if (a[1].present) values.insert(values.begin(), std::move(a[1].get));
  return Getter([get = std::move(a[0].get), set = std::move(a[0].set), values = std::move(values)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value old, get(item, arena));
    List* list = arena.New<List>();
    if (old.is_list()) {
      for (const Value& v : old.list()) list->Add(arena) = v;
    } else if (!old.is_empty()) {
      list->Add(arena) = old;
    }
    for (const Getter& value : values) {
      OTELPIPE_ASSIGN_OR_RETURN(Value v, value(item, arena));
      list->Add(arena) = v;
    }
    OTELPIPE_RETURN_IF_ERROR(set(item, arena, Value::OfList(list)));
    return Value();
  });
}

Result DeleteKey(Args a) {
  return OnMap(a[0], [key = a[1].text()](Map& map, Item&, Arena&) {
    map.Remove(key);
    return absl::OkStatus();
  });
}

Result MatchingKeys(Args a, const char* message, bool keep) {
  auto pattern = regex::Pattern::Compile(a[1].text());
  if (!pattern.ok()) return Annotate(pattern.status(), message);
  return OnMap(a[0], [pattern = *std::move(pattern), keep](Map& map, Item&, Arena&) {
    map.items().Filter([&](const KeyValue& kv) { return pattern->PartialMatch(kv.key) == keep; });
    return absl::OkStatus();
  });
}
Result DeleteMatchingKeys(Args a) {
  return MatchingKeys(std::move(a), "the regex pattern supplied to delete_matching_keys is not a valid pattern: ", false);
}
Result KeepMatchingKeys(Args a) {
  return MatchingKeys(std::move(a), "the regex pattern provided to keep_matching_keys is not a valid pattern: ", true);
}

bool Contains(const std::vector<std::string_view>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}
Result KeepKeys(Args a) {
  return OnMap(a[0], [keys = std::move(a[1].texts)](Map& map, Item&, Arena&) {
    map.items().Filter([&](const KeyValue& kv) { return Contains(keys, kv.key); });
    return absl::OkStatus();
  });
}

Result Limit(Args a) {
  const int64_t limit = a[1].literal->integer();
  std::vector<std::string_view> keys = std::move(a[2].texts);
  if (limit < 0) return absl::InvalidArgumentError(absl::StrCat("invalid limit for limit function, ", limit, " cannot be negative"));
  if (limit < static_cast<int64_t>(keys.size())) {
    return absl::InvalidArgumentError(absl::StrCat("invalid limit for limit function, ", limit,
                                                   " cannot be less than number of priority attributes ", keys.size()));
  }
  return OnMap(a[0], [limit, keys = std::move(keys)](Map& map, Item&, Arena&) {
    if (static_cast<int64_t>(map.size()) <= limit) return absl::OkStatus();
    int64_t count = 0;
    for (std::string_view key : keys) count += map.Find(key) != nullptr ? 1 : 0;
    map.items().Filter([&](const KeyValue& kv) { return Contains(keys, kv.key) || count++ < limit; });
    return absl::OkStatus();
  });
}

Result TruncateAll(Args a) {
  const int64_t limit = a[1].literal->integer();
  if (limit < 0) return absl::InvalidArgumentError(absl::StrCat("invalid limit for truncate_all function, ", limit, " cannot be negative"));
  return OnMap(a[0], [limit = static_cast<size_t>(limit)](Map& map, Item&, Arena&) {
    for (KeyValue& kv : map) {
      if (kv.value.is_string() && kv.value.string().size() > limit) kv.value = Value::Str(kv.value.string().substr(0, limit));
    }
    return absl::OkStatus();
  });
}

Result MergeMaps(Args a) {
  const std::string_view strategy = a[2].text();
  const bool insert = strategy == "insert", update = strategy == "update";
  if (!insert && !update && strategy != "upsert") {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid value for strategy, ", A(strategy), ", must be 'insert', 'update' or 'upsert'"));
  }
  return OnMap(a[0], [source = std::move(a[1].get), insert, update](Map& map, Item& item, Arena& arena) -> absl::Status {
    OTELPIPE_ASSIGN_OR_RETURN(Value value, source(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(Map * from, NeedMap(value));
    if (from == &map) return absl::OkStatus();
    const Value copy = Storable(value, arena);
    for (const KeyValue& kv : copy.map()) {
      Value* found = map.Find(kv.key);
      if (found == nullptr ? update : insert) continue;
      if (found != nullptr) {
        *found = kv.value;
      } else {
        map.Append(arena, kv.key, kv.value);
      }
    }
    return absl::OkStatus();
  });
}

// Flattens maps and lists into one map with dotted keys.
class Flattener {
 public:
  Flattener(Arena& arena, int64_t depth, bool resolve) : arena_(arena), depth_(depth), resolve_(resolve) {}
  void FlattenMap(const Map& map, std::string prefix, int64_t depth) {
    if (!prefix.empty()) prefix += '.';
    for (const KeyValue& kv : map) FlattenValue(kv.key, kv.value, depth, prefix);
  }
  Map& result() { return result_; }

 private:
  void FlattenValue(std::string_view key, const Value& value, int64_t depth, const std::string& prefix) {
    const std::string full = prefix + std::string(key);
    if (value.is_map() && depth < depth_) {
      FlattenMap(value.map(), full, depth + 1);
    } else if (value.is_list() && depth < depth_) {
      for (size_t i = 0; i < value.list().size(); ++i) {
        const Value& item = value.list()[i];
        if (item.is_map() && depth + 1 < depth_) {
          FlattenMap(item.map(), absl::StrCat(full, ".", i), depth + 2);
        } else if (item.is_list() && depth + 1 < depth_) {
          // The reference puts no point behind this prefix.
          for (size_t j = 0; j < item.list().size(); ++j) {
            FlattenValue(absl::StrCat(j), item.list()[j], depth + 3, absl::StrCat(full, ".", i));
          }
        } else if (resolve_) {
          // Items of a list are told apart by the conflict of their names.
          Resolve(full, item);
        } else {
          Put(absl::StrCat(full, ".", i), item);
        }
      }
    } else if (resolve_) {
      Resolve(full, value);
    } else {
      Put(full, value);
    }
  }
  void Resolve(const std::string& key, const Value& value) {
    if (result_.Find(key) == nullptr) {
      Counter(key) = 0;
      Put(key, value);
    } else {
      Put(absl::StrCat(key, ".", Counter(key)++), value);
    }
  }
  int64_t& Counter(std::string_view key) {
    for (auto& [name, count] : counters_) {
      if (name == key) return count;
    }
    return counters_.emplace_back(std::string(key), 0).second;
  }
  void Put(std::string_view key, const Value& value) {
    if (Value* found = result_.Find(key)) {
      *found = value;
    } else {
      result_.Append(arena_, arena_.Copy(key), value);
    }
  }

  Arena& arena_;
  const int64_t depth_;
  const bool resolve_;
  Map result_;
  std::vector<std::pair<std::string, int64_t>> counters_;
};

Result Flatten(Args a) {
  const std::string prefix(a[1].present ? a[1].text() : std::string_view());
  const int64_t depth = a[2].present ? a[2].literal->integer() : std::numeric_limits<int64_t>::max();
  const bool resolve = a[3].present && a[3].literal->boolean();
  if (depth < 1) return absl::InvalidArgumentError(absl::StrCat("invalid depth '", depth, "' for flatten function, must be greater than 0"));
  return OnMap(a[0], [prefix, depth, resolve](Map& map, Item&, Arena& arena) {
    Flattener flattener(arena, depth, resolve);
    flattener.FlattenMap(map, prefix, 0);
    map = std::move(flattener.result());
    return absl::OkStatus();
  });
}

}  // namespace

const std::vector<Function>& Editors() {
  static const auto* const table = new std::vector<Function>{
      {"set", {{"target", K::kPath}, {"value"}}, Set},
      {"append", {{"target", K::kPath}, {"value", K::kAny, true}, {"values", K::kList, true}}, Append},
      {"delete_key", {{"target", K::kPath}, {"key", K::kText}}, DeleteKey},
      {"delete_matching_keys", {{"target", K::kPath}, {"pattern", K::kText}}, DeleteMatchingKeys},
      {"keep_keys", {{"target", K::kPath}, {"keys", K::kTexts}}, KeepKeys},
      {"keep_matching_keys", {{"target", K::kPath}, {"pattern", K::kText}}, KeepMatchingKeys},
      {"limit", {{"target", K::kPath}, {"limit", K::kInt}, {"priority_keys", K::kTexts}}, Limit},
      {"truncate_all", {{"target", K::kPath}, {"limit", K::kInt}}, TruncateAll},
      {"merge_maps", {{"target", K::kPath}, {"source"}, {"strategy", K::kText}}, MergeMaps},
      {"flatten",
       {{"target", K::kPath}, {"prefix", K::kText, true}, {"depth", K::kInt, true}, {"resolve_conflicts", K::kBool, true}},
       Flatten},
  };
  return *table;
}

}  // namespace otelpipe::ottl
