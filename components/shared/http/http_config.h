// The configuration blocks of HTTP clients and servers, as the reference's confighttp has them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "otelpipe/component/fields.h"
#include "shared/compression/compression.h"
#include "shared/net/auth.h"
#include "shared/tls/tls_config.h"

namespace otelpipe {

struct CompressionParams {
  int64_t level = 0;
  static void Describe(Fields<CompressionParams>& f);
};

// Accepted as long as it is off.
struct CookiesConfig {
  bool enabled = false;
  static void Describe(Fields<CookiesConfig>& f);
};

// An exporter takes it in with Fields::Inline or InlineBase and sets its own defaults in DefaultConfig().
struct HttpClientConfig {
  std::string endpoint;
  std::string proxy_url;  // "" = from the environment
  TlsClientConfig tls;
  int64_t read_buffer_size = 0;
  int64_t write_buffer_size = 0;
  absl::Duration timeout;  // 0 = none
  std::map<std::string, std::string> headers;
  Compression compression = Compression::kNone;
  CompressionParams compression_params;
  std::optional<AuthConfig> auth;
  int64_t max_idle_conns = 100;
  int64_t max_idle_conns_per_host = 0;
  int64_t max_conns_per_host = 0;
  absl::Duration idle_conn_timeout = absl::Seconds(90);
  bool disable_keep_alives = false;
  CookiesConfig cookies;
  std::vector<MiddlewareConfig> middleware;
  static void Describe(Fields<HttpClientConfig>& f);
};

struct CorsConfig {
  std::vector<std::string> allowed_origins;
  std::vector<std::string> allowed_headers;
  int64_t max_age = 0;  // seconds
  static void Describe(Fields<CorsConfig>& f);
};

// `endpoint` is host:port, or unix:///path for a unix socket. Port 0 takes a free one.
struct HttpServerConfig {
  std::string endpoint;
  std::optional<TlsServerConfig> tls;
  std::optional<CorsConfig> cors;
  std::optional<HttpServerAuthConfig> auth;
  int64_t max_request_body_size = 20 << 20;  // 0 and less: 20 MiB
  bool include_metadata = false;
  std::map<std::string, std::string> response_headers;
  std::optional<std::vector<std::string>> compression_algorithms;  // unset: all
  absl::Duration read_timeout;
  absl::Duration read_header_timeout = absl::Minutes(1);
  absl::Duration write_timeout = absl::Seconds(30);
  absl::Duration idle_timeout = absl::Minutes(1);
  std::vector<MiddlewareConfig> middleware;
  static void Describe(Fields<HttpServerConfig>& f);
};

}  // namespace otelpipe
