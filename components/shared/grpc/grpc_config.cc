#include "shared/grpc/grpc_config.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "shared/net/address.h"

namespace otelpipe {
namespace {

absl::Status CheckServer(const GrpcServerConfig& c) {
  constexpr int64_t kMost = (int64_t{1} << 31) / (1 << 20) - 1;
  if (c.max_recv_msg_size_mib < 0 || c.max_recv_msg_size_mib > kMost) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid max_recv_msg_size_mib value, must be between 1 and ", kMost, ": ", c.max_recv_msg_size_mib));
  }
  if (c.read_buffer_size < 0) {
    return absl::InvalidArgumentError(absl::StrCat("invalid read_buffer_size value: ", c.read_buffer_size));
  }
  if (c.write_buffer_size < 0) {
    return absl::InvalidArgumentError(absl::StrCat("invalid write_buffer_size value: ", c.write_buffer_size));
  }
  return absl::OkStatus();
}

absl::Status CheckClient(const GrpcClientConfig& c) {
  std::string_view endpoint = c.endpoint;
  for (const std::string_view prefix : {"http://", "https://", "dns://"}) {
    if (!endpoint.starts_with(prefix)) continue;
    endpoint.remove_prefix(prefix.size());
    if (prefix == "dns://") endpoint = endpoint.substr(endpoint.find('/') == std::string_view::npos ? 0 : endpoint.find('/') + 1);
    break;
  }
  if (endpoint.empty()) return absl::InvalidArgumentError("requires a non-empty \"endpoint\"");
  absl::StatusOr<HostPort> where = SplitHostPort(endpoint);
  if (!where.ok()) return where.status();
  int64_t port = 0;
  if (!absl::SimpleAtoi(where->port, &port)) {
    return absl::InvalidArgumentError(absl::StrCat("invalid port \"", where->port, "\""));
  }
  if (!c.balancer_name.empty() && c.balancer_name != "pick_first" && c.balancer_name != "round_robin") {
    return absl::InvalidArgumentError(absl::StrCat("invalid balancer_name: ", c.balancer_name));
  }
  switch (c.compression) {
    case Compression::kNone:
    case Compression::kGzip:
      break;
    case Compression::kSnappy:
    case Compression::kZstd:
      return absl::InvalidArgumentError(absl::StrCat("compression \"", A(CompressionName(c.compression)),
                                                     "\" is not supported for gRPC by otelpipe; use gzip or none"));
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("unsupported compression type \"", A(CompressionName(c.compression)), "\""));
  }
  return absl::OkStatus();
}

}  // namespace

void GrpcServerParameters::Describe(Fields<GrpcServerParameters>& f) {
  using C = GrpcServerParameters;
  f.Optional("max_connection_idle", &C::max_connection_idle, "Close a connection after this time without calls.");
  f.Optional("max_connection_age", &C::max_connection_age, "Close a connection after this time.");
  f.Optional("max_connection_age_grace", &C::max_connection_age_grace, "Time its running calls still get.");
  f.Optional("time", &C::time, "Ping a silent client after this time; 0 means 2h.");
  f.Optional("timeout", &C::timeout, "Wait for the answer to a ping; 0 means 20s.");
}
void GrpcEnforcementPolicy::Describe(Fields<GrpcEnforcementPolicy>& f) {
  f.Optional("min_time", &GrpcEnforcementPolicy::min_time, "Least time between pings of a client; 0 means 5m.");
  f.Optional("permit_without_stream", &GrpcEnforcementPolicy::permit_without_stream, "Clients may ping without calls.");
}
void GrpcServerKeepalive::Describe(Fields<GrpcServerKeepalive>& f) {
  f.Optional("server_parameters", &GrpcServerKeepalive::server_parameters, "Ages and pings of connections.");
  f.Optional("enforcement_policy", &GrpcServerKeepalive::enforcement_policy, "What clients may do.");
}

void GrpcServerConfig::Describe(Fields<GrpcServerConfig>& f) {
  using C = GrpcServerConfig;
  f.Optional("endpoint", &C::endpoint, "host:port to listen on, or a path for unix sockets.");
  f.OneOf("transport", &C::transport, {"tcp", "tcp4", "tcp6", "unix"}, "unsupported transport type ", "tcp tcp4 tcp6 unix.");
  f.Ignored("dialer", "servers do not dial");
  f.Optional("tls", &C::tls, "TLS of the server; absent means plain text.");
  f.Optional("max_recv_msg_size_mib", &C::max_recv_msg_size_mib, "Largest message, unpacked; 0 means 4.");
  f.Optional("max_concurrent_streams", &C::max_concurrent_streams, "Calls at once per connection; 0 means any number.");
  f.Optional("read_buffer_size", &C::read_buffer_size, "Accepted; buffers grow as needed.");
  f.Optional("write_buffer_size", &C::write_buffer_size, "Accepted; buffers grow as needed.");
  f.Optional("keepalive", &C::keepalive, "Ages and pings of connections.");
  f.Optional("auth", &C::auth, "Authentication extension.");
  f.Optional("include_metadata", &C::include_metadata, "Keep request metadata for processors that look at it.");
  f.Optional("middlewares", &C::middlewares, "Must be empty: there are no middleware extensions.");
  f.Validate([](const C& c) { return CheckMiddlewares(c.middlewares); });
  f.Validate(&CheckServer);
}

void GrpcClientKeepalive::Describe(Fields<GrpcClientKeepalive>& f) {
  f.Optional("time", &GrpcClientKeepalive::time, "Ping a silent server after this time; at least 10s.");
  f.Optional("timeout", &GrpcClientKeepalive::timeout, "Wait for the answer; 0 means 20s.");
  f.Optional("permit_without_stream", &GrpcClientKeepalive::permit_without_stream, "Ping also without calls.");
}

void GrpcClientConfig::Describe(Fields<GrpcClientConfig>& f) {
  using C = GrpcClientConfig;
  f.Optional("endpoint", &C::endpoint, "host:port, also after http://, https:// or dns:///.");
  f.Optional("compression", &C::compression, "gzip or none.");
  f.Optional("tls", &C::tls, "TLS of the connection; on unless `insecure` is set.");
  f.Optional("keepalive", &C::keepalive, "Pings.");
  f.Optional("read_buffer_size", &C::read_buffer_size, "Accepted; buffers grow as needed.");
  f.Optional("write_buffer_size", &C::write_buffer_size, "Accepted; messages are sent without a copy.");
  f.Optional("wait_for_ready", &C::wait_for_ready, "Wait for a connection instead of failing at once.");
  f.Optional("headers", &C::headers, "Metadata of each call.");
  f.Optional("balancer_name", &C::balancer_name, "pick_first or round_robin.");
  f.Optional("authority", &C::authority, "The :authority of calls.");
  f.Optional("auth", &C::auth, "Authentication extension.");
  f.Optional("middlewares", &C::middlewares, "Must be empty: there are no middleware extensions.");
  f.Validate([](const C& c) { return CheckMiddlewares(c.middlewares); });
  f.Validate(&CheckClient);
}

}  // namespace otelpipe
