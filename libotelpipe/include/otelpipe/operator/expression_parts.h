// Why an expression is false: the values of its parts for one entry.
//
//   OTELPIPE_ASSIGN_OR_RETURN(std::vector<ExpressionPart> parts, ExplainExpression("body matches '^x' and attributes.level != 'debug'", entry));
//   parts[0]   // depth 0, the whole: false
//   parts[1]   // depth 1, `body matches '^x'`: true
//   parts[2]   // depth 2, `body`: "xyz"
//   parts[3]   // depth 1, `attributes.level != 'debug'`: false
//
// For tools: the text is compiled on every call, and each part is evaluated alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/operator/entry.h"

namespace otelpipe {

struct ExpressionPart {
  int depth = 0;  // 0 is the whole
  std::string text;
  bool evaluated = false;  // false: the parts before it settled the result
  bool failed = false;
  std::string value;  // JSON, or the message when it failed
};

// The whole and its parts in the order of writing; literals, which say themselves what they are, are left out. InvalidArgument as of Expression::Compile.
absl::StatusOr<std::vector<ExpressionPart>> ExplainExpression(std::string_view text, const Entry& entry);

}  // namespace otelpipe
