#include "shared/tls/tls_config.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

int VersionRank(const std::string& version, int otherwise) {
  constexpr std::array kVersions = {"1.0", "1.1", "1.2", "1.3"};
  if (version.empty()) return otherwise;
  for (size_t i = 0; i < kVersions.size(); ++i) {
    if (version == kVersions[i]) return static_cast<int>(i);
  }
  return -1;
}

absl::Status Check(const TlsConfig& c) {
  if (!c.ca_file.empty() && !c.ca_pem.empty()) {
    return absl::InvalidArgumentError("provide either a CA file or the PEM-encoded string, but not both");
  }
  const int least = VersionRank(c.min_version, 2);
  const int most = VersionRank(c.max_version, 3);
  if (least < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid TLS min_version: unsupported TLS version: \"", c.min_version, "\""));
  }
  if (most < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid TLS max_version: unsupported TLS version: \"", c.max_version, "\""));
  }
  if (least > most) {
    return absl::InvalidArgumentError("invalid TLS configuration: min_version cannot be greater than max_version");
  }
  return absl::OkStatus();
}

template <typename C>
void DescribeCommon(Fields<C>& f) {
  f.Optional("ca_file", &C::ca_file, "Trust roots of the peer's certificate, PEM file.");
  f.Optional("ca_pem", &C::ca_pem, "The same as text.");
  f.Optional("include_system_ca_certs_pool", &C::include_system_ca_certs_pool, "Add the system's roots to the given ones.");
  f.Optional("cert_file", &C::cert_file, "Certificate and its chain, PEM file.");
  f.Optional("cert_pem", &C::cert_pem, "The same as text.");
  f.Optional("key_file", &C::key_file, "Key of the certificate, PEM file.");
  f.Optional("key_pem", &C::key_pem, "The same as text.");
  f.Optional("min_version", &C::min_version, "Oldest TLS version: 1.0 1.1 1.2 1.3; empty means 1.2.");
  f.Optional("max_version", &C::max_version, "Newest TLS version; empty means 1.3.");
  f.Optional("cipher_suites", &C::cipher_suites, "Suites of TLS 1.2 and older, by their IANA names.");
  f.Optional("curve_preferences", &C::curve_preferences, "Of P256 P384 P521 X25519, best first.");
  f.Optional("reload_interval", &C::reload_interval, "Read certificate and key again after this time; 0 means never.");
  f.Optional("tpm", &C::tpm, "Keys in a TPM: can't be used, `enabled: true` is an error.");
}

struct BioFree {
  void operator()(BIO* b) const { BIO_free(b); }
  void operator()(X509* x) const { X509_free(x); }
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
};

bool HoldsCertificate(const std::string& pem) {
  const std::unique_ptr<BIO, BioFree> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<X509, BioFree> cert(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return cert != nullptr;
}

// The leaf and its key must fit: a mismatch would otherwise fail each handshake.
absl::Status CheckPair(const std::string& cert_pem, const std::string& key_pem) {
  const auto fail = [](std::string_view why) {
    ERR_clear_error();
    return absl::InvalidArgumentError(absl::StrCat("failed to load TLS cert and key PEMs: ", A(why)));
  };
  const std::unique_ptr<BIO, BioFree> cert_bio(BIO_new_mem_buf(cert_pem.data(), static_cast<int>(cert_pem.size())));
  const std::unique_ptr<X509, BioFree> cert(PEM_read_bio_X509(cert_bio.get(), nullptr, nullptr, nullptr));
  if (!cert) return fail("tls: failed to find any PEM data in certificate input");
  const std::unique_ptr<BIO, BioFree> key_bio(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  // An empty passphrase: OpenSSL must never ask at a terminal.
  const std::unique_ptr<EVP_PKEY, BioFree> key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, const_cast<char*>("")));
  if (!key) return fail("tls: failed to find any PEM data in key input");
  if (X509_check_private_key(cert.get(), key.get()) != 1) return fail("tls: private key does not match public key");
  return absl::OkStatus();
}

absl::StatusOr<TlsMaterial> Load(const TlsConfig& c) {
  TlsMaterial out;
  const auto wrap = [](std::string_view what, const absl::Status& why) {
    return absl::InvalidArgumentError(absl::StrCat("failed to load TLS config: ", A(what), why.message()));
  };
  constexpr std::string_view kPair = "failed to load TLS cert and key: ";
  if (!c.ca_file.empty()) {
    absl::StatusOr<std::string> text = ReadFile(c.ca_file);
    if (!text.ok()) {
      return wrap(absl::StrCat("failed to load CA CertPool File: failed to load cert ", c.ca_file, ": "), text.status());
    }
    out.ca_pem = *std::move(text);
    if (!HoldsCertificate(out.ca_pem)) {
      return wrap("failed to load CA CertPool File: failed to parse cert ", absl::InvalidArgumentError(c.ca_file));
    }
  } else if (!c.ca_pem.empty()) {
    out.ca_pem = c.ca_pem;
    if (!HoldsCertificate(out.ca_pem)) {
      return wrap("failed to load CA CertPool PEM: ", absl::InvalidArgumentError("failed to parse cert"));
    }
  }
  if (!out.ca_pem.empty() && c.include_system_ca_certs_pool) out.ca_pem += "\n" + SystemRootsPem();

  const bool cert = !c.cert_file.empty() || !c.cert_pem.empty();
  const bool key = !c.key_file.empty() || !c.key_pem.empty();
  if (cert != key) {
    return wrap(kPair, absl::InvalidArgumentError("for auth via TLS, provide both certificate and key, or neither"));
  }
  if (!cert) return out;
  if (!c.cert_file.empty() && !c.cert_pem.empty()) {
    return wrap(kPair, absl::InvalidArgumentError(
                           "for auth via TLS, provide either a certificate or the PEM-encoded string, but not both"));
  }
  if (!c.key_file.empty() && !c.key_pem.empty()) {
    return wrap(kPair,
                absl::InvalidArgumentError("for auth via TLS, provide either a key or the PEM-encoded string, but not both"));
  }
  out.cert_pem = c.cert_pem;
  out.key_pem = c.key_pem;
  if (!c.cert_file.empty()) {
    absl::StatusOr<std::string> text = ReadFile(c.cert_file);
    if (!text.ok()) return wrap(kPair, text.status());
    out.cert_pem = *std::move(text);
  }
  if (!c.key_file.empty()) {
    absl::StatusOr<std::string> text = ReadFile(c.key_file);
    if (!text.ok()) return wrap(kPair, text.status());
    out.key_pem = *std::move(text);
  }
  absl::Status pair = CheckPair(out.cert_pem, out.key_pem);
  if (!pair.ok()) return wrap(kPair, pair);
  return out;
}

}  // namespace

