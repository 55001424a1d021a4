// From configuration blocks to gRPC's own: addresses, credentials, channel arguments. Internal.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "shared/grpc/grpc_config.h"

namespace otelpipe::grpc_internal {

struct ListenTarget {
  std::string address;  // for AddListeningPort
  std::string shown;    // for messages
};
// Tries to bind, so that a failure has the system's reason: gRPC tells only that it failed.
absl::StatusOr<ListenTarget> CheckListen(const std::string& endpoint, const std::string& transport);

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(const std::optional<TlsServerConfig>& tls);
void TuneServer(const GrpcServerConfig& config, grpc::ServerBuilder& builder);

struct DialTarget {
  std::string address;
  bool tls = true;
  bool loopback = false;
  std::string host, port;  // without resolver scheme
};
DialTarget ParseDial(const GrpcClientConfig& config);
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(const TlsClientConfig& tls);
grpc::ChannelArguments TuneClient(const GrpcClientConfig& config, const DialTarget& target);

}  // namespace otelpipe::grpc_internal
