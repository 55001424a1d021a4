// What servers answer: google.rpc.Status, partial successes, Retry-After. And addresses of the configuration.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "shared/net/address.h"
#include "shared/net/rpc_status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<otelpipe::RpcStatusParts> parts = otelpipe::ParseRpcStatus(bytes);
  if (parts.ok() && parts->retry_after >= 0)
    (void)otelpipe::RpcStatusJson(absl::Status(absl::StatusCode::kUnavailable, parts->message));
  (void)otelpipe::ParsePartialSuccess(bytes);
  double seconds = 0;
  (void)otelpipe::ParseRetryAfter(bytes, 1e9, seconds);
  const absl::StatusOr<otelpipe::HostPort> where = otelpipe::SplitHostPort(bytes);
  if (where.ok()) {
    const absl::StatusOr<otelpipe::HostPort> again =
        otelpipe::SplitHostPort(otelpipe::JoinHostPort(where->host, where->port));
    if (!again.ok() || again->host != where->host || again->port != where->port) std::abort();
  }
  return 0;
}
