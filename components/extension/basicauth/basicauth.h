// basicauth: HTTP Basic authentication, either of the clients of our servers (`htpasswd`) or of ourselves at other
// servers (`client_auth`).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "extension/basicauth/htpasswd.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

struct BasicAuthConfig {
  struct Users {
    std::string file;
    std::string inline_text;  // read after the file, so its entries win
    static void Describe(Fields<Users>& f);
  };
  struct Client {
    std::string username;
    std::string password;
    static void Describe(Fields<Client>& f);
  };
  std::optional<Users> htpasswd;
  std::optional<Client> client_auth;
  static void Describe(Fields<BasicAuthConfig>& f);
};

// Checks the header Authorization. `client.auth` gets `username` and `raw` (the encoded part of the header).
class BasicAuthServer final : public Extension, public ServerAuth {
 public:
  BasicAuthServer(BasicAuthConfig config, Context context) : config_(std::move(config)), context_(std::move(context)) {}
  // `open htpasswd file: open PATH: no such file or directory`.
  absl::Status Start(Host& host) override;
  absl::Status Authenticate(const Headers& headers, ClientInfo& client) override;

 private:
  void Add(std::string_view text, const std::string& source);
  const BasicAuthConfig config_;
  const Context context_;
  Htpasswd users_;
};

// Adds the header Authorization. gRPC connections must be encrypted.
class BasicAuthClient final : public Extension, public ClientAuth {
 public:
  BasicAuthClient(BasicAuthConfig config, Context context);
  absl::Status Start(Host& host) override;
  absl::StatusOr<Headers> RequestHeaders(const ClientInfo*) override { return headers_; }
  bool requires_tls() const override { return true; }

 private:
  const BasicAuthConfig::Client client_;
  Headers headers_;
};

// The one of the two that the configuration asks for: a server that names the other as its authenticator is refused at
// start.
absl::StatusOr<std::unique_ptr<Extension>> MakeBasicAuth(const BasicAuthConfig& config, Context context);

}  // namespace otelpipe
