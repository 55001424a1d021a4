#include "shared/ottl/values.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/text.h"
#include "otelpipe/timeparse/duration.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe::ottl {
namespace {

absl::Status Expected(std::string_view what, const Value& value) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", A(what), " but got ", A(TypeName(value))));
}

template <typename T>
bool Ordered(const T& a, const T& b, Op op) {
  switch (op) {
    case Op::kEq: return a == b;
    case Op::kNe: return a != b;
    case Op::kLt: return a < b;
    case Op::kLe: return a <= b;
    case Op::kGt: return a > b;
    case Op::kGe: return a >= b;
  }
  return false;
}

bool Finite(const Value& value) {
  if (value.kind() == ValueKind::kDouble) return std::isfinite(value.number());
  if (value.is_list()) {
    for (const Value& v : value.list()) {
      if (!Finite(v)) return false;
    }
  }
  if (value.is_map()) {
    for (const KeyValue& kv : value.map()) {
      if (!Finite(kv.value)) return false;
    }
  }
  return true;
}

absl::Status OutOfBounds(int64_t index) { return absl::OutOfRangeError(absl::StrCat("index ", index, " out of bounds")); }

// The key as text, for a map.
absl::StatusOr<std::string_view> TextKey(const Key& key, Item& item, Arena& arena) {
  if (key.kind == Key::kText) return key.text;
  if (key.kind == Key::kIndex) return absl::InvalidArgumentError("unable to resolve a string index in map: invalid key type");
  OTELPIPE_ASSIGN_OR_RETURN(Value v, key.get(item, arena));
  if (v.is_string() && IsPlain(v)) return v.string();
  return absl::InvalidArgumentError(absl::StrCat(
      "unable to resolve a string index in map: could not resolve key for map/slice, expecting 'string' but got '", A(TypeName(v)), "'"));
}
absl::StatusOr<int64_t> IndexKey(const Key& key, Item& item, Arena& arena) {
  if (key.kind == Key::kIndex) return key.index;
  if (key.kind == Key::kText) return absl::InvalidArgumentError("unable to resolve an integer index in slice: invalid key type");
  OTELPIPE_ASSIGN_OR_RETURN(Value v, key.get(item, arena));
  if (v.kind() == ValueKind::kInt && IsPlain(v)) return v.integer();
  return absl::InvalidArgumentError(absl::StrCat(
      "unable to resolve an integer index in slice: could not resolve key for map/slice, expecting 'int64' but got '", A(TypeName(v)), "'"));
}

// A statement may make lists by their last index; a mistyped one must not fill the memory.
constexpr int64_t kLongestList = 1 << 16;

// Follows keys[from...] from `at`, making what is missing.
absl::StatusOr<Value*> Follow(Value* at, const Keys& keys, size_t from, Item& item, Arena& arena) {
  for (size_t i = from; i < keys.size(); ++i) {
    if (at->is_empty()) {
      Key key = keys[i];
      if (key.kind == Key::kExpression) {
        OTELPIPE_ASSIGN_OR_RETURN(Value v, key.get(item, arena));
        if (v.kind() == ValueKind::kInt && IsPlain(v)) {
          key.kind = Key::kIndex;
          key.index = v.integer();
        } else if (v.is_string() && IsPlain(v)) {
          key.kind = Key::kText;
          key.text = v.string();
        } else {
          return absl::InvalidArgumentError("neither a string nor an int index was given, this is an error in the OTTL");
        }
      }
      if (key.kind == Key::kText) {
        *at = Value::OfMap(arena.New<Map>());
      } else {
        List* list = arena.New<List>();
        if (key.index >= kLongestList) return OutOfBounds(key.index);
        for (int64_t n = 0; n < std::max<int64_t>(key.index, 0) + 1; ++n) list->Add(arena);
        *at = Value::OfList(list);
        at = &list->back();
        continue;
      }
    }
    if (at->is_map()) {
      OTELPIPE_ASSIGN_OR_RETURN(std::string_view name, TextKey(keys[i], item, arena));
      Value* found = at->map().Find(name);
      if (found == nullptr) {
        Map& map = at->map();
        map.Append(arena, arena.Copy(name), Value());
        found = &map.items().back().value;
      }
      at = found;
    } else if (at->is_list()) {
      OTELPIPE_ASSIGN_OR_RETURN(int64_t index, IndexKey(keys[i], item, arena));
      if (index < 0 || index >= static_cast<int64_t>(at->list().size())) return OutOfBounds(index);
      at = &at->list()[static_cast<size_t>(index)];
    } else {
      return absl::InvalidArgumentError(absl::StrCat("type ", A(KindName(*at)), " does not support string indexing"));
    }
  }
  return at;
}

}  // namespace