void TpmConfig::Describe(Fields<TpmConfig>& f) {
  f.Optional("enabled", &TpmConfig::enabled, "Must be false.");
  f.Optional("path", &TpmConfig::path, "Without effect.");
  f.Optional("owner_auth", &TpmConfig::owner_auth, "Without effect.");
  f.Optional("auth", &TpmConfig::auth, "Without effect.");
  f.Validate([](const TpmConfig& c) {
    return c.enabled ? absl::InvalidArgumentError("tpm is not supported: give the key by key_file or key_pem") : absl::OkStatus();
  });
}

void TlsConfig::Describe(Fields<TlsConfig>& f) {
  DescribeCommon(f);
  f.Validate(&Check);
}

void TlsClientConfig::Describe(Fields<TlsClientConfig>& f) {
  f.InlineBase<TlsConfig>();
  f.Optional("insecure", &TlsClientConfig::insecure, "Plain text instead of TLS (unless a CA is given).");
  f.Optional("insecure_skip_verify", &TlsClientConfig::insecure_skip_verify, "Take any certificate of the server.");
  f.Optional("server_name_override", &TlsClientConfig::server_name_override, "Name the certificate must carry.");
}

void TlsServerConfig::Describe(Fields<TlsServerConfig>& f) {
  f.InlineBase<TlsConfig>();
  f.Optional("client_ca_file", &TlsServerConfig::client_ca_file, "Roots of client certificates; makes them required.");
  f.Optional("client_ca_file_reload", &TlsServerConfig::client_ca_file_reload, "Read client_ca_file again when it changes.");
  // The reference starts without a certificate and then fails each handshake.
  f.Validate([](const TlsServerConfig& c) {
    if (c.cert_file.empty() && c.cert_pem.empty() && c.key_file.empty() && c.key_pem.empty()) {
      return absl::InvalidArgumentError("a server needs a certificate: set cert_file and key_file (or cert_pem and key_pem)");
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rbe"));
  if (!file) {
    std::string why = std::strerror(errno);
    if (!why.empty()) why[0] = static_cast<char>(why[0] >= 'A' && why[0] <= 'Z' ? why[0] + 32 : why[0]);
    return absl::NotFoundError(absl::StrCat("open ", path, ": ", why));
  }
  std::string text;
  std::array<char, 16384> block;
  while (const size_t n = std::fread(block.data(), 1, block.size(), file.get())) text.append(block.data(), n);
  if (std::ferror(file.get()) != 0) return absl::InvalidArgumentError(absl::StrCat("read ", path, ": is a directory or unreadable"));
  return text;
}

absl::StatusOr<TlsMaterial> LoadTlsMaterial(const TlsConfig& config) { return Load(config); }

absl::StatusOr<TlsMaterial> LoadTlsMaterial(const TlsServerConfig& config) {
  OTELPIPE_ASSIGN_OR_RETURN(TlsMaterial out, Load(config));
  if (!config.client_ca_file.empty()) {
    absl::StatusOr<std::string> text = ReadFile(config.client_ca_file);
    const std::string prefix = absl::StrCat("failed to load client CA CertPool: failed to load CA ", config.client_ca_file, ": ");
    if (!text.ok()) return absl::InvalidArgumentError(absl::StrCat(prefix, text.status().message()));
    if (!HoldsCertificate(*text)) return absl::InvalidArgumentError(absl::StrCat(prefix, "failed to parse cert"));
    out.client_ca_pem = *std::move(text);
  }
  return out;
}

std::string SystemRootsPem() {
  // The places where distributions keep the bundle; SSL_CERT_FILE comes first, as for OpenSSL.
  std::vector<std::string> places;
  if (const char* named = std::getenv(X509_get_default_cert_file_env()); named != nullptr) places.emplace_back(named);
  for (const char* place : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    places.emplace_back(place);
  }
  for (const std::string& place : places) {
    absl::StatusOr<std::string> text = ReadFile(place);
    if (text.ok() && !text->empty()) return *std::move(text);
  }
  return "";
}

}  // namespace otelpipe
