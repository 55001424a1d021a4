// Random expressions against a second evaluator that shares nothing with the one under test.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <string>

#include "operator/expr/reference_check.h"

namespace otelpipe::expr::testing {
namespace {

// Scenario: random well-typed expressions (operators with as few parentheses as possible, conditionals, let, optional chains, predicates,
// builtins) over entries whose variables hold any kind. Guarantees: value and kind are those of the reference evaluator, or both fail.
// OTELPIPE_RANDOM_SEED and OTELPIPE_RANDOM_RUNS choose other ones.
TEST_CASE("random expressions give what the reference evaluator gives", "[operator][expr][random]") {
  const char* seed_text = std::getenv("OTELPIPE_RANDOM_SEED");
  const char* runs_text = std::getenv("OTELPIPE_RANDOM_RUNS");
  const uint64_t seed = seed_text != nullptr ? std::strtoull(seed_text, nullptr, 10) : 20240305;
  const int runs = runs_text != nullptr ? std::atoi(runs_text) : 20000;
  std::mt19937_64 random(seed);
  const Choices choices = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
  int wrong = 0;
  for (int i = 0; i < runs && wrong < 5; ++i) {
    const std::string difference = FindDisagreement(choices);
    INFO("seed " << seed << ", expression " << i);
    CHECK(difference == "");
    wrong += difference.empty() ? 0 : 1;
  }
}

}  // namespace
}  // namespace otelpipe::expr::testing
