#include "otelpipe/pdata/value.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "otelpipe/pdata/text.h"

namespace otelpipe {
namespace {

bool AppendJsonValue(std::string& out, const Value& value);

// Equal keys: the last one counts, as when a Go map is filled in order. Sorted by (key, position), the last of a run stays.
bool AppendSortedItems(std::string& out, const KeyValue* const* sorted, size_t n) {
  out += '{';
  bool first = true;
  for (size_t i = 0; i < n; ++i) {
    if (i + 1 < n && sorted[i + 1]->key == sorted[i]->key) continue;
    if (!first) out += ',';
    first = false;
    AppendJsonString(out, sorted[i]->key);
    out += ':';
    if (!AppendJsonValue(out, sorted[i]->value)) return false;
  }
  out += '}';
  return true;
}

bool AppendJsonMap(std::string& out, const Map& map) {
  constexpr size_t kFew = 16;  // sorted in place, by insertion
  if (map.size() <= kFew) {
    const KeyValue* sorted[kFew];
    size_t n = 0;
    for (const KeyValue& kv : map) {
      size_t at = n++;
      for (; at > 0 && kv.key < sorted[at - 1]->key; --at) sorted[at] = sorted[at - 1];
      sorted[at] = &kv;
    }
    return AppendSortedItems(out, sorted, n);
  }
  std::vector<const KeyValue*> sorted;
  sorted.reserve(map.size());
  for (const KeyValue& kv : map) sorted.push_back(&kv);
  std::stable_sort(sorted.begin(), sorted.end(), [](const KeyValue* a, const KeyValue* b) { return a->key < b->key; });
  return AppendSortedItems(out, sorted.data(), sorted.size());
}

bool AppendJsonList(std::string& out, const List& list) {
  out += '[';
  for (uint32_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ',';
    if (!AppendJsonValue(out, list[i])) return false;
  }
  out += ']';
  return true;
}

bool AppendJsonValue(std::string& out, const Value& value) {
  switch (value.kind()) {
    case ValueKind::kEmpty: out += "null"; return true;
    case ValueKind::kString: AppendJsonString(out, value.string()); return true;
    case ValueKind::kBool: out += value.boolean() ? "true" : "false"; return true;
    case ValueKind::kInt: AppendInt(out, value.integer()); return true;
    case ValueKind::kDouble:
      if (!std::isfinite(value.number())) return false;
      AppendJsonDouble(out, value.number());
      return true;
    case ValueKind::kBytes:
      out += '"';
      AppendBase64(out, value.string());
      out += '"';
      return true;
    case ValueKind::kList: return AppendJsonList(out, value.list());
    case ValueKind::kMap: return AppendJsonMap(out, value.map());
  }
  return false;
}

}  // namespace

bool AppendSortedJson(std::string& out, const Value& value) {
  size_t before = out.size();
  if (AppendJsonValue(out, value)) return true;
  out.resize(before);
  return false;
}

bool AppendSortedJson(std::string& out, const Map& map) {
  size_t before = out.size();
  if (AppendJsonMap(out, map)) return true;
  out.resize(before);
  return false;
}

void Value::AppendString(std::string& out) const {
  switch (kind_) {
    case ValueKind::kEmpty: return;
    case ValueKind::kString: out.append(string()); return;
    case ValueKind::kBool: out += boolean() ? "true" : "false"; return;
    case ValueKind::kInt: AppendInt(out, integer()); return;
    case ValueKind::kDouble:
      if (std::isfinite(number())) {
        AppendJsonDouble(out, number());
      } else {
        out += "json: unsupported value: ";
        AppendGoDouble(out, number());
      }
      return;
    case ValueKind::kBytes: AppendBase64(out, string()); return;
    case ValueKind::kList:
    case ValueKind::kMap: AppendSortedJson(out, *this); return;  // not finite inside: the empty text, as the reference
  }
}

std::string Value::AsString() const {
  std::string out;
  AppendString(out);
  return out;
}

Value Clone(const Value& value, Arena& arena, bool copy_text) {
  Value copy = value;
  switch (value.kind()) {
    case ValueKind::kString:
      if (copy_text) copy = Value::Str(arena.Copy(value.string()));
      break;
    case ValueKind::kBytes:
      if (copy_text) copy = Value::Bytes(arena.Copy(value.string()));
      break;
    case ValueKind::kList: {
      List* list = arena.New<List>();
      list->Reserve(arena, value.list().size());
      for (const Value& item : value.list()) list->Add(arena) = Clone(item, arena, copy_text);
      copy = Value::OfList(list);
      break;
    }
    case ValueKind::kMap: {
      Map* map = arena.New<Map>();
      Clone(value.map(), *map, arena, copy_text);
      copy = Value::OfMap(map);
      break;
    }
    default: break;
  }
  copy.set_tag(value.tag());
  return copy;
}

void Clone(const Map& from, Map& to, Arena& arena, bool copy_text) {
  to = Map();
  to.Reserve(arena, from.size());
  for (const KeyValue& kv : from) {
    to.Append(arena, copy_text ? arena.Copy(kv.key) : kv.key, Clone(kv.value, arena, copy_text));
  }
}

bool Equal(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case ValueKind::kEmpty: return true;
    case ValueKind::kString:
    case ValueKind::kBytes: return a.string() == b.string();
    case ValueKind::kBool: return a.boolean() == b.boolean();
    case ValueKind::kInt: return a.integer() == b.integer();
    case ValueKind::kDouble: return a.number() == b.number() || (std::isnan(a.number()) && std::isnan(b.number()));
    case ValueKind::kList: {
      const List& x = a.list();
      const List& y = b.list();
      if (x.size() != y.size()) return false;
      for (uint32_t i = 0; i < x.size(); ++i) {
        if (!Equal(x[i], y[i])) return false;
      }
      return true;
    }
    case ValueKind::kMap: return Equal(a.map(), b.map());
  }
  return false;
}

bool Equal(const Map& a, const Map& b) {
  if (a.size() != b.size()) return false;
  uint32_t position = 0;
  for (const KeyValue& kv : a) {
    // Most equal maps are stored in the same order.
    const KeyValue& same = b.begin()[position++];
    if (same.key == kv.key && Equal(same.value, kv.value)) continue;
    const Value* other = b.Find(kv.key);
    if (other == nullptr || !Equal(*other, kv.value)) return false;
  }
  return true;
}

}  // namespace otelpipe
