// Static types of literals, compile-time errors, and what can be prepared once (literal patterns).
#pragma once

#include "absl/status/status.h"
#include "operator/expr/ast.h"

namespace otelpipe::expr {

// Fills Node::type and Node::pattern. `want_bool`: the whole must be able to yield a bool. InvalidArgument with the formatted message.
absl::Status Check(Tree& tree, bool want_bool);

// Replaces conditions that are settled before evaluation by their value, as the reference's optimiser does: `attributes.a.b and not true` is false,
// whatever `attributes.a` is. After Check.
void Fold(Tree& tree);

}  // namespace otelpipe::expr
