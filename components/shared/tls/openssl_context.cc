#include "shared/tls/openssl_context.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <utility>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

struct Suite {
  std::string_view iana;
  const char* openssl;
};
// The suites the reference's library holds for secure. Those of TLS 1.3 are accepted and, as there, change nothing.
constexpr Suite kSuites[] = {
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_AES_128_GCM_SHA256", nullptr},
    {"TLS_AES_256_GCM_SHA384", nullptr},
    {"TLS_CHACHA20_POLY1305_SHA256", nullptr},
};

int VersionNumber(const std::string& version, int otherwise) {
  if (version == "1.0") return TLS1_VERSION;
  if (version == "1.1") return TLS1_1_VERSION;
  if (version == "1.2") return TLS1_2_VERSION;
  if (version == "1.3") return TLS1_3_VERSION;
  return otherwise;
}

absl::Status Fail(std::string_view text) {
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat("failed to load TLS config: ", A(text)));
}

struct BioFree {
  void operator()(BIO* b) const { BIO_free(b); }
  void operator()(X509* x) const { X509_free(x); }
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
};
using Bio = std::unique_ptr<BIO, BioFree>;
using Cert = std::unique_ptr<X509, BioFree>;

Bio Memory(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

void AddRoots(SSL_CTX* context, const std::string& pem) {
  const Bio bio = Memory(pem);
  while (true) {
    const Cert cert(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!cert) break;
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), cert.get());
  }
  ERR_clear_error();  // the end of the list is an error to OpenSSL
}

absl::Status UseCertificate(SSL_CTX* context, const TlsMaterial& material) {
  if (material.cert_pem.empty()) return absl::OkStatus();
  const Bio bio = Memory(material.cert_pem);
  const Cert leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return Fail("certificate is refused by OpenSSL");
  while (true) {
    Cert next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    if (SSL_CTX_add0_chain_cert(context, next.get()) == 1) (void)next.release();
  }
  ERR_clear_error();
  const Bio key_bio = Memory(material.key_pem);
  const std::unique_ptr<EVP_PKEY, BioFree> key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, const_cast<char*>("")));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return Fail("key is refused by OpenSSL");
  return absl::OkStatus();
}

absl::Status Common(SSL_CTX* context, const TlsConfig& config) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // idle connections give back 34 KiB each
  SSL_CTX_set_min_proto_version(context, VersionNumber(config.min_version, TLS1_2_VERSION));
  SSL_CTX_set_max_proto_version(context, VersionNumber(config.max_version, TLS1_3_VERSION));
  if (VersionNumber(config.min_version, TLS1_2_VERSION) < TLS1_2_VERSION) {
    SSL_CTX_set_security_level(context, 0);  // OpenSSL 3 refuses the old versions at any higher level
  }
  std::string ciphers;
  std::string bad;
  for (const std::string& name : config.cipher_suites) {
    bool known = false;
    for (const Suite& suite : kSuites) {
      if (suite.iana != name) continue;
      known = true;
      if (suite.openssl != nullptr) ciphers += (ciphers.empty() ? "" : ":") + std::string(suite.openssl);
    }
    if (!known) bad += (bad.empty() ? "" : "\n") + absl::StrCat("invalid TLS cipher suite: \"", name, "\"");
  }
  if (!bad.empty()) return Fail(bad);
  if (!ciphers.empty() && SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1) return Fail("cipher suites are refused");
  std::string curves;
  for (const std::string& name : config.curve_preferences) {
    const char* known = name == "P256"     ? "P-256"
                        : name == "P384"   ? "P-384"
                        : name == "P521"   ? "P-521"
                        : name == "X25519" ? "X25519"
                                           : nullptr;
    if (known == nullptr) {
      return Fail(absl::StrCat("invalid curve type: ", name, ". Expected values are [P-256, P-384, P-521, X25519]"));
    }
    curves += (curves.empty() ? "" : ":") + std::string(known);
  }
  if (!curves.empty() && SSL_CTX_set1_groups_list(context, curves.c_str()) != 1) return Fail("curves are refused");
  return absl::OkStatus();
}

// As ALPN writes names: a length, then the letters.
constexpr std::string_view kAlpnNames[] = {"\x08http/1.1", "\x02h2"};
const unsigned char* AlpnBytes(Alpn alpn) {
  return reinterpret_cast<const unsigned char*>(kAlpnNames[static_cast<size_t>(alpn)].data());
}
unsigned int AlpnSize(Alpn alpn) { return static_cast<unsigned int>(kAlpnNames[static_cast<size_t>(alpn)].size()); }

int ChooseAlpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned int in_size, void* which) {
  const Alpn alpn = which == nullptr ? Alpn::kHttp11 : Alpn::kH2;
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, AlpnBytes(alpn), AlpnSize(alpn), in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

SslContext Wrap(SSL_CTX* context) { return SslContext(context, [](SSL_CTX* c) { SSL_CTX_free(c); }); }

}  // namespace

absl::StatusOr<SslContext> MakeClientContext(const TlsClientConfig& config, Alpn alpn) {
  OTELPIPE_ASSIGN_OR_RETURN(const TlsMaterial material, LoadTlsMaterial(static_cast<const TlsConfig&>(config)));
  SslContext context = Wrap(SSL_CTX_new(TLS_client_method()));
  if (!context) return Fail("no memory for a TLS context");
  OTELPIPE_RETURN_IF_ERROR(Common(context.get(), config));
  OTELPIPE_RETURN_IF_ERROR(UseCertificate(context.get(), material));
  if (material.ca_pem.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else {
    AddRoots(context.get(), material.ca_pem);
  }
  SSL_CTX_set_verify(context.get(), config.insecure_skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), AlpnBytes(alpn), AlpnSize(alpn));
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT);
  return context;
}

absl::StatusOr<SslContext> MakeServerContext(const TlsServerConfig& config, Alpn alpn) {
  OTELPIPE_ASSIGN_OR_RETURN(const TlsMaterial material, LoadTlsMaterial(config));
  SslContext context = Wrap(SSL_CTX_new(TLS_server_method()));
  if (!context) return Fail("no memory for a TLS context");
  OTELPIPE_RETURN_IF_ERROR(Common(context.get(), config));
  OTELPIPE_RETURN_IF_ERROR(UseCertificate(context.get(), material));
  if (!material.client_ca_pem.empty()) {
    AddRoots(context.get(), material.client_ca_pem);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // Sessions would let a client in again whose certificate has been withdrawn since.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
  }
  static int h2;  // its address stands for the protocol
  SSL_CTX_set_alpn_select_cb(context.get(), &ChooseAlpn, alpn == Alpn::kH2 ? &h2 : nullptr);
  return context;
}

absl::StatusOr<SslContext> ReloadingContext::Make() const {
  return server_ ? MakeServerContext(*server_, alpn_) : MakeClientContext(*client_, alpn_);
}

absl::Status ReloadingContext::Start(const TlsServerConfig& config, int64_t now_nanos, Alpn alpn) {
  alpn_ = alpn;
  server_ = std::make_shared<const TlsServerConfig>(config);
  // A watched client CA is looked at every few seconds instead of by a file watcher: handshakes are rare enough to read it then.
  const absl::Duration watch = config.client_ca_file_reload && !config.client_ca_file.empty() ? absl::Seconds(1) : absl::InfiniteDuration();
  const absl::Duration reload = config.reload_interval > absl::ZeroDuration() ? config.reload_interval : absl::InfiniteDuration();
  const absl::Duration interval = std::min(watch, reload);
  interval_ = interval == absl::InfiniteDuration() ? 0 : absl::ToInt64Nanoseconds(interval);
  loaded_at_ = now_nanos;
  OTELPIPE_ASSIGN_OR_RETURN(context_, Make());
  return absl::OkStatus();
}

absl::Status ReloadingContext::Start(const TlsClientConfig& config, int64_t now_nanos, Alpn alpn) {
  alpn_ = alpn;
  client_ = std::make_shared<const TlsClientConfig>(config);
  interval_ = absl::ToInt64Nanoseconds(config.reload_interval);
  loaded_at_ = now_nanos;
  OTELPIPE_ASSIGN_OR_RETURN(context_, Make());
  return absl::OkStatus();
}

absl::StatusOr<SslContext> ReloadingContext::Get(int64_t now_nanos) {
  if (interval_ > 0 && now_nanos - loaded_at_ >= interval_) {
    absl::StatusOr<SslContext> made = Make();
    if (made.ok()) {
      context_ = *std::move(made);
      loaded_at_ = now_nanos;
    } else if (made.status().message().find("client CA CertPool") == absl::string_view::npos) {
      return made.status();
    }
  }
  return context_;
}

}  // namespace otelpipe
