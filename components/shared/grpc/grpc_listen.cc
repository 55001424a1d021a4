#include "shared/grpc/grpc_listen.h"

#include <arpa/inet.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/net/address.h"

namespace otelpipe::grpc_internal {
namespace {

int Millis(absl::Duration d) {
  return static_cast<int>(std::min<int64_t>(absl::ToInt64Milliseconds(d), INT32_MAX));
}

absl::Status TryBind(const sockaddr* address, socklen_t size, const std::string& transport, const std::string& shown) {
  const auto fail = [&](const char* call) {
    std::string why = std::strerror(errno);
    if (!why.empty() && why[0] >= 'A' && why[0] <= 'Z') why[0] = static_cast<char>(why[0] + 32);
    return absl::UnavailableError(absl::StrCat("listen ", transport, " ", shown, ": ", call, ": ", why));
  };
  const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail("socket");
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  absl::Status status = ::bind(fd, address, size) == 0 ? absl::OkStatus() : fail("bind");
  // Two sockets may be bound with SO_REUSEADDR as long as neither listens; a listener is found here at the latest.
  if (status.ok() && ::listen(fd, 1) != 0) status = fail("bind");
  ::close(fd);
  return status;
}

}  // namespace

absl::StatusOr<ListenTarget> CheckListen(const std::string& endpoint, const std::string& transport) {
  if (transport == "unix") return ListenTarget{"unix:" + endpoint, endpoint};
  absl::StatusOr<HostPort> where = SplitHostPort(endpoint.empty() ? ":0" : endpoint);
  if (!where.ok()) return absl::InvalidArgumentError(absl::StrCat("listen ", transport, ": ", where.status().message()));
  absl::StatusOr<uint16_t> port = ParsePort(where->port);
  if (!port.ok()) return absl::InvalidArgumentError(absl::StrCat("listen ", transport, ": ", port.status().message()));
  const bool v4 = transport == "tcp4";
  if (where->host.empty()) {
    ListenTarget out{absl::StrCat(v4 ? "0.0.0.0:" : "[::]:", *port), absl::StrCat(":", *port)};
    sockaddr_in6 any6{};
    any6.sin6_family = AF_INET6;
    any6.sin6_port = htons(*port);
    sockaddr_in any4{};
    any4.sin_family = AF_INET;
    any4.sin_port = htons(*port);
    absl::Status status = v4 ? TryBind(reinterpret_cast<sockaddr*>(&any4), sizeof(any4), transport, out.shown)
                             : TryBind(reinterpret_cast<sockaddr*>(&any6), sizeof(any6), transport, out.shown);
    if (!status.ok() && !v4 && errno == EAFNOSUPPORT) {
      out.address = absl::StrCat("0.0.0.0:", *port);
      status = TryBind(reinterpret_cast<sockaddr*>(&any4), sizeof(any4), transport, out.shown);
    }
    OTELPIPE_RETURN_IF_ERROR(status);
    return out;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = v4 ? AF_INET : transport == "tcp6" ? AF_INET6 : AF_UNSPEC;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string host = where->host == "localhost" && transport != "tcp6" ? "127.0.0.1" : where->host;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0 || found == nullptr) {
    return absl::UnavailableError(absl::StrCat("listen ", transport, ": lookup ", where->host, ": no such host"));
  }
  const addrinfo* chosen = found;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    if (a->ai_family == AF_INET) {
      chosen = a;
      break;
    }
  }
  sockaddr_storage address{};
  std::memcpy(&address, chosen->ai_addr, chosen->ai_addrlen);
  const socklen_t size = chosen->ai_addrlen;
  ::freeaddrinfo(found);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    auto* in = reinterpret_cast<sockaddr_in*>(&address);
    in->sin_port = htons(*port);
    inet_ntop(AF_INET, &in->sin_addr, text.data(), text.size());
  } else {
    auto* in = reinterpret_cast<sockaddr_in6*>(&address);
    in->sin6_port = htons(*port);
    inet_ntop(AF_INET6, &in->sin6_addr, text.data(), text.size());
  }
  ListenTarget out;
  out.shown = JoinHostPort(text.data(), std::to_string(*port));
  out.address = out.shown;
  OTELPIPE_RETURN_IF_ERROR(TryBind(reinterpret_cast<sockaddr*>(&address), size, transport, out.shown));
  return out;
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(const std::optional<TlsServerConfig>& tls) {
  if (!tls) return grpc::InsecureServerCredentials();
  OTELPIPE_ASSIGN_OR_RETURN(TlsMaterial material, LoadTlsMaterial(*tls));
  const bool watched = (tls->reload_interval > absl::ZeroDuration() && !tls->cert_file.empty() && !tls->key_file.empty()) ||
                       tls->client_ca_file_reload;
  if (watched && !tls->cert_file.empty() && !tls->key_file.empty()) {
    const auto seconds = static_cast<unsigned>(std::max<int64_t>(
        1, tls->reload_interval > absl::ZeroDuration() ? absl::ToInt64Seconds(tls->reload_interval) : 1));
    auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(tls->key_file, tls->cert_file,
                                                                                        tls->client_ca_file, seconds);
    grpc::experimental::TlsServerCredentialsOptions options(provider);
    options.watch_identity_key_cert_pairs();
    if (!tls->client_ca_file.empty()) {
      options.watch_root_certs();
      options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    }
    return grpc::experimental::TlsServerCredentials(options);
  }
  grpc::SslServerCredentialsOptions options(material.client_ca_pem.empty()
                                                ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = material.client_ca_pem;
  options.pem_key_cert_pairs.push_back({material.key_pem, material.cert_pem});
  return grpc::SslServerCredentials(options);
}

void TuneServer(const GrpcServerConfig& config, grpc::ServerBuilder& builder) {
  // Without this two programs can listen on one port and share its connections unseen.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Messages are unpacked by us.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  // Fixed windows: bandwidth probing pings after each read burst and costs more than it brings at these sizes.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 4 << 20);
  if (config.max_concurrent_streams > 0) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                               static_cast<int>(std::min<uint32_t>(config.max_concurrent_streams, INT32_MAX)));
  }
  if (config.keepalive.server_parameters) {
    const GrpcServerParameters& p = *config.keepalive.server_parameters;
    if (p.max_connection_idle > absl::ZeroDuration()) {
      builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, Millis(p.max_connection_idle));
    }
    if (p.max_connection_age > absl::ZeroDuration()) {
      builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Millis(p.max_connection_age));
    }
    if (p.max_connection_age_grace > absl::ZeroDuration()) {
      builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, Millis(p.max_connection_age_grace));
    }
    if (p.time > absl::ZeroDuration()) {
      builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Millis(std::max(p.time, absl::Seconds(1))));
    }
    if (p.timeout > absl::ZeroDuration()) builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(p.timeout));
  }
  if (config.keepalive.enforcement_policy) {
    const GrpcEnforcementPolicy& p = *config.keepalive.enforcement_policy;
    if (p.min_time > absl::ZeroDuration()) {
      builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, Millis(p.min_time));
    }
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, p.permit_without_stream ? 1 : 0);
  }
}

