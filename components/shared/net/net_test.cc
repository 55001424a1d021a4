#include <catch2/catch.hpp>

#include "otelpipe/component/done.h"
#include "shared/net/address.h"
#include "shared/net/rpc_status.h"

namespace otelpipe {
namespace {

TEST_CASE("addresses split as in Go", "[shared][net]") {
  CHECK(SplitHostPort("[::1]:4317")->host == "::1");
  CHECK(SplitHostPort(":80")->port == "80");
  CHECK(SplitHostPort("host").status().message() == "address host: missing port in address");
  CHECK(SplitHostPort("a:b:c").status().message() == "address a:b:c: too many colons in address");
  CHECK(SplitHostPort("[::1").status().message() == "address [::1: missing ']' in address");
  CHECK(JoinHostPort("::1", "80") == "[::1]:80");
  CHECK(ParsePort("70000").status().message() == "invalid port \"70000\"");
}

TEST_CASE("a status with a wait survives its protobuf form", "[shared][net]") {
  const absl::Status status = WithRetryAfter(absl::UnavailableError("busy"), 3.25);
  const absl::StatusOr<RpcStatusParts> parts = ParseRpcStatus(RpcStatusProto(status));
  REQUIRE(parts.ok());
  CHECK(parts->code == 14);
  CHECK(parts->message == "busy");
  CHECK(parts->details == 1);
  CHECK(parts->retry_after == Approx(3.25));
  CHECK(RetryAfterHeader(status) == 3);
  CHECK(ParseRpcStatus("")->code == 0);
  CHECK_FALSE(ParseRpcStatus("\x0a\x7fxx").ok());
}

TEST_CASE("a status as JSON leaves out what is empty", "[shared][net]") {
  CHECK(RpcStatusJson(absl::InvalidArgumentError("a \"b\"\n")) == R"({"code":3,"message":"a \"b\"\n"})");
  CHECK(RpcStatusJson(WithRetryAfter(absl::UnavailableError("x"), 1)) ==
        R"({"code":14,"message":"x","details":[{"typeUrl":"type.googleapis.com/google.rpc.RetryInfo","value":"CgIIAQ=="}]})");
}

TEST_CASE("Retry-After is seconds or a date", "[shared][net]") {
  double seconds = 0;
  CHECK((ParseRetryAfter("17", 0, seconds) && seconds == 17));
  CHECK((ParseRetryAfter("Thu, 01 Jan 1970 00:01:00 GMT", 20, seconds) && seconds == 40));
  CHECK_FALSE(ParseRetryAfter("1.5", 0, seconds));
  CHECK_FALSE(ParseRetryAfter("", 0, seconds));
}

TEST_CASE("codes and HTTP statuses map as in OTLP", "[shared][net]") {
  CHECK(HttpStatusOf(absl::StatusCode::kResourceExhausted) == 429);
  CHECK(HttpStatusOf(absl::StatusCode::kDataLoss) == 503);
  CHECK(HttpStatusOf(absl::StatusCode::kInternal) == 500);
  CHECK(CodeOfHttpStatus(502) == absl::StatusCode::kUnavailable);
  CHECK(CodeOfHttpStatus(418) == absl::StatusCode::kUnknown);
}

TEST_CASE("partial successes are read from a response", "[shared][net]") {
  const absl::StatusOr<PartialSuccess> p = ParsePartialSuccess(std::string_view("\x0a\x06\x08\x02\x12\x02no", 8));
  REQUIRE(p.ok());
  CHECK(p->rejected == 2);
  CHECK(p->message == "no");
  CHECK_FALSE(ParsePartialSuccess(std::string_view("\x0a\x00", 2))->any());
  CHECK_FALSE(ParsePartialSuccess("\x0a\x7f").ok());
}

}  // namespace
}  // namespace otelpipe
