// What the functions of the expression language take, as far as it is known before evaluation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/expr/ast.h"

namespace otelpipe::expr {

// A static type with the name that messages give it. Arrays have the type of their elements, methods that of their
// result.
struct Type {
  StaticType kind;
  const char* name;
  const Type* elem = nullptr;
};

// The type of a kind; of an array with elements of unknown type.
const Type* TypeOf(StaticType kind);

// The method `name` of times and durations (kFunction), or null.
const Type* MethodOf(const Type* base, std::string_view name);

struct CallCheck {
  const Type* type;   // of the result
  std::string error;  // empty when the call is fine
  int argument = -1;  // where the error points: an argument, or the whole call
};
// Checks a call of the builtin `name`.
CallCheck CheckCall(std::string_view name, const std::vector<const Type*>& arguments);

}  // namespace otelpipe::expr
