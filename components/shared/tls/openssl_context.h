// OpenSSL contexts from `tls` blocks, for connections made with Asio. Heavy neither here nor there: SSL_CTX is declared only.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "shared/tls/tls_config.h"

typedef struct ssl_ctx_st SSL_CTX;

namespace otelpipe {

using SslContext = std::shared_ptr<SSL_CTX>;

// The protocol that a connection carries; ALPN offers it and takes no other.
enum class Alpn { kHttp11, kH2 };

// Verifies the server's chain against the roots unless insecure_skip_verify. The name is checked per connection by the user of the context.
absl::StatusOr<SslContext> MakeClientContext(const TlsClientConfig& config, Alpn alpn = Alpn::kHttp11);
// Asks for client certificates when client_ca_file is set.
absl::StatusOr<SslContext> MakeServerContext(const TlsServerConfig& config, Alpn alpn = Alpn::kHttp11);

// A server's or client's context that is read again after `reload_interval`. Single threaded.
class ReloadingContext {
 public:
  ReloadingContext() = default;
  absl::Status Start(const TlsServerConfig& config, int64_t now_nanos, Alpn alpn = Alpn::kHttp11);
  absl::Status Start(const TlsClientConfig& config, int64_t now_nanos, Alpn alpn = Alpn::kHttp11);
  // The context for a handshake that begins now; reads the files again when they are due. When that fails the error is returned and the next
  // handshake tries again, as the reference has it; a bad client_ca_file alone leaves what was there in force.
  absl::StatusOr<SslContext> Get(int64_t now_nanos);
  explicit operator bool() const { return context_ != nullptr; }

 private:
  absl::StatusOr<SslContext> Make() const;
  std::shared_ptr<const TlsServerConfig> server_;
  std::shared_ptr<const TlsClientConfig> client_;
  SslContext context_;
  Alpn alpn_ = Alpn::kHttp11;
  int64_t interval_ = 0;
  int64_t loaded_at_ = 0;
};

}  // namespace otelpipe
