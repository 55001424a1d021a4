// bearertokenauth: a fixed token in a header, checked at our servers and sent by our clients.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

// Takes any of the tokens from a client, sends the first. Tokens of a file are read again when the file changes, also
// by a swapped link.
class BearerTokenAuth final : public Extension, public ServerAuth, public ClientAuth {
 public:
  static constexpr std::string_view kType = "bearertokenauth";

  struct Config {
    std::string header = "Authorization";
    std::string scheme = "Bearer";
    std::string token;
    std::vector<std::string> tokens;
    std::string filename;
    static void Describe(Fields<Config>& f);
  };

  BearerTokenAuth(Config config, Context context);
  ~BearerTokenAuth() override;
  // Reads the file; its error is the start's.
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  absl::Status Authenticate(const Headers& headers, ClientInfo& client) override;
  // Unavailable while the file holds no token.
  absl::StatusOr<Headers> RequestHeaders(const ClientInfo* client) override;
  bool requires_tls() const override { return true; }

 private:
  struct Shared;
  void Watch();

  const Config config_;
  const Context context_;
  const std::string header_;  // lower case
  std::shared_ptr<Shared> shared_;
  Timer timer_;
};

}  // namespace otelpipe
