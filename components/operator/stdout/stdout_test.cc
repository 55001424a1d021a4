#include "operator/stdout/stdout.h"

#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

TEST_CASE("stdout writes one JSON object a line", "[operator][stdout]") {
  OperatorContext context;
  StdoutOperator op({}, context);
  std::string written;
  op.set_write([&](std::string_view text) {
    written += text;
    return absl::OkStatus();
  });
  Arena arena;
  Entry entry;
  entry.arena = &arena;
  entry.observed_unix_nano = 1712046001500000000u;
  entry.body = Value::Str("a<b");
  entry.attributes.Set(arena, "z", Value::Int(1));
  entry.attributes.Set(arena, "a", Value::Double(1.5));
  entry.severity = 9;
  entry.severity_text = "info";
  entry.trace_id = "\x01\x02";
  CHECK(op.Process(entry).ok());
  CHECK(written ==
        "{\"observed_timestamp\":\"2024-04-02T08:20:01.5Z\",\"timestamp\":\"0001-01-01T00:00:00Z\",\"body\":\"a\\u003cb\","
        "\"attributes\":{\"a\":1.5,\"z\":1},\"severity_text\":\"info\",\"trace_id\":\"AQI=\",\"severity\":9,\"scope_name\":\"\"}\n");
}

TEST_CASE("behind stdout nothing is emitted", "[operator][stdout]") {
  OperatorHarness h("- {type: tail, output: batching_log_emitter}\n- {type: stdout}");
  CHECK(h.error() == "operator 'batching_log_emitter' does not exist: {\"operator_id\":\"tail\"}");
}
