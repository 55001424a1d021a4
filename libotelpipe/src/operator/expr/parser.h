// Parses expression text into a Tree.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "operator/expr/ast.h"

namespace otelpipe::expr {

// InvalidArgument with the reference's formatted message.
absl::StatusOr<std::unique_ptr<Tree>> Parse(std::string_view source);

}  // namespace otelpipe::expr
