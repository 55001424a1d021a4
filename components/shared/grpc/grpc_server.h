// GrpcServer: unary gRPC methods as raw messages, answered on the component's loop.
//
//   GrpcServer server_(config.grpc, context, {"/pkg.Service/Method"}, [this](GrpcRequest request, GrpcResponder responder) {
//     Handle(std::move(request.message), [r = std::move(responder)](absl::Status s) mutable { r.Finish(s, kReply); });
//   });
//   OTELPIPE_RETURN_IF_ERROR(server_.Start(host));
//   int port = server_.port();
//
// Messages arrive as slices of gRPC's own memory, not copied; gzip and deflate are unpacked by libdeflate, and framed snappy and zstd
// too. Nothing of gRPC is touched before Start. All calls of this interface belong on the loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "otelpipe/component/component.h"
#include "otelpipe/pdata/batch.h"
#include "shared/grpc/grpc_config.h"

namespace otelpipe {

struct GrpcRequest {
  size_t method = 0;  // index in the list given to the server
  WireBytes message;
  std::shared_ptr<const ClientInfo> client;  // never null
};

// Answers one call; destroyed unused it answers Internal. After the server is gone it does nothing. Move-only.
class GrpcResponder {
 public:
  class Call;
  GrpcResponder() = default;
  explicit GrpcResponder(std::shared_ptr<Call*> call) : call_(std::move(call)) {}
  GrpcResponder(GrpcResponder&&) = default;
  GrpcResponder& operator=(GrpcResponder&&) = default;
  ~GrpcResponder();
  // With OK the message `reply`, which must be of static storage. An error's retry_after travels as RetryInfo in the status details.
  void Finish(const absl::Status& status, std::string_view reply);

 private:
  std::shared_ptr<Call*> call_;
};

class GrpcServer {
 public:
  using Handler = absl::AnyInvocable<void(GrpcRequest, GrpcResponder)>;
  // Other methods are answered Unimplemented, `unknown service x` or `unknown method y for service x`.
  GrpcServer(GrpcServerConfig config, Context context, std::vector<std::string> methods, Handler handler);
  ~GrpcServer();
  // Binds and serves. Errors in the reference's words: `listen tcp 127.0.0.1:4317: bind: address already in use`; TLS and auth errors.
  absl::Status Start(Host& host);
  int port() const;  // 0 before Start and for unix sockets
  // Takes no more calls, lets running ones finish, then calls done.
  void Shutdown(Component::ShutdownDone done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace otelpipe