DialTarget ParseDial(const GrpcClientConfig& config) {
  DialTarget out;
  std::string_view endpoint = config.endpoint;
  out.tls = !config.tls.plain();
  if (endpoint.starts_with("https://")) {
    endpoint.remove_prefix(8);
    out.tls = true;
  } else if (endpoint.starts_with("http://")) {
    endpoint.remove_prefix(7);
  }
  const bool resolver = endpoint.starts_with("dns://");
  const absl::StatusOr<HostPort> where = SplitHostPort(resolver ? endpoint.substr(endpoint.rfind('/') + 1) : endpoint);
  const std::string host = !where.ok() ? "" : where->host.empty() ? "localhost" : where->host;
  const std::string port = where.ok() ? where->port : "";
  out.host = host;
  out.port = port;
  if (resolver) {
    out.address = endpoint;
    return out;
  }
  in6_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) == 1) {
    out.address = absl::StrCat("ipv4:", host, ":", port);
    out.loopback = host.starts_with("127.");
  } else if (inet_pton(AF_INET6, host.c_str(), &address) == 1) {
    out.address = absl::StrCat("ipv6:[", host, "]:", port);
    out.loopback = host == "::1";
  } else {
    out.address = absl::StrCat("dns:///", host, ":", port);
    out.loopback = host == "localhost";
  }
  return out;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(const TlsClientConfig& tls) {
  OTELPIPE_ASSIGN_OR_RETURN(TlsMaterial material, LoadTlsMaterial(static_cast<const TlsConfig&>(tls)));
  if (material.ca_pem.empty()) material.ca_pem = SystemRootsPem();
  const bool watched = tls.reload_interval > absl::ZeroDuration() && !tls.cert_file.empty() && !tls.key_file.empty();
  if (!tls.insecure_skip_verify && !watched) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = material.ca_pem;
    options.pem_private_key = material.key_pem;
    options.pem_cert_chain = material.cert_pem;
    return grpc::SslCredentials(options);
  }
  grpc::experimental::TlsChannelCredentialsOptions options;
  if (watched) {
    options.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
        tls.key_file, tls.cert_file, tls.ca_file, static_cast<unsigned>(std::max<int64_t>(1, absl::ToInt64Seconds(tls.reload_interval)))));
    options.watch_identity_key_cert_pairs();
    if (!tls.ca_file.empty()) options.watch_root_certs();
  } else if (!material.cert_pem.empty()) {
    options.set_certificate_provider(std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
        material.ca_pem, std::vector<grpc::experimental::IdentityKeyCertPair>{{material.key_pem, material.cert_pem}}));
    options.watch_identity_key_cert_pairs();
    options.watch_root_certs();
  } else {
    options.set_certificate_provider(std::make_shared<grpc::experimental::StaticDataCertificateProvider>(material.ca_pem));
    options.watch_root_certs();
  }
  if (tls.insecure_skip_verify) {
    options.set_verify_server_certs(false);
    options.set_check_call_host(false);
    options.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  }
  return grpc::experimental::TlsCredentials(options);
}

grpc::ChannelArguments TuneClient(const GrpcClientConfig& config, const DialTarget& target) {
  grpc::ChannelArguments arguments;
  // A connection of its own per client; the library would share them by address.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetMaxSendMessageSize(-1);
  // Proxies of the environment are honoured, but never for loopback.
  if (target.loopback) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (config.keepalive) {
    const GrpcClientKeepalive& k = *config.keepalive;
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Millis(std::max(k.time, absl::Seconds(10))));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(k.timeout > absl::ZeroDuration() ? k.timeout : absl::Seconds(20)));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, k.permit_without_stream ? 1 : 0);
  }
  if (!config.balancer_name.empty()) arguments.SetLoadBalancingPolicyName(config.balancer_name);
  if (!config.authority.empty()) arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, config.authority);
  if (target.tls && !config.tls.server_name_override.empty()) {
    arguments.SetSslTargetNameOverride(config.tls.server_name_override);
  }
  return arguments;
}

}  // namespace otelpipe::grpc_internal