Value TimeValue(int64_t nanos) {
  Value v = Value::Int(nanos);
  v.set_tag(kTagTime);
  return v;
}
Value DurationValue(int64_t nanos) {
  Value v = Value::Int(nanos);
  v.set_tag(kTagDuration);
  return v;
}

std::string_view TypeName(const Value& value) {
  switch (value.tag()) {
    case kTagTime: return "time.Time";
    case kTagDuration: return "time.Duration";
    case kTagTraceId: return "pcommon.TraceID";
    case kTagSpanId: return "pcommon.SpanID";
    case kTagCount: return "pcommon.Slice";
    default: break;
  }
  switch (value.kind()) {
    case ValueKind::kEmpty: return "nil";
    case ValueKind::kString: return "string";
    case ValueKind::kBool: return "bool";
    case ValueKind::kInt: return "int64";
    case ValueKind::kDouble: return "float64";
    case ValueKind::kBytes: return "[]uint8";
    case ValueKind::kList: return "pcommon.Slice";
    case ValueKind::kMap: return "pcommon.Map";
  }
  return "";
}

std::string_view KindName(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kEmpty: return "Empty";
    case ValueKind::kString: return "Str";
    case ValueKind::kBool: return "Bool";
    case ValueKind::kInt: return "Int";
    case ValueKind::kDouble: return "Double";
    case ValueKind::kBytes: return "Bytes";
    case ValueKind::kList: return "Slice";
    case ValueKind::kMap: return "Map";
  }
  return "";
}

