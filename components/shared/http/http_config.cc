#include "shared/http/http_config.h"

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

absl::Status CheckLevel(const HttpClientConfig& c) {
  const int64_t level = c.compression_params.level;
  bool good = true;
  switch (c.compression) {
    case Compression::kNone:
    case Compression::kZstd:
      break;
    case Compression::kGzip:
    case Compression::kZlib:
    case Compression::kDeflate:
      good = level >= -2 && level <= 9;
      break;
    default:
      good = level == 0;
  }
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("unsupported parameters {Level:", level, "} for compression type \"",
                                                 A(CompressionName(c.compression)), "\""));
}

}  // namespace

void CompressionParams::Describe(Fields<CompressionParams>& f) {
  f.Optional("level", &CompressionParams::level, "How hard to try: gzip, zlib, deflate -2 to 9, zstd any number.");
}

void CookiesConfig::Describe(Fields<CookiesConfig>& f) {
  f.Optional("enabled", &CookiesConfig::enabled, "Must be false.");
  f.Validate([](const CookiesConfig& c) {
    return c.enabled ? absl::InvalidArgumentError("cookies are not supported: they are not kept between requests") : absl::OkStatus();
  });
}

void HttpClientConfig::Describe(Fields<HttpClientConfig>& f) {
  using C = HttpClientConfig;
  f.Optional("endpoint", &C::endpoint, "Where to send, as URL.");
  f.Optional("proxy_url", &C::proxy_url, "Proxy; empty takes HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the environment.");
  f.Optional("tls", &C::tls, "TLS of https connections.");
  f.Optional("read_buffer_size", &C::read_buffer_size, "Accepted; buffers grow as needed.");
  f.Optional("write_buffer_size", &C::write_buffer_size, "Accepted; bodies are sent without a copy.");
  f.Optional("timeout", &C::timeout, "Limit of one request, reading the answer included; 0 means none.");
  f.Optional("headers", &C::headers, "Headers of each request.");
  f.Optional("compression", &C::compression, "gzip zlib deflate snappy zstd lz4 none.");
  f.Optional("compression_params", &C::compression_params, "Level of the compression.");
  f.Optional("auth", &C::auth, "Authentication extension.");
  f.Optional("max_idle_conns", &C::max_idle_conns, "Connections kept open without work; 0 means any number.");
  f.Optional("max_idle_conns_per_host", &C::max_idle_conns_per_host, "The same per host; 0 means no limit of its own.");
  f.Optional("max_conns_per_host", &C::max_conns_per_host, "Connections per host; 0 means any number.");
  f.Optional("idle_conn_timeout", &C::idle_conn_timeout, "Close a connection after this time without work.");
  f.Optional("disable_keep_alives", &C::disable_keep_alives, "One connection per request.");
  f.Ignored("http2_read_idle_timeout", "requests are HTTP/1.1");
  f.Ignored("http2_ping_timeout", "requests are HTTP/1.1");
  f.Optional("cookies", &C::cookies, "Cookies kept between requests: can't be switched on.");
  f.Optional("middleware", &C::middleware, "Must be empty: there are no middleware extensions.");
  f.Validate(&CheckLevel);
  f.Validate([](const C& c) { return CheckMiddlewares(c.middleware); });
}

void CorsConfig::Describe(Fields<CorsConfig>& f) {
  f.Optional("allowed_origins", &CorsConfig::allowed_origins, "Origins, each with at most one `*`.");
  f.Optional("allowed_headers", &CorsConfig::allowed_headers, "Request headers; empty allows accept, content-type, x-requested-with.");
  f.Optional("max_age", &CorsConfig::max_age, "Seconds a browser may keep the answer to a preflight.");
}

void HttpServerConfig::Describe(Fields<HttpServerConfig>& f) {
  using C = HttpServerConfig;
  f.Optional("endpoint", &C::endpoint, "host:port to listen on, or unix:///path.");
  f.Optional("tls", &C::tls, "TLS of the server; absent means plain text.");
  f.Optional("cors", &C::cors, "Requests of browsers from other origins.");
  f.Optional("auth", &C::auth, "Authentication extension.");
  f.Optional("max_request_body_size", &C::max_request_body_size, "Bytes of a body, packed and unpacked; 0 means 20 MiB.");
  f.Optional("include_metadata", &C::include_metadata, "Keep request headers for processors that look at them.");
  f.Optional("response_headers", &C::response_headers, "Headers of each response.");
  f.Optional("compression_algorithms", &C::compression_algorithms, "Content-Encodings taken; \"\" stands for none.");
  f.Optional("read_timeout", &C::read_timeout, "Limit of reading one request; 0 means none.");
  f.Optional("read_header_timeout", &C::read_header_timeout, "Limit of reading its header; 0 means read_timeout.");
  f.Optional("write_timeout", &C::write_timeout, "Limit of writing the response; 0 means none.");
  f.Optional("idle_timeout", &C::idle_timeout, "Close a connection after this time without request; 0 means read_timeout.");
  f.Optional("middleware", &C::middleware, "Must be empty: there are no middleware extensions.");
  f.Validate([](const C& c) { return CheckMiddlewares(c.middleware); });
  f.Validate([](const C& c) {
    if (!c.compression_algorithms) return absl::OkStatus();
    for (const std::string& name : *c.compression_algorithms) {
      if (name == "none" || !ParseCompression(name).ok()) {
        return absl::InvalidArgumentError(absl::StrCat("unsupported compression algorithm \"", name, "\""));
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace otelpipe
