// Value and Map: the attribute values of OTLP, stored in a batch's arena.
//
//   Map& attributes = record.attributes;
//   attributes.Set(arena, "http.route", Value::Str("/orders"));          // the text must outlive the batch
//   attributes.Set(arena, "user", Value::Str(arena.Copy(short_lived)));  // or be copied first
//   if (const Value* v = attributes.Find("level")) Use(v->AsString());
//
// A Value is 16 bytes and trivially copyable; copying it copies a view, never the bytes or the nested map behind it. Use Clone for
// a deep copy. Strings are views: whoever stores one makes sure that its bytes live in the batch's arena, in a
// buffer the arena keeps alive, or for ever.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "otelpipe/pdata/arena.h"

namespace otelpipe {

// Whether two texts of `n` bytes are equal. Names of attributes are short: a call of memcmp would cost more than the comparison.
inline bool SameBytes(const char* a, const char* b, size_t n) {
  const auto load = [](const char* p) {
    uint64_t word;
    std::memcpy(&word, p, sizeof(word));
    return word;
  };
  if (n < 8) {
    for (size_t i = 0; i < n; ++i) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }
  if (load(a) != load(b) || load(a + n - 8) != load(b + n - 8)) return false;
  return n <= 16 || std::memcmp(a + 8, b + 8, n - 16) == 0;
}

class Map;
class Value;
using List = Vec<Value>;

enum class ValueKind : uint8_t { kEmpty, kString, kBool, kInt, kDouble, kBytes, kList, kMap };

class Value {
 public:
  Value() = default;
  static Value Str(std::string_view s) { return Value(ValueKind::kString, s); }
  static Value Bytes(std::string_view s) { return Value(ValueKind::kBytes, s); }
  static Value Bool(bool b) {
    Value v(ValueKind::kBool);
    v.u_.i = b ? 1 : 0;
    return v;
  }
  static Value Int(int64_t i) {
    Value v(ValueKind::kInt);
    v.u_.i = i;
    return v;
  }
  static Value Double(double d) {
    Value v(ValueKind::kDouble);
    v.u_.d = d;
    return v;
  }
  // The map or list must live in the same arena as the value, or longer.
  static Value OfMap(Map* map) {
    Value v(ValueKind::kMap);
    v.u_.map = map;
    return v;
  }
  static Value OfList(List* list) {
    Value v(ValueKind::kList);
    v.u_.list = list;
    return v;
  }

  ValueKind kind() const { return kind_; }
  bool is_empty() const { return kind_ == ValueKind::kEmpty; }
  bool is_string() const { return kind_ == ValueKind::kString; }
  bool is_map() const { return kind_ == ValueKind::kMap; }
  bool is_list() const { return kind_ == ValueKind::kList; }

  // Each accessor is valid for its kind only (string() for strings and bytes).
  std::string_view string() const { return {u_.s, size_}; }
  bool boolean() const { return u_.i != 0; }
  int64_t integer() const { return u_.i; }
  double number() const { return u_.d; }
  Map& map() const { return *u_.map; }
  List& list() const { return *u_.list; }

  // A byte that OTLP does not carry, for the component that made the value: log operators tell apart kinds here that
  // OTLP merges (see operator/entry.h). Zero by default and ignored by equality and by encoders.
  uint8_t tag() const { return tag_; }
  void set_tag(uint8_t tag) { tag_ = tag; }

  // The text form used for labels and text outputs (the reference's AsString): strings as they are, true/false, shortest
  // decimals (as in JSON), base64 for bytes, compact JSON with sorted keys for maps and lists, "" for empty.
  std::string AsString() const;
  void AppendString(std::string& out) const;

 private:
  explicit Value(ValueKind kind) : kind_(kind) {}
  Value(ValueKind kind, std::string_view s) : kind_(kind), size_(static_cast<uint32_t>(s.size())) { u_.s = s.data(); }

  ValueKind kind_ = ValueKind::kEmpty;
  uint8_t tag_ = 0;
  uint32_t size_ = 0;
  union {
    const char* s;
    int64_t i;
    double d;
    Map* map;
    List* list;
  } u_ = {nullptr};
};
static_assert(sizeof(Value) == 16);

struct KeyValue {
  std::string_view key;
  Value value;
};

// An insertion-ordered map from text to Value, searched linearly: attribute sets are small. Moving steals; to copy, use
// Clone. Keys are views with the same lifetime rule as values.
class Map {
 public:
  uint32_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  KeyValue* begin() { return items_.begin(); }
  KeyValue* end() { return items_.end(); }
  const KeyValue* begin() const { return items_.begin(); }
  const KeyValue* end() const { return items_.end(); }

  // The value of the first entry with this key, or null. Valid until the map changes.
  const Value* Find(std::string_view key) const { return const_cast<Map*>(this)->Find(key); }
  Value* Find(std::string_view key) {
    for (KeyValue& kv : items_) {
      // Keys that come from the same configuration share storage, so the pointer often decides.
      if (kv.key.size() == key.size() &&
          (kv.key.data() == key.data() || SameBytes(kv.key.data(), key.data(), key.size()))) {
        return &kv.value;
      }
    }
    return nullptr;
  }
  // Sets or replaces; a new key goes to the end.
  void Set(Arena& arena, std::string_view key, Value value) {
    if (Value* found = Find(key)) {
      *found = value;
    } else {
      Append(arena, key, value);
    }
  }
  // Adds at the end without looking for the key: for decoders, and for callers who know that it is new.
  void Append(Arena& arena, std::string_view key, Value value) {
    KeyValue& kv = items_.Add(arena);
    kv.key = key;
    kv.value = value;
  }
  // Removes the entry; false when there was none. The order of the others is kept.
  bool Remove(std::string_view key) {
    Value* found = Find(key);
    if (found == nullptr) return false;
    items_.Erase(reinterpret_cast<KeyValue*>(reinterpret_cast<char*>(found) - offsetof(KeyValue, value)) - items_.begin());
    return true;
  }
  void Reserve(Arena& arena, uint32_t n) { items_.Reserve(arena, n); }
  void Clear() { items_.Clear(); }
  Vec<KeyValue>& items() { return items_; }

 private:
  Vec<KeyValue> items_;
};

// Deep copies. With `copy_text` the bytes of strings are copied into `arena` too; without it the caller keeps them alive.
Value Clone(const Value& value, Arena& arena, bool copy_text);
void Clone(const Map& from, Map& to, Arena& arena, bool copy_text);

// Deep equality; maps compare as sets of keys, independent of order.
bool Equal(const Value& a, const Value& b);
bool Equal(const Map& a, const Map& b);

}  // namespace otelpipe
