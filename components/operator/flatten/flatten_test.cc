#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

namespace {

void Fill(Entry& e) {
  auto* inner = e.arena->New<Map>();
  inner->Set(*e.arena, "x", Value::Int(1));
  inner->Set(*e.arena, "k", Value::Str("new"));
  e.attributes.Set(*e.arena, "m", Value::OfMap(inner));
  e.attributes.Set(*e.arena, "k", Value::Str("old"));
  e.has_attributes = true;
  e.body = Value::Str("x");
}

}  // namespace

TEST_CASE("flatten moves a map's entries up and overwrites siblings", "[operator][flatten]") {
  OperatorHarness h("- {type: flatten, field: attributes.m}");
  CHECK(h.ProcessEntry(Fill) == "");
  CHECK(h.Take()[0].attributes == R"({"k":"new","x":1})");
}

TEST_CASE("flatten needs a map", "[operator][flatten]") {
  OperatorHarness h("- {type: flatten, field: attributes.k}");
  CHECK(h.ProcessEntry(Fill) == "apply flatten: field attributes.k is not a map");
  CHECK(h.Take()[0].attributes == R"({"k":"old","m":{"k":"new","x":1}})");
  CHECK(h.Process("x") == "apply flatten: field attributes.k does not exist on entry");
  CHECK(OperatorHarness("- {type: flatten}").error() == "invalid field type: <nil>");
}
