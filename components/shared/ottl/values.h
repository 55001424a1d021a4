// Values of OTTL: those of OTLP, and some more kinds that a tag tells apart. Comparing, converting, storing and indexing them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/ottl/context.h"

namespace otelpipe::ottl {

// Tags of values that OTLP has no kind for.
enum : uint8_t {
  kTagTime = 16,      // kInt: nanoseconds since the epoch
  kTagDuration = 17,  // kInt: nanoseconds
  kTagTraceId = 18,   // kBytes
  kTagSpanId = 19,    // kBytes
  kTagCount = 20,     // kInt: the length of a list that is only counted: span.events, metric.data_points ...
};
Value TimeValue(int64_t nanos);
Value DurationValue(int64_t nanos);
inline bool IsPlain(const Value& v) { return v.tag() < kTagTime; }

// How the reference names the type of a value in messages: "string", "int64", "pcommon.Map", "nil", "time.Time".
std::string_view TypeName(const Value& value);
// How it names the kind of an attribute: "Str", "Int", "Map".
std::string_view KindName(const Value& value);
// The text as Go's %q prints it.
std::string GoQuoted(std::string_view text);
// The value as Go's %v prints it.
void AppendGoValue(std::string& out, const Value& value);

enum class Op { kEq, kNe, kLt, kLe, kGt, kGe };
// Values of different kinds are not equal, and neither is smaller.
bool Compare(const Value& a, const Value& b, Op op);
// + - * / on numbers, times and durations.
absl::StatusOr<Value> Arithmetic(const Value& a, const Value& b, char op);

// The text form that converters work on; nothing for nil. InvalidArgument for a map or list with a number that JSON has no form for.
absl::StatusOr<std::optional<std::string_view>> TextLike(const Value& value, Arena& arena);
// InvalidArgument `expected string but got int64` and the like.
absl::StatusOr<std::string_view> NeedText(const Value& value);
absl::StatusOr<int64_t> NeedInt(const Value& value);
absl::StatusOr<double> NeedDouble(const Value& value);
absl::StatusOr<Map*> NeedMap(const Value& value);
absl::StatusOr<List*> NeedList(const Value& value);
absl::StatusOr<int64_t> NeedTime(const Value& value);
absl::StatusOr<int64_t> NeedDuration(const Value& value);

// A deep copy that can be stored; empty for what has no form in OTLP (times, ids). Texts are not copied: all live at least as long as the batch.
Value Storable(const Value& value, Arena& arena);
// Makes `to` a copy of the map `value`; other kinds change nothing. The two may be the same or one inside the other.
void StoreMap(const Value& value, Map& to, Arena& arena);

// One key in brackets: a literal, or an expression.
struct Key {
  enum Kind { kText, kIndex, kExpression } kind = kText;
  std::string_view text;  // lives as long as the constants
  int64_t index = 0;
  Getter get;
};
using Keys = std::vector<Key>;

// The value behind keys[from...] of `value`; nil when a key is missing. Errors: an index out of bounds, a value that cannot be indexed.
absl::StatusOr<Value> GetIndexed(Value value, const Keys& keys, size_t from, Item& item, Arena& arena);
absl::StatusOr<Value> GetKeyed(const Map& map, const Keys& keys, Item& item, Arena& arena);
// Stores a copy of `value`, making maps and lists on the way where nothing is yet.
absl::Status SetKeyed(Map& map, const Keys& keys, Item& item, Arena& arena, const Value& value);
absl::Status SetIndexed(List& list, const Keys& keys, Item& item, Arena& arena, const Value& value);
// Indexing what a converter gave: a missing key is an error here.
absl::StatusOr<Value> GetOfResult(Value value, const Keys& keys);

}  // namespace otelpipe::ottl
