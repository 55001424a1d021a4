// The `tls` blocks of clients and servers, and the files behind them.
//
//   struct Config { TlsClientConfig tls; ... };
//   OTELPIPE_ASSIGN_OR_RETURN(TlsMaterial material, LoadTlsMaterial(config.tls));   // PEM texts, checked
//
// OpenSSL contexts are made from it by openssl_context.h; gRPC takes the PEM texts.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

// Accepted as long as it is off.
struct TpmConfig {
  bool enabled = false;
  std::string path, owner_auth, auth;
  static void Describe(Fields<TpmConfig>& f);
};

struct TlsConfig {
  std::string ca_file, ca_pem;
  bool include_system_ca_certs_pool = false;
  std::string cert_file, cert_pem;
  std::string key_file, key_pem;
  std::string min_version;  // "" = 1.2
  std::string max_version;  // "" = 1.3
  std::vector<std::string> cipher_suites;
  std::vector<std::string> curve_preferences;
  absl::Duration reload_interval;  // 0 = never
  TpmConfig tpm;
  static void Describe(Fields<TlsConfig>& f);
};

struct TlsClientConfig : TlsConfig {
  bool insecure = false;
  bool insecure_skip_verify = false;
  std::string server_name_override;
  static void Describe(Fields<TlsClientConfig>& f);
  // Plain text is used only when no CA is given: a CA keeps TLS on, whatever `insecure` says.
  bool plain() const { return insecure && ca_file.empty() && ca_pem.empty(); }
};

struct TlsServerConfig : TlsConfig {
  std::string client_ca_file;
  bool client_ca_file_reload = false;
  static void Describe(Fields<TlsServerConfig>& f);
};

// What the files and PEM fields hold.
struct TlsMaterial {
  std::string cert_pem;  // leaf first, then its chain; "" = none
  std::string key_pem;
  std::string ca_pem;         // trust roots; "" = the system's
  std::string client_ca_pem;  // servers: roots of client certificates; "" = none is asked for
};

// Reads and checks. Errors are the reference's texts, e.g. `failed to load TLS config: failed to load TLS cert and key: open
// /x.pem: no such file or directory`. InvalidArgument.
absl::StatusOr<TlsMaterial> LoadTlsMaterial(const TlsConfig& config);
absl::StatusOr<TlsMaterial> LoadTlsMaterial(const TlsServerConfig& config);
// PEM text of the system's trust roots; "" when there are none.
std::string SystemRootsPem();
// A whole file. NotFound and others with the text `open PATH: no such file or directory`.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace otelpipe
