// Compares Expression with the reference evaluator of the tests.
//
//   std::string wrong = FindDisagreement(choices);   // empty: they agree on one random expression and entry
#pragma once

#include <string>

#include "operator/expr/random_expression.h"

namespace otelpipe::expr::testing {

// One random expression over one random entry: it compiles, its value has the kind and content that the reference evaluator gives, or both fail; as a
// condition it is that value when it is a bool and an error else; explaining it gives the same. The answer says what is wrong, with the expression.
std::string FindDisagreement(const Choices& pick);

// The same for any text, without a reference: what compiles gives the same twice, as a condition and when explained. False, with `why`, when not.
bool AgreesWithItself(const std::string& text, const RefEntry& entry, std::string& why);

}  // namespace otelpipe::expr::testing
