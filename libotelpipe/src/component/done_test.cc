#include "otelpipe/component/done.h"

#include <catch2/catch.hpp>
#include <string>

namespace otelpipe {
namespace {

struct Seen {
  int accepted = 0;
  int finished = 0;
  absl::Status status;
  Done Make() {
    return Done::On([this] { ++accepted; },
                    [this](const absl::Status& s) {
                      ++finished;
                      status = s;
                    });
  }
};

TEST_CASE("a Done that is forgotten reports an internal error", "[component][done]") {
  Seen seen;
  { Done d = seen.Make(); }
  CHECK(seen.finished == 1);
  CHECK(seen.status.code() == absl::StatusCode::kInternal);
}

TEST_CASE("moving a Done keeps its one call", "[component][done]") {
  Seen seen;
  Done a = seen.Make();
  Done b = std::move(a);
  a.Finished(absl::OkStatus());
  CHECK(seen.finished == 0);
  b.Finished(absl::OkStatus());
  b.Finished(absl::InternalError("late"));
  CHECK(seen.finished == 1);
  CHECK(seen.status.ok());
}

TEST_CASE("a split is accepted when every part is, and finished when every part is", "[component][done]") {
  Seen seen;
  auto parts = Done::Split(seen.Make(), 3);
  parts[0].Accepted();
  parts[1].Finished(absl::OkStatus());  // counts as accepted
  CHECK(seen.accepted == 0);
  parts[2].Accepted();
  CHECK(seen.accepted == 1);
  parts[2].Finished(absl::UnavailableError("b"));
  parts[0].Finished(absl::InvalidArgumentError("c"));
  CHECK(seen.finished == 1);
  CHECK(seen.status.code() == absl::StatusCode::kUnavailable);
  CHECK(seen.status.message() == "b; c");
}

TEST_CASE("a split with a refused part is never accepted", "[component][done]") {
  Seen seen;
  auto parts = Done::Split(seen.Make(), 2);
  parts[0].Finished(absl::ResourceExhaustedError("full"));
  parts[1].Accepted();
  CHECK(seen.accepted == 0);
  parts[1].Finished(absl::OkStatus());
  CHECK(seen.accepted == 0);
  CHECK(seen.status.code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("a merge passes both events to all", "[component][done]") {
  Seen a, b;
  std::vector<Done> parts;
  parts.push_back(a.Make());
  parts.push_back(b.Make());
  Done merged = Done::Merge(std::move(parts));
  merged.Accepted();
  merged.Finished(absl::OkStatus());
  CHECK((a.accepted == 1 && b.accepted == 1 && a.finished == 1 && b.finished == 1));
}

TEST_CASE("retryable follows the OTLP table, and Permanent overrides it", "[component][done]") {
  CHECK(IsRetryable(absl::UnavailableError("x")));
  CHECK(IsRetryable(absl::ResourceExhaustedError("x")));
  CHECK_FALSE(IsRetryable(absl::InvalidArgumentError("x")));
  CHECK_FALSE(IsRetryable(absl::OkStatus()));
  CHECK_FALSE(IsRetryable(Permanent(absl::UnavailableError("x"))));
  CHECK(RetryAfterSeconds(WithRetryAfter(absl::UnavailableError("x"), 1.5)) == 1.5);
  CHECK(RetryAfterSeconds(absl::UnavailableError("x")) < 0);
}

}  // namespace
}  // namespace otelpipe
