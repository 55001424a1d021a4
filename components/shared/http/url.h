// URLs of HTTP requests, and the proxy that the environment asks for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace otelpipe {

struct HttpUrl {
  bool tls = false;
  std::string host;       // without brackets
  std::string port;       // never empty: 80 or 443 when the URL has none
  std::string authority;  // as the Host header has it
  std::string target;     // path and query, at least "/"
  std::string basic;      // "user:password" when the URL has them, undecoded

  // InvalidArgument in the reference's words: `unsupported protocol scheme "localhost"`, `no Host in request URL`.
  static absl::StatusOr<HttpUrl> Parse(std::string_view url);
  // Where a Location header leads from here.
  absl::StatusOr<HttpUrl> Resolve(std::string_view location) const;
  std::string Origin() const { return (tls ? "https://" : "http://") + authority; }
};

// What Go's url.Parse refuses, in its words: `parse "127.0.0.1:4318": first path segment in URL cannot contain colon`. What it takes may still be no
// URL that a request can be sent to.
absl::Status CheckUrl(std::string_view url);

// Which proxy a request takes, by HTTP_PROXY, HTTPS_PROXY and NO_PROXY (also in lower case), or by a fixed URL.
class ProxyRules {
 public:
  ProxyRules() = default;  // none
  static ProxyRules FromEnvironment();
  static ProxyRules Fixed(HttpUrl proxy);
  // Null when the request goes straight. Requests to this machine's loopback always do, unless the proxy is fixed.
  const HttpUrl* For(const HttpUrl& url) const;

 private:
  std::vector<HttpUrl> http_, https_;  // none or one
  std::vector<std::string> exempt_;
  bool fixed_ = false;
};

}  // namespace otelpipe