std::string GoQuoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
      case '"':
      case '\\': absl::StrAppend(&out, "\\", std::string(1, c)); break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          absl::StrAppend(&out, "\\x", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

void AppendGoValue(std::string& out, const Value& value) {
  if (value.tag() == kTagTime) {
    out += timeparse::FormatGoTime(timeparse::Timestamp::FromUnixNanos(value.integer()));
  } else if (value.tag() == kTagDuration) {
    out += timeparse::FormatGoDuration(value.integer());
  } else if (value.tag() == kTagTraceId || value.tag() == kTagSpanId) {
    AppendHex(out, value.string());
  } else if (value.is_empty()) {
    out += "<nil>";
  } else if (value.kind() == ValueKind::kDouble) {
    AppendGoDouble(out, value.number());
  } else if (value.kind() == ValueKind::kBytes) {
    out += '[';
    for (size_t i = 0; i < value.string().size(); ++i) {
      absl::StrAppend(&out, i > 0 ? " " : "", static_cast<int>(static_cast<unsigned char>(value.string()[i])));
    }
    out += ']';
  } else {
    value.AppendString(out);
  }
}

bool Compare(const Value& a, const Value& b, Op op) {
  const ValueKind ka = a.kind(), kb = b.kind();
  if (a.tag() != b.tag() && (!IsPlain(a) || !IsPlain(b))) return op == Op::kNe;
  if (ka == kb) {
    switch (ka) {
      case ValueKind::kEmpty: return op == Op::kEq || op == Op::kLe || op == Op::kGe;
      case ValueKind::kBytes:
        if (!IsPlain(a)) return op == Op::kEq ? a.string() == b.string() : op == Op::kNe && a.string() != b.string();
        [[fallthrough]];
      case ValueKind::kString: return Ordered(a.string(), b.string(), op);
      case ValueKind::kBool: return Ordered(a.boolean(), b.boolean(), op);
      case ValueKind::kInt: return Ordered(a.integer(), b.integer(), op);
      case ValueKind::kDouble: return Ordered(a.number(), b.number(), op);
      case ValueKind::kList:
      case ValueKind::kMap: return op == Op::kEq ? Equal(a, b) : op == Op::kNe && !Equal(a, b);
    }
  }
  if (ka == ValueKind::kInt && kb == ValueKind::kDouble) return Ordered(static_cast<double>(a.integer()), b.number(), op);
  if (ka == ValueKind::kDouble && kb == ValueKind::kInt) return Ordered(a.number(), static_cast<double>(b.integer()), op);
  return op == Op::kNe;
}

absl::StatusOr<Value> Arithmetic(const Value& a, const Value& b, char op) {
  auto wrapped = [](int64_t x, int64_t y, char sign) {
    const auto p = static_cast<uint64_t>(x), q = static_cast<uint64_t>(y);
    return static_cast<int64_t>(sign == '+' ? p + q : sign == '-' ? p - q : p * q);
  };
  auto shown = [](std::string_view before, const Value& v, std::string_view after) {
    std::string text(before);
    AppendGoValue(text, v);
    text += after;
    return absl::InvalidArgumentError(text);
  };
  const uint8_t ta = a.tag(), tb = b.tag();
  if (ta == kTagTime || ta == kTagDuration) {
    if (op != '+' && op != '-') return absl::InvalidArgumentError("only addition and subtraction supported for time.Time and time.Duration");
    const int64_t x = a.integer();
    if (ta == kTagTime && tb == kTagDuration) return TimeValue(wrapped(x, b.integer(), op));
    if (ta == kTagTime && tb == kTagTime && op == '-') return DurationValue(wrapped(x, b.integer(), op));
    if (ta == kTagDuration && tb == kTagDuration) return DurationValue(wrapped(x, b.integer(), op));
    if (ta == kTagDuration && tb == kTagTime && op == '+') return TimeValue(wrapped(x, b.integer(), op));
    if (ta == kTagTime && op == '+') return shown("time.Time must be added to time.Duration; found ", b, " instead");
    if (ta == kTagTime) return shown("time.Time or time.Duration must be subtracted from time.Time; found ", b, " instead");
    if (op == '+') return shown("time.Duration must be added to time.Duration or time.Time; found ", b, " instead");
    return shown("time.Duration must be subtracted from time.Duration; found ", b, " instead");
  }
  auto is_number = [](const Value& v) { return IsPlain(v) && (v.kind() == ValueKind::kInt || v.kind() == ValueKind::kDouble); };
  if (!is_number(a)) return shown("", a, " must be int64, float64, time.Time or time.Duration");
  if (!is_number(b)) return shown("", b, " must be int64 or float64");
  if (a.kind() == ValueKind::kInt && b.kind() == ValueKind::kInt) {
    const int64_t x = a.integer(), y = b.integer();
    if (op != '/') return Value::Int(wrapped(x, y, op));
    if (y == 0) return absl::InvalidArgumentError("attempted to divide by 0");
    return Value::Int(y == -1 ? wrapped(0, x, '-') : x / y);
  }
  const double x = a.kind() == ValueKind::kInt ? static_cast<double>(a.integer()) : a.number();
  const double y = b.kind() == ValueKind::kInt ? static_cast<double>(b.integer()) : b.number();
  if (op == '/' && y == 0) return absl::InvalidArgumentError("attempted to divide by 0");
  return Value::Double(op == '+' ? x + y : op == '-' ? x - y : op == '*' ? x * y : x / y);
}

absl::StatusOr<std::optional<std::string_view>> TextLike(const Value& value, Arena& arena) {
  if (value.is_empty()) return std::optional<std::string_view>();
  if (value.is_string()) return std::optional(value.string());
  std::string text;
  if (value.tag() == kTagTime) {
    text = absl::StrCat("\"", timeparse::FormatRfc3339(timeparse::Timestamp::FromUnixNanos(value.integer())), "\"");
  } else if (value.tag() == kTagTraceId || value.tag() == kTagSpanId) {
    // The reference shows an id as the list of its bytes.
    for (char c : value.string()) absl::StrAppend(&text, text.empty() ? "[" : ",", static_cast<int>(static_cast<unsigned char>(c)));
    text += ']';
  } else if (value.kind() == ValueKind::kBytes) {
    AppendHex(text, value.string());
  } else {
    if (!Finite(value)) return absl::InvalidArgumentError("a number that is not finite has no text form");
    value.AppendString(text);
  }
  return std::optional(arena.Copy(text));
}

absl::StatusOr<std::string_view> NeedText(const Value& v) {
  if (v.is_string()) return v.string();
  return Expected("string", v);
}
absl::StatusOr<int64_t> NeedInt(const Value& v) {
  if (v.kind() == ValueKind::kInt && IsPlain(v)) return v.integer();
  return Expected("int64", v);
}
absl::StatusOr<double> NeedDouble(const Value& v) {
  if (v.kind() == ValueKind::kDouble) return v.number();
  return Expected("float64", v);
}
absl::StatusOr<Map*> NeedMap(const Value& v) {
  if (v.is_map()) return &v.map();
  return Expected("pcommon.Map", v);
}
absl::StatusOr<List*> NeedList(const Value& v) {
  if (v.is_list()) return &v.list();
  return Expected("pcommon.Slice", v);
}
absl::StatusOr<int64_t> NeedTime(const Value& v) {
  if (v.tag() == kTagTime) return v.integer();
  return Expected("time", v);
}
absl::StatusOr<int64_t> NeedDuration(const Value& v) {
  if (v.tag() == kTagDuration) return v.integer();
  return Expected("duration", v);
}

Value Storable(const Value& value, Arena& arena) {
  if (!IsPlain(value)) return Value();
  if (value.is_list()) {
    List* list = arena.New<List>();
    list->Reserve(arena, value.list().size());
    for (const Value& v : value.list()) {
      const Value stored = Storable(v, arena);
      list->Add(arena) = stored;
    }
    return Value::OfList(list);
  }
  if (value.is_map()) {
    Map* map = arena.New<Map>();
    map->Reserve(arena, value.map().size());
    for (const KeyValue& kv : value.map()) map->Append(arena, kv.key, Storable(kv.value, arena));
    return Value::OfMap(map);
  }
  Value out = value;
  out.set_tag(0);
  return out;
}

void StoreMap(const Value& value, Map& to, Arena& arena) {
  if (!value.is_map() || &value.map() == &to) return;
  Value copy = Storable(value, arena);
  to = std::move(copy.map());
}

absl::StatusOr<Value> GetIndexed(Value value, const Keys& keys, size_t from, Item& item, Arena& arena) {
  for (size_t i = from; i < keys.size(); ++i) {
    if (value.is_map()) {
      OTELPIPE_ASSIGN_OR_RETURN(std::string_view name, TextKey(keys[i], item, arena));
      const Value* found = value.map().Find(name);
      if (found == nullptr) return Value();
      value = *found;
    } else if (value.is_list()) {
      OTELPIPE_ASSIGN_OR_RETURN(int64_t index, IndexKey(keys[i], item, arena));
      if (index < 0 || index >= static_cast<int64_t>(value.list().size())) return OutOfBounds(index);
      value = value.list()[static_cast<size_t>(index)];
    } else {
      return absl::InvalidArgumentError(absl::StrCat("type ", A(KindName(value)), " does not support string indexing"));
    }
  }
  return value;
}

absl::StatusOr<Value> GetKeyed(const Map& map, const Keys& keys, Item& item, Arena& arena) {
  auto name = TextKey(keys[0], item, arena);
  if (!name.ok()) return Annotate(name.status(), "cannot get map value: ");
  const Value* found = map.Find(*name);
  if (found == nullptr) return Value();
  return keys.size() == 1 ? absl::StatusOr<Value>(*found) : GetIndexed(*found, keys, 1, item, arena);
}

absl::Status SetKeyed(Map& map, const Keys& keys, Item& item, Arena& arena, const Value& value) {
  const Value stored = Storable(value, arena);
  auto name = TextKey(keys[0], item, arena);
  if (!name.ok()) return Annotate(name.status(), "cannot set map value: ");
  Value* at = map.Find(*name);
  if (at == nullptr) {
    // A literal key lives as long as what it came from, which the batch keeps alive with the other constants.
    map.Append(arena, keys[0].kind == Key::kText ? *name : arena.Copy(*name), Value());
    at = &map.items().back().value;
  }
  if (keys.size() > 1) {
    OTELPIPE_ASSIGN_OR_RETURN(at, Follow(at, keys, 1, item, arena));
  }
  *at = stored;
  return absl::OkStatus();
}

absl::Status SetIndexed(List& list, const Keys& keys, Item& item, Arena& arena, const Value& value) {
  const Value stored = Storable(value, arena);
  Value root = Value::OfList(&list);
  OTELPIPE_ASSIGN_OR_RETURN(Value* at, Follow(&root, keys, 0, item, arena));
  *at = stored;
  return absl::OkStatus();
}

absl::StatusOr<Value> GetOfResult(Value value, const Keys& keys) {
  for (const Key& key : keys) {
    if (key.kind == Key::kText) {
      if (!value.is_map()) {
        return absl::InvalidArgumentError(absl::StrCat("type, ", A(TypeName(value)), ", does not support string indexing"));
      }
      const Value* found = value.map().Find(key.text);
      if (found == nullptr) return absl::NotFoundError("key not found in map");
      value = *found;
    } else if (key.kind == Key::kIndex) {
      if (value.kind() == ValueKind::kBytes && IsPlain(value)) {
        if (key.index < 0 || key.index >= static_cast<int64_t>(value.string().size())) return OutOfBounds(key.index);
        value = Value::Int(static_cast<unsigned char>(value.string()[static_cast<size_t>(key.index)]));
        continue;
      }
      if (!value.is_list()) {
        return absl::InvalidArgumentError(absl::StrCat("type, ", A(TypeName(value)), ", does not support int indexing"));
      }
      if (key.index < 0 || key.index >= static_cast<int64_t>(value.list().size())) return OutOfBounds(key.index);
      value = value.list()[static_cast<size_t>(key.index)];
    } else {
      return absl::InvalidArgumentError("neither map nor slice index were set; this is an error in OTTL");
    }
  }
  return value;
}

}  // namespace otelpipe::ottl
