// Text to syntax tree. Errors are InvalidArgument in the reference's words with the place inside the text:
// `statement has invalid syntax: 1:5: unexpected token "x" (expected "(")`.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/ottl/ast.h"

namespace otelpipe::ottl {

absl::StatusOr<StatementNode> ParseStatement(std::string_view text);
absl::StatusOr<TestPtr> ParseCondition(std::string_view text);

// What a text refers to, for finding out which context it needs.
struct Mentions {
  std::vector<const Node*> paths;
  std::set<std::string> functions;
  std::set<std::string> enums;
};
void Collect(const StatementNode& statement, Mentions& out);
void Collect(const TestNode& test, Mentions& out);

}  // namespace otelpipe::ottl
