// Editors and converters: their parameters, and what makes them ready to run.
//
// A table row names the parameters as users write them; compile.cc checks the arguments against it and hands them over resolved. Patterns,
// templates and lists of keys are made ready once, in `make`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/ottl/context.h"
#include "shared/ottl/values.h"

namespace otelpipe::ottl {

struct Function;

enum class ArgKind {
  kAny,      // a value of any kind
  kText,     // a literal text
  kInt,      // a literal integer
  kFloat,    // a literal float
  kBool,     // a literal boolean
  kBytes,    // literal bytes
  kTexts,    // a literal list of literal texts
  kList,     // a literal list of any values
  kPath,     // a path that is read and set
  kFunction  // the name of a converter
};

struct Arg {
  bool present = false;
  Getter get;  // kAny, kPath
  Setter set;  // kPath
  // kText, kInt, kFloat, kBool, kBytes; for kAny set when it is a literal. Texts live as long as the constants.
  std::optional<Value> literal;
  std::vector<Getter> list;             // kList
  std::vector<std::string_view> texts;  // kTexts
  const Function* function = nullptr;
  std::string_view text() const { return literal->string(); }
};
using Args = std::vector<Arg>;  // one for each parameter

struct Param {
  std::string_view name;
  ArgKind kind = ArgKind::kAny;
  bool optional = false;
};

// Where a function may be called, as a set of contexts.
using Contexts = unsigned;
constexpr Contexts In(ContextKind kind) { return 1u << static_cast<unsigned>(kind); }
inline constexpr Contexts kEverywhere = ~0u;

struct Function {
  std::string_view name;
  std::vector<Param> params;
  absl::StatusOr<Getter> (*make)(Args args);
  Contexts contexts = kEverywhere;
  // Conditions of the filter processor and of transform groups know it too.
  bool in_conditions = true;
};

// Null when unknown or not for this context. Editors begin with a small letter.
const Function* FindFunction(std::string_view name, ContextKind kind);
// A function of the reference that is missing here.
bool IsMissingFunction(std::string_view name);
// The name most like `name`, or empty.
std::string_view NearestFunction(std::string_view name, ContextKind kind);
// All, for the documentation and tests.
std::vector<const Function*> AllFunctions();

// The tables.
const std::vector<Function>& Editors();            // editors.cc, replace.cc
const std::vector<Function>& ReplaceEditors();
const std::vector<Function>& MetricEditors();      // metric_editors.cc
const std::vector<Function>& AggregateEditors();   // aggregate.cc
const std::vector<Function>& TypeConverters();     // converters_type.cc
const std::vector<Function>& TextConverters();     // converters_text.cc
const std::vector<Function>& ParseConverters();    // converters_parse.cc
const std::vector<Function>& TimeConverters();     // converters_time.cc
const std::vector<Function>& HashConverters();     // converters_hash.cc
const std::vector<Function>& CollectionConverters();  // converters_list.cc

// --- helpers of `make`
absl::StatusOr<Value> Nothing();  // what editors give

// A converter of one value.
template <typename F>
Getter Of(Getter get, F f) {
  return [get = std::move(get), f = std::move(f)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    absl::StatusOr<Value> value = get(item, arena);
    if (!value.ok()) return value;
    return f(*value, arena);
  };
}
// A converter of one text.
template <typename F>
Getter OfText(Getter get, F f) {
  return Of(std::move(get), [f = std::move(f)](const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    if (!v.is_string()) return NeedText(v).status();
    return f(v.string(), arena);
  });
}

}  // namespace otelpipe::ottl
