// Converters of maps and lists.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/ottl/functions.h"

namespace otelpipe::ottl {
namespace {

using K = ArgKind;
using Result = absl::StatusOr<Getter>;

Result ContainsValue(Args a) {
  return Getter([list = std::move(a[0].get), wanted = std::move(a[1].get)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value v, list(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(List * values, NeedList(v));
    OTELPIPE_ASSIGN_OR_RETURN(Value value, wanted(item, arena));
    for (const Value& each : *values) {
      if (Compare(each, value, Op::kEq)) return Value::Bool(true);
    }
    return Value::Bool(false);
  });
}

Result KeysOf(Args a) {
  return Of(std::move(a[0].get), [](const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Map * map, NeedMap(v));
    List* list = arena.New<List>();
    for (const KeyValue& kv : *map) list->Add(arena) = Value::Str(kv.key);
    return Value::OfList(list);
  });
}
Result ValuesOf(Args a) {
  return Of(std::move(a[0].get), [](const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Map * map, NeedMap(v));
    List* list = arena.New<List>();
    for (const KeyValue& kv : *map) list->Add(arena) = kv.value;
    return Value::OfList(list);
  });
}

// Numbers sort as numbers, anything with a text, a boolean or nothing among it as texts; other lists stay as they are.
Result Sort(Args a) {
  const std::string_view order = a[1].present ? a[1].text() : std::string_view("asc");
  if (order != "asc" && order != "desc") {
    return absl::InvalidArgumentError(absl::StrCat("invalid arguments: ", A(order), ". Order should be either \"asc\" or \"desc\""));
  }
  return Of(std::move(a[0].get), [down = order == "desc"](const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    if (!v.is_list()) {
      return absl::InvalidArgumentError(absl::StrCat("sort with unsupported type: '", A(TypeName(v)), "'. Target is not a list"));
    }
    bool texts = false;
    std::vector<Value> values;
    for (const Value& each : v.list()) {
      if (each.is_list() || each.is_map() || each.kind() == ValueKind::kBytes) return v;
      texts = texts || each.is_string() || each.is_empty() || each.kind() == ValueKind::kBool;
      values.push_back(each);
    }
    std::vector<std::pair<std::string, Value>> keyed;
    for (const Value& each : values) keyed.emplace_back(texts ? each.AsString() : std::string(), each);
    std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& x, const auto& y) {
      const auto& first = down ? y : x;
      const auto& second = down ? x : y;
      return texts ? first.first < second.first : Compare(first.second, second.second, Op::kLt);
    });
    List* list = arena.New<List>();
    for (const auto& [key, each] : keyed) list->Add(arena) = each;
    return Value::OfList(list);
  });
}

absl::StatusOr<Value> Extract(const Map& map, const std::vector<std::string_view>& path) {
  auto missing = [&] {
    std::string text;
    for (std::string_view name : path) absl::StrAppend(&text, text.empty() ? "" : " ", A(name));
    return absl::InvalidArgumentError(absl::StrCat("provided object does not contain the path [", text, "]"));
  };
  const Map* at = &map;
  for (size_t i = 0; i < path.size(); ++i) {
    const Value* found = at->Find(path[i]);
    if (found == nullptr) return missing();
    if (i + 1 == path.size()) return *found;
    if (!found->is_map()) return missing();
    at = &found->map();
  }
  return absl::InvalidArgumentError("must provide at least one path item");
}
Result SliceToMap(Args a) {
  if (a[1].texts.empty()) return absl::InvalidArgumentError("key path must contain at least one element");
  return Of(std::move(a[0].get), [key_path = std::move(a[1].texts), whole = !a[2].present, value_path = std::move(a[2].texts)](
                                     const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    if (!v.is_list()) {
      return absl::InvalidArgumentError(absl::StrCat("unsupported type provided to SliceToMap function: ", A(TypeName(v))));
    }
    Map* map = arena.New<Map>();
    for (const Value& each : v.list()) {
      if (!each.is_map()) {
        return absl::InvalidArgumentError(absl::StrCat("could not cast element '", each.AsString(), "' to map[string]any"));
      }
      auto key = Extract(each.map(), key_path);
      if (!key.ok()) return Annotate(key.status(), "could not extract key from element: ");
      if (!key->is_string()) return absl::InvalidArgumentError("extracted key attribute is not of type string");
      Value value = each;
      if (!whole) {
        auto extracted = Extract(each.map(), value_path);
        if (!extracted.ok()) return Annotate(extracted.status(), "could not extract value from element: ");
        value = *extracted;
      }
      map->Set(arena, key->string(), value);
    }
    return Value::OfMap(map);
  });
}

}  // namespace

const std::vector<Function>& CollectionConverters() {
  static const auto* const table = new std::vector<Function>{
      {"ContainsValue", {{"target"}, {"item"}}, ContainsValue},
      {"Keys", {{"target"}}, KeysOf},
      {"Values", {{"target"}}, ValuesOf},
      {"Sort", {{"target"}, {"order", K::kText, true}}, Sort},
      {"SliceToMap", {{"target"}, {"key_path", K::kTexts}, {"value_path", K::kTexts, true}}, SliceToMap},
  };
  return *table;
}

}  // namespace otelpipe::ottl
