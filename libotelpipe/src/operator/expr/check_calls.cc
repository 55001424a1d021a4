#include "operator/expr/check_calls.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::expr {
namespace {

using TypePtr = const Type*;

constexpr Type kUnknownType{StaticType::kUnknown, "unknown"};
constexpr Type kNilType{StaticType::kNil, "unknown"};
constexpr Type kBoolType{StaticType::kBool, "bool"};
constexpr Type kIntType{StaticType::kInt, "int"};
constexpr Type kInt64Type{StaticType::kInt, "int64"};
constexpr Type kMonthType{StaticType::kInt, "time.Month"};
constexpr Type kWeekdayType{StaticType::kInt, "time.Weekday"};
constexpr Type kFloatType{StaticType::kFloat, "float64"};
constexpr Type kStringType{StaticType::kString, "string"};
constexpr Type kArrayType{StaticType::kArray, "[]interface {}", &kUnknownType};
constexpr Type kStringsType{StaticType::kArray, "[]string", &kStringType};
constexpr Type kMapType{StaticType::kMap, "map[string]interface {}"};
constexpr Type kAnyMapType{StaticType::kAnyMap, "map[interface {}]interface {}"};
constexpr Type kTimeType{StaticType::kTime, "time.Time"};
constexpr Type kDurationType{StaticType::kDuration, "time.Duration"};

// Functions with declared parameters. A letter is a parameter: s text, i int, a list, S list of texts, I list of ints,
// * anything. Of several signatures the first that fits is taken; the mistake against the last is told.
struct Declared {
  std::string_view name;
  std::initializer_list<std::string_view> signatures;
  TypePtr result;
};
const Declared kDeclared[] = {
    {"type", {"*"}, &kStringType},
    {"string", {"*"}, &kStringType},
    {"trim", {"s", "ss"}, &kStringType},
    {"trimPrefix", {"ss", "s"}, &kStringType},
    {"trimSuffix", {"ss", "s"}, &kStringType},
    {"upper", {"s"}, &kStringType},
    {"lower", {"s"}, &kStringType},
    {"split", {"ss", "ssi"}, &kStringsType},
    {"splitAfter", {"ss", "ssi"}, &kStringsType},
    {"replace", {"sssi", "sss"}, &kStringType},
    {"repeat", {"si"}, &kStringType},
    {"join", {"as", "a", "Ss", "S"}, &kStringType},
    {"indexOf", {"ss"}, &kIntType},
    {"lastIndexOf", {"ss"}, &kIntType},
    {"hasPrefix", {"ss"}, &kBoolType},
    {"hasSuffix", {"ss"}, &kBoolType},
    {"toJSON", {"*"}, &kStringType},
    {"fromJSON", {"s"}, &kUnknownType},
    {"toBase64", {"s"}, &kStringType},
    {"fromBase64", {"s"}, &kStringType},
    {"duration", {"s"}, &kDurationType},
    {"sort", {"as", "a", "Is", "I"}, &kArrayType},
    {"bitand", {"ii"}, &kIntType},
    {"bitor", {"ii"}, &kIntType},
    {"bitxor", {"ii"}, &kIntType},
    {"bitnand", {"ii"}, &kIntType},
    {"bitshl", {"ii"}, &kIntType},
    {"bitshr", {"ii"}, &kIntType},
    {"bitushr", {"ii"}, &kIntType},
    {"bitnot", {"i"}, &kIntType},
};

TypePtr ParameterType(char letter) {
  switch (letter) {
    case 's':
      return &kStringType;
    case 'i':
      return &kIntType;
    case 'S':
      return &kStringsType;
    case 'I': {
      static constexpr Type kInts{StaticType::kArray, "[]int", &kIntType};
      return &kInts;
    }
    default:
      return &kArrayType;
  }
}

CallCheck Wrong(std::string error, int argument = -1) { return {&kUnknownType, std::move(error), argument}; }

CallCheck CheckDeclared(const Declared& function, const std::vector<TypePtr>& arguments) {
  CallCheck last{function.result, "", -1};
  for (std::string_view signature : function.signatures) {
    if (arguments.size() != signature.size()) {
      last = Wrong(absl::StrCat(arguments.size() < signature.size() ? "not enough" : "too many", " arguments to call ",
                                A(function.name)));
      continue;
    }
    bool fits = true;
    for (size_t i = 0; i < arguments.size() && fits; ++i) {
      TypePtr type = arguments[i];
      TypePtr wanted = ParameterType(signature[i]);
      if (signature[i] == '*' || type->kind == StaticType::kUnknown || type->kind == wanted->kind) continue;
      fits = false;
      const bool nil = type->kind == StaticType::kNil;
      last = Wrong(absl::StrCat("cannot use ", nil ? "nil" : type->name, " as argument (type ", wanted->name,
                                ") to call ", A(function.name), nil ? "" : " "),
                   static_cast<int>(i));
    }
    if (fits) return {function.result, "", -1};
  }
  return last;
}

bool IsOneOf(TypePtr type, std::initializer_list<StaticType> kinds) {
  return std::find(kinds.begin(), kinds.end(), type->kind) != kinds.end();
}
// As the checks of single functions print a type.
std::string Shown(TypePtr type) { return type->kind == StaticType::kNil ? "%!s(<nil>)" : type->name; }

CallCheck WrongCount(std::string_view expected, size_t got) {
  return Wrong(absl::StrCat("invalid number of arguments (expected ", A(expected), ", got ", got, ")"));
}

CallCheck CheckGet(TypePtr object, TypePtr key) {
  switch (object->kind) {
    case StaticType::kUnknown:
      return {&kUnknownType, "", -1};
    case StaticType::kMap:
      if (IsOneOf(key, {StaticType::kString, StaticType::kUnknown})) return {&kUnknownType, "", -1};
      return Wrong(absl::StrCat("cannot use ", key->name, " to get an element from ", object->name), 1);
    case StaticType::kArray:
      if (IsOneOf(key, {StaticType::kInt, StaticType::kUnknown})) return {object->elem, "", -1};
      return Wrong(absl::StrCat("non-integer slice index ", key->name), 1);
    default:
      return Wrong(absl::StrCat("type ", object->name, " does not support indexing"), 0);
  }
}

}  // namespace

