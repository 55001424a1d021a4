// The `auth` block and the extensions it names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

// `middleware` of HTTP, `middlewares` of gRPC: extensions that wrap requests. There are none here, so only an empty list passes.
struct MiddlewareConfig {
  std::string id;
  static void Describe(Fields<MiddlewareConfig>& f);
};
absl::Status CheckMiddlewares(const std::vector<MiddlewareConfig>& list);

struct AuthConfig {
  ComponentId authenticator;
  static void Describe(Fields<AuthConfig>& f);
};
struct HttpServerAuthConfig : AuthConfig {
  // Query parameters that replace the header of the same name before authentication.
  std::vector<std::string> request_params;
  static void Describe(Fields<HttpServerAuthConfig>& f);
};

// The running extension. FailedPrecondition with the reference's words: `failed to resolve authenticator "x": authenticator not found`,
// `requested authenticator is not a server authenticator`.
absl::StatusOr<ServerAuth*> FindServerAuth(const AuthConfig& config, Host& host);
// `kind` is "HTTP" or "gRPC", for the message `requested authenticator is not a HTTP client authenticator`.
absl::StatusOr<ClientAuth*> FindClientAuth(const AuthConfig& config, Host& host, std::string_view kind);

}  // namespace otelpipe
