// google.rpc.Status on the wire, and the tables between gRPC codes and HTTP statuses that OTLP uses.
//
// A wait the server asked for (RetryInfo) travels in an absl::Status as WithRetryAfter (otelpipe/component/done.h).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace otelpipe {

// `status` as google.rpc.Status, with a RetryInfo detail when it carries a wait.
std::string RpcStatusProto(const absl::Status& status);
std::string RpcStatusJson(const absl::Status& status);
// Reads the protobuf form. InvalidArgument when it is none. An empty text is a status with code OK; see RpcStatusParts.
struct RpcStatusParts {
  int code = 0;
  std::string message;
  double retry_after = -1;  // seconds; negative when there is no RetryInfo
  int details = 0;          // how many, RetryInfo included
};
absl::StatusOr<RpcStatusParts> ParseRpcStatus(std::string_view bytes);

// What a receiver answers for a pipeline's error.
int HttpStatusOf(absl::StatusCode code);
// The code of an HTTP answer that has none of its own: 400 -> 3, 401 -> 16, 403 -> 7, 404 -> 12, 429 -> 8, 502 503 504 -> 14, else 2.
absl::StatusCode CodeOfHttpStatus(int http);
// "Unavailable", as the reference prints codes.
std::string_view RpcCodeName(int code);

// Whole seconds for a Retry-After header, truncated; negative when `status` asks for no wait.
int RetryAfterHeader(const absl::Status& status);
// Reads a Retry-After header: integer seconds or an HTTP date. False when it is neither.
bool ParseRetryAfter(std::string_view text, double now_unix_seconds, double& seconds);

// Bytes of an OTLP response whose partial success says something.
struct PartialSuccess {
  long long rejected = 0;
  std::string message;
  bool any() const { return rejected != 0 || !message.empty(); }
};
absl::StatusOr<PartialSuccess> ParsePartialSuccess(std::string_view proto);

}  // namespace otelpipe