const Type* TypeOf(StaticType kind) {
  switch (kind) {
    case StaticType::kUnknown:
      return &kUnknownType;
    case StaticType::kNil:
      return &kNilType;
    case StaticType::kBool:
      return &kBoolType;
    case StaticType::kInt:
      return &kIntType;
    case StaticType::kFloat:
      return &kFloatType;
    case StaticType::kString:
      return &kStringType;
    case StaticType::kArray:
      return &kArrayType;
    case StaticType::kMap:
      return &kMapType;
    case StaticType::kAnyMap:
      return &kAnyMapType;
    case StaticType::kTime:
      return &kTimeType;
    case StaticType::kDuration:
      return &kDurationType;
    case StaticType::kFunction:
      break;
  }
  return &kUnknownType;
}

const Type* MethodOf(const Type* base, std::string_view name) {
  struct Method {
    std::string_view name;
    Type type;
  };
  static constexpr auto kReturns = [](TypePtr type) { return Type{StaticType::kFunction, "func()", type}; };
  static constexpr std::array kTime = {
      Method{"Year", kReturns(&kIntType)},        Method{"Day", kReturns(&kIntType)},
      Method{"Hour", kReturns(&kIntType)},        Method{"Minute", kReturns(&kIntType)},
      Method{"Second", kReturns(&kIntType)},      Method{"Nanosecond", kReturns(&kIntType)},
      Method{"YearDay", kReturns(&kIntType)},     Method{"Month", kReturns(&kMonthType)},
      Method{"Weekday", kReturns(&kWeekdayType)}, Method{"Unix", kReturns(&kInt64Type)},
      Method{"UnixMilli", kReturns(&kInt64Type)}, Method{"UnixMicro", kReturns(&kInt64Type)},
      Method{"UnixNano", kReturns(&kInt64Type)},  Method{"IsZero", kReturns(&kBoolType)},
      Method{"After", kReturns(&kBoolType)},      Method{"Before", kReturns(&kBoolType)},
      Method{"Equal", kReturns(&kBoolType)},      Method{"Format", kReturns(&kStringType)},
      Method{"String", kReturns(&kStringType)},   Method{"Add", kReturns(&kTimeType)},
      Method{"Truncate", kReturns(&kTimeType)},   Method{"UTC", kReturns(&kTimeType)},
      Method{"Local", kReturns(&kTimeType)},      Method{"Round", kReturns(&kTimeType)},
      Method{"AddDate", kReturns(&kTimeType)},    Method{"In", kReturns(&kTimeType)},
      Method{"Sub", kReturns(&kDurationType)},
  };
  static constexpr std::array kDuration = {
      Method{"Hours", kReturns(&kFloatType)},        Method{"Minutes", kReturns(&kFloatType)},
      Method{"Seconds", kReturns(&kFloatType)},      Method{"Milliseconds", kReturns(&kInt64Type)},
      Method{"Microseconds", kReturns(&kInt64Type)}, Method{"Nanoseconds", kReturns(&kInt64Type)},
      Method{"String", kReturns(&kStringType)},      Method{"Abs", kReturns(&kDurationType)},
      Method{"Round", kReturns(&kDurationType)},     Method{"Truncate", kReturns(&kDurationType)},
  };
  auto find = [name](const auto& methods) -> TypePtr {
    for (const Method& method : methods) {
      if (method.name == name) return &method.type;
    }
    return nullptr;
  };
  if (base->kind == StaticType::kTime) return find(kTime);
  if (base->kind == StaticType::kDuration) return find(kDuration);
  return nullptr;
}

