#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

namespace {

void FillList(Entry& e, int n) {
  auto* list = e.arena->New<List>();
  for (int i = 0; i < n; ++i) list->Add(*e.arena) = Value::Int(i);
  e.body = Value::OfList(list);
}

}  // namespace

TEST_CASE("a list becomes a map", "[operator][assign_keys]") {
  OperatorHarness h("- {type: assign_keys, field: body, keys: [a, b, a]}");
  REQUIRE(h.error() == "");
  CHECK(h.ProcessEntry([](Entry& e) { FillList(e, 3); }) == "");
  CHECK(h.Bodies() == std::vector<std::string>{R"({"a":2,"b":1})"});
}

TEST_CASE("lists of another length and other kinds are errors", "[operator][assign_keys]") {
  OperatorHarness h("- {type: assign_keys, field: body, keys: [a, b, c]}");
  CHECK(h.ProcessEntry([](Entry& e) { FillList(e, 1); }) ==
        "apply assign_keys: field body contains 1 values while expected keys are [a b c] contain 3 keys");
  CHECK(h.Process("text") == "apply assign_keys: couldn't convert field body to []any");
  OperatorHarness missing("- {type: assign_keys, field: attributes.x, keys: a}");
  CHECK(missing.Process("text") == "apply assign_keys: field attributes.x does not exist on entry");
  CHECK(OperatorHarness("- {type: assign_keys, field: body}").error() == "assign_keys missing required field keys");
}
