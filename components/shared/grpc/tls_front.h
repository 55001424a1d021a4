// TLS spoken by us around gRPC's plain connections. Internal.
//
// gRPC's library speaks TLS 1.2 and 1.3 with suites of its own choice and has no switch for either. Where a
// configuration asks for more (min_version, max_version, cipher_suites, curve_preferences), the connection is ours: we
// accept or dial it, speak TLS as HTTP does, and hand gRPC the plain bytes over a pair of unix sockets. All else goes
// the library's own way, which saves that hop.
//
// Everything runs on the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/component/component.h"
#include "shared/grpc/grpc_config.h"

namespace otelpipe::grpc_internal {

// Whether the block asks for what only we can do.
bool NeedsTlsFront(const TlsConfig& config);

// The server's side: listens, and gives each connection that has shaken hands to `take` as a socket, which then belongs
// to the taker.
class TlsAcceptor {
 public:
  // `peer` is the address of the client; it can be asked for by `fd` with PeerOf as long as the connection lives.
  using Take = std::function<void(int fd)>;
  static absl::StatusOr<std::unique_ptr<TlsAcceptor>> Listen(const GrpcServerConfig& config, Context context,
                                                             Take take);
  ~TlsAcceptor();  // closes all connections
  int port() const;
  // No new connections; those there are end when either side closes them.
  void StopAccepting();
  // `127.0.0.1:4711` for gRPC's name of a connection, `fd:12`; the name itself when it is none of ours.
  std::string PeerOf(const std::string& name) const;

 private:
  class Impl;
  explicit TlsAcceptor(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

// The client's side: a unix socket without a place in the file system that only this process may connect to. Each
// connection to it goes on over TLS to `host`:`port`. A dial that fails closes it, and is told in the log.
class TlsDialer {
 public:
  static absl::StatusOr<std::unique_ptr<TlsDialer>> Start(const TlsClientConfig& config, std::string host,
                                                          std::string port, Context context);
  ~TlsDialer();
  // Why the last dial failed; "" when it did not.
  const std::string& last_error() const;
  // For the channel: `unix-abstract:...`.
  const std::string& target() const;

 private:
  class Impl;
  explicit TlsDialer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace otelpipe::grpc_internal
