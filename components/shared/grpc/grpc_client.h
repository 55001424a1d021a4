// GrpcClient: unary gRPC calls with raw messages from the component's loop.
//
//   GrpcClient client_(config.grpc, context);
//   OTELPIPE_RETURN_IF_ERROR(client_.Start(host));     // begins to connect, does not wait
//   client_.Call("/pkg.Service/Method", batch.wire(), timeout, batch.client().get(), [](absl::StatusOr<WireBytes> reply) { ... });
//
// The message's buffers are handed to gRPC without a copy; with gzip they are packed by libdeflate and handed over packed. Nothing of gRPC is
// touched before Start. Everything runs on the loop; callbacks come on the loop, never from inside Call. Destroying the client ends its
// calls; their callbacks are destroyed uncalled.
#pragma once

#include <memory>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "otelpipe/component/component.h"
#include "otelpipe/pdata/batch.h"
#include "shared/grpc/grpc_config.h"

namespace otelpipe {

class GrpcClient {
 public:
  GrpcClient(GrpcClientConfig config, Context context);
  ~GrpcClient();
  // InvalidArgument or FailedPrecondition for TLS files, headers and auth.
  absl::Status Start(Host& host);
  using Done = absl::AnyInvocable<void(absl::StatusOr<WireBytes>)>;
  // `method` must be of static storage. `timeout` 0 = none. The error is the server's (or the library's) status with its message; RetryInfo in the
  // details is kept as RetryAfterSeconds. An authenticator's error is passed on as it is.
  void Call(const char* method, const WireBytes& message, absl::Duration timeout, const ClientInfo* client, Done done);
  // Ends all calls with Cancelled.
  void Shutdown();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace otelpipe
