#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

TEST_CASE("trace_parser reads hexadecimal ids", "[operator][trace_parser]") {
  OperatorHarness h("- {type: trace_parser, trace_id: {parse_from: attributes.t}, span_id: {parse_from: attributes.s}}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("x", {{"t", "48001F77BB4D3DF5ABFCCFDCC3A5A8D2"}, {"s", "f1"}}) == "");
  CHECK(h.Take()[0].trace_id == "48001f77bb4d3df5abfccfdcc3a5a8d2");
}

TEST_CASE("all ids that are wrong are told, the others are set", "[operator][trace_parser]") {
  OperatorHarness h("- {type: trace_parser, trace_id: {parse_from: attributes.t}, span_id: {parse_from: attributes.s}}");
  CHECK(h.Process("x", {{"t", "zx"}, {"s", "abc"}}) ==
        "Error decoding traces for logs: {\"span_id\":\"encoding/hex: odd length hex string\",\"trace_id\":\"encoding/hex: "
        "invalid byte: U+007A 'z'\"}");
  CHECK(h.Process("x", {{"t", "0102"}, {"s", "abc"}}) ==
        "Error decoding traces for logs: {\"span_id\":\"encoding/hex: odd length hex string\"}");
  CHECK(h.Take()[1].trace_id == "01020000000000000000000000000000");
}