CallCheck CheckCall(std::string_view name, const std::vector<const Type*>& arguments) {
  for (const Declared& function : kDeclared) {
    if (function.name == name) return CheckDeclared(function, arguments);
  }
  constexpr StaticType kUnknown = StaticType::kUnknown, kArray = StaticType::kArray;
  const size_t n = arguments.size();
  TypePtr first = n > 0 ? arguments[0] : &kUnknownType;
  auto numeric = [](TypePtr t) {
    return IsOneOf(t, {StaticType::kInt, StaticType::kFloat, StaticType::kDuration, kUnknown});
  };
  auto wrong_type = [&](TypePtr t) {
    return Wrong(absl::StrCat("invalid argument for ", A(name), " (type ", Shown(t), ")"));
  };
  auto cannot = [&](absl::string_view before, absl::string_view after) {
    return Wrong(absl::StrCat("cannot ", before, Shown(first), after));
  };
  auto list = [&] { return IsOneOf(first, {kArray, kUnknown}); };

  if (name == "now") return n == 0 ? CallCheck{&kTimeType, "", -1} : WrongCount("0", n);
  if (name == "date") {
    if (n == 0) return WrongCount("at least 1", n);
    return n > 3 ? WrongCount("at most 3", n) : CallCheck{&kTimeType, "", -1};
  }
  if (name == "max" || name == "min" || name == "mean" || name == "median") {
    if (n == 0) return Wrong(absl::StrCat("not enough arguments to call ", A(name)));
    for (TypePtr t : arguments) {
      if (t->kind == kArray || t->kind == kUnknown) return {&kUnknownType, "", -1};  // the rest is seen when it runs
      if (!numeric(t)) return wrong_type(t);
    }
    return {first, "", -1};
  }
  if (name == "concat") {
    if (n == 0) return WrongCount("at least 1", n);
    for (TypePtr t : arguments) {
      if (!IsOneOf(t, {kArray, kUnknown})) return Wrong(absl::StrCat("cannot concat ", Shown(t)));
    }
    return {&kArrayType, "", -1};
  }
  if (name == "get" || name == "take") {
    if (n != 2) return WrongCount("2", n);
    if (name == "get") return CheckGet(first, arguments[1]);
    if (!list()) return cannot("take from ", "");
    if (!IsOneOf(arguments[1], {StaticType::kInt, StaticType::kDuration, kUnknown})) {
      return Wrong(absl::StrCat("cannot take ", Shown(arguments[1]), " elements"));
    }
    return {&kArrayType, "", -1};
  }
  if (n != 1) return WrongCount("1", n);
  if (name == "len") {
    if (!list() && !IsOneOf(first, {StaticType::kString, StaticType::kMap, StaticType::kAnyMap}))
      return wrong_type(first);
    return {&kIntType, "", -1};
  }
  if (name == "abs") return numeric(first) ? CallCheck{first, "", -1} : wrong_type(first);
  if (name == "ceil" || name == "floor" || name == "round")
    return numeric(first) ? CallCheck{&kFloatType, "", -1} : wrong_type(first);
  if (name == "int" || name == "float") {
    if (!numeric(first) && first->kind != StaticType::kString) return wrong_type(first);
    return {name == "int" ? &kIntType : &kFloatType, "", -1};
  }
  if (name == "first" || name == "last") {
    if (!list()) return cannot(name == "first" ? "get first element from " : "get last element from ", "");
    return {&kUnknownType, "", -1};
  }
  const bool map = IsOneOf(first, {StaticType::kMap, StaticType::kAnyMap, kUnknown});
  if (name == "keys" || name == "values")
    return map ? CallCheck{&kArrayType, "", -1} : cannot(absl::StrCat("get ", A(name), " from "), "");
  if (name == "toPairs") return map ? CallCheck{&kArrayType, "", -1} : cannot("transform ", " to pairs");
  if (name == "fromPairs") return list() ? CallCheck{&kAnyMapType, "", -1} : cannot("transform ", " from pairs");
  // reverse, uniq, flatten
  return list() ? CallCheck{&kArrayType, "", -1} : cannot(absl::StrCat(A(name), " "), "");
}

}  // namespace otelpipe::expr
