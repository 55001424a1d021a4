// Values while an expression runs: pdata Values with tags for the kinds that OTLP does not have.
#pragma once

#include <limits>
#include <string>
#include <string_view>

#include "operator/expr/ast.h"
#include "otelpipe/operator/entry.h"
#include "otelpipe/pdata/value.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe::expr {

// Tags that never leave an expression; at the end they become text (kTagRendered), as the reference's conversion does.
enum InnerTag : uint8_t {
  kTagIntList = 32,  // kList made by a..b
  kTagAnyMap = 33,   // kList of two-element lists: a map whose keys may be of any kind
};

inline bool IsNil(const Value& v) { return v.is_empty(); }
inline bool IsText(const Value& v) { return v.kind() == ValueKind::kString; }
inline bool IsDuration(const Value& v) { return v.kind() == ValueKind::kInt && v.tag() == kTagDuration; }
inline bool IsInt(const Value& v) { return v.kind() == ValueKind::kInt && v.tag() != kTagDuration; }
inline bool IsNumber(const Value& v) { return IsInt(v) || v.kind() == ValueKind::kDouble; }
inline bool IsList(const Value& v) { return v.kind() == ValueKind::kList && v.tag() != kTagAnyMap; }
inline bool IsAnyMap(const Value& v) { return v.kind() == ValueKind::kList && v.tag() == kTagAnyMap; }
// Go's int(d) on the reference's platform: what no int64 can hold becomes the smallest one.
inline int64_t GoInt(double d) {
  const bool fits = d >= -9223372036854775808.0 && d < 9223372036854775808.0;
  return fits ? static_cast<int64_t>(d) : std::numeric_limits<int64_t>::min();
}
inline double AsDouble(const Value& v) {
  return v.kind() == ValueKind::kDouble ? v.number() : static_cast<double>(v.integer());
}

Value MakeTime(timeparse::Timestamp t, Arena& arena);
timeparse::Timestamp TimeOf(const Value& v);
Value MakeDuration(int64_t nanos);
Value MakeTagged(Value v, uint8_t tag);

// "string", "int", "int64", "map[string]interface {}" ... as the reference's messages name Go types.
std::string_view ExprTypeName(const Value& v);
// type(x): "nil", "int", "array", "time.Time" ...
std::string_view TypeWord(const Value& v);

// Go's word for the kind of a value, as its reflection prints it: "slice", "map", "struct", "invalid".
std::string_view GoKind(const Value& v);

// Lists, texts and bytes have numbered elements; those of texts are their bytes.
inline bool IsSequence(const Value& v) {
  return IsList(v) || IsText(v) || (v.kind() == ValueKind::kBytes && v.tag() != kTagTime);
}
inline int64_t SequenceSize(const Value& v) {
  return IsList(v) ? v.list().size() : static_cast<int64_t>(v.string().size());
}
// A negative index counts from the end. False when there is no such element.
bool ElementAt(const Value& sequence, int64_t index, Value& out);

// Go's default rendering (%v): `[a 1 2]`, `map[k:v]`, `<nil>`, `1e+21`.
std::string GoText(const Value& v);
std::string GoFloat(double d);

// The language's == : numbers by value across kinds, lists element by element, maps with kinds.
bool ExprEqual(const Value& a, const Value& b);

// x ** y as Go computes it, to the last bit for whole exponents.
double GoPower(double x, double y);

// Compact or indented JSON with sorted keys and HTML escapes, as toJSON gives it.
std::string ToJson(const Value& v, bool indent);

}  // namespace otelpipe::expr
