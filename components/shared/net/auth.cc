#include "shared/net/auth.h"

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

absl::StatusOr<Extension*> Find(const AuthConfig& config, Host& host) {
  Extension* found = host.FindExtension(config.authenticator);
  if (found == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("failed to resolve authenticator \"",
                                                      config.authenticator.ToString(), "\": authenticator not found"));
  }
  return found;
}

}  // namespace

void MiddlewareConfig::Describe(Fields<MiddlewareConfig>& f) {
  f.Optional("id", &MiddlewareConfig::id, "Id of the extension.");
}
absl::Status CheckMiddlewares(const std::vector<MiddlewareConfig>& list) {
  if (list.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("failed to resolve middleware \"", list[0].id,
                                                 "\": middleware not found (there are no middleware extensions)"));
}

void AuthConfig::Describe(Fields<AuthConfig>& f) {
  f.Required("authenticator", &AuthConfig::authenticator, "Id of the authentication extension.");
}
void HttpServerAuthConfig::Describe(Fields<HttpServerAuthConfig>& f) {
  f.InlineBase<AuthConfig>();
  f.Optional("request_params", &HttpServerAuthConfig::request_params,
             "Query parameters that replace the header of the same name before authentication.");
}

absl::StatusOr<ServerAuth*> FindServerAuth(const AuthConfig& config, Host& host) {
  OTELPIPE_ASSIGN_OR_RETURN(Extension * extension, Find(config, host));
  if (auto* auth = dynamic_cast<ServerAuth*>(extension); auth != nullptr) return auth;
  return absl::FailedPreconditionError("requested authenticator is not a server authenticator");
}

absl::StatusOr<ClientAuth*> FindClientAuth(const AuthConfig& config, Host& host, std::string_view kind) {
  OTELPIPE_ASSIGN_OR_RETURN(Extension * extension, Find(config, host));
  if (auto* auth = dynamic_cast<ClientAuth*>(extension); auth != nullptr) return auth;
  return absl::FailedPreconditionError(
      absl::StrCat("requested authenticator is not a ", A(kind), " client authenticator"));
}

}  // namespace otelpipe
