// The configuration blocks of gRPC clients and servers, as the reference's configgrpc has them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "otelpipe/component/fields.h"
#include "shared/compression/compression.h"
#include "shared/net/auth.h"
#include "shared/tls/tls_config.h"

namespace otelpipe {

struct GrpcServerParameters {
  absl::Duration max_connection_idle;  // 0 = no limit, as for the next two
  absl::Duration max_connection_age;
  absl::Duration max_connection_age_grace;
  absl::Duration time;     // 0 = 2 h
  absl::Duration timeout;  // 0 = 20 s
  static void Describe(Fields<GrpcServerParameters>& f);
};
struct GrpcEnforcementPolicy {
  absl::Duration min_time;  // 0 = 5 min
  bool permit_without_stream = false;
  static void Describe(Fields<GrpcEnforcementPolicy>& f);
};
struct GrpcServerKeepalive {
  std::optional<GrpcServerParameters> server_parameters;
  std::optional<GrpcEnforcementPolicy> enforcement_policy;
  static void Describe(Fields<GrpcServerKeepalive>& f);
};

// `endpoint` is host:port (port 0 takes a free one, "" any port of all interfaces), or a path with `transport: unix`.
struct GrpcServerConfig {
  std::string endpoint;
  std::string transport = "tcp";
  std::optional<TlsServerConfig> tls;
  int64_t max_recv_msg_size_mib = 0;   // 0 = 4
  uint32_t max_concurrent_streams = 0;  // 0 = any number
  int64_t read_buffer_size = 0;
  int64_t write_buffer_size = 0;
  GrpcServerKeepalive keepalive;
  std::optional<AuthConfig> auth;
  bool include_metadata = false;
  std::vector<MiddlewareConfig> middlewares;
  static void Describe(Fields<GrpcServerConfig>& f);
};

struct GrpcClientKeepalive {
  absl::Duration time;
  absl::Duration timeout;
  bool permit_without_stream = false;
  static void Describe(Fields<GrpcClientKeepalive>& f);
};

struct GrpcClientConfig {
  std::string endpoint;
  Compression compression = Compression::kNone;
  TlsClientConfig tls;
  std::optional<GrpcClientKeepalive> keepalive;
  int64_t read_buffer_size = 0;
  int64_t write_buffer_size = 0;
  bool wait_for_ready = false;
  std::map<std::string, std::string> headers;
  std::string balancer_name;
  std::string authority;
  std::optional<AuthConfig> auth;
  std::vector<MiddlewareConfig> middlewares;
  static void Describe(Fields<GrpcClientConfig>& f);
};

}  // namespace otelpipe
