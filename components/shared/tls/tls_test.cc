#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "shared/tls/openssl_context.h"
#include "shared/tls/tls_config.h"

namespace otelpipe {
namespace {

struct Pair {
  std::string cert, key;
};

// A certificate that signs itself, good for an hour.
Pair MakePair() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* cert = X509_new();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), 0);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, key);
  X509_NAME* name = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(cert, name);
  X509_sign(cert, key, EVP_sha256());
  const auto text = [](auto write) {
    BIO* bio = BIO_new(BIO_s_mem());
    write(bio);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string out(data, static_cast<size_t>(size));
    BIO_free(bio);
    return out;
  };
  Pair out{text([&](BIO* b) { PEM_write_bio_X509(b, cert); }),
           text([&](BIO* b) { PEM_write_bio_PrivateKey(b, key, nullptr, nullptr, 0, nullptr, nullptr); })};
  X509_free(cert);
  EVP_PKEY_free(key);
  return out;
}

std::string Message(const absl::Status& status) { return std::string(status.message().data(), status.message().size()); }

TEST_CASE("material loads from texts", "[shared][tls]") {
  const Pair pair = MakePair();
  TlsServerConfig config;
  config.cert_pem = pair.cert;
  config.key_pem = pair.key;
  REQUIRE(LoadTlsMaterial(config).ok());
  CHECK(MakeServerContext(config).ok());
  TlsClientConfig client;
  client.ca_pem = pair.cert;
  CHECK(MakeClientContext(client).ok());
}

TEST_CASE("what does not fit is refused in the reference's words", "[shared][tls]") {
  const Pair pair = MakePair();
  TlsConfig c;
  c.cert_pem = pair.cert;
  CHECK(Message(LoadTlsMaterial(c).status()) ==
        "failed to load TLS config: failed to load TLS cert and key: for auth via TLS, provide both certificate and key, or neither");
  c.key_pem = MakePair().key;
  CHECK(Message(LoadTlsMaterial(c).status()) ==
        "failed to load TLS config: failed to load TLS cert and key: failed to load TLS cert and key PEMs: tls: private key does "
        "not match public key");
  c.key_pem.clear();
  c.cert_pem.clear();
  c.cert_file = c.key_file = "/nowhere.pem";
  CHECK(Message(LoadTlsMaterial(c).status()) ==
        "failed to load TLS config: failed to load TLS cert and key: open /nowhere.pem: no such file or directory");
  TlsConfig ca;
  ca.ca_file = "/nowhere.pem";
  CHECK(Message(LoadTlsMaterial(ca).status()) ==
        "failed to load TLS config: failed to load CA CertPool File: failed to load cert /nowhere.pem: open /nowhere.pem: no such "
        "file or directory");
  TlsServerConfig server;
  server.cert_pem = pair.cert;
  server.key_pem = pair.key;
  server.client_ca_file = "/nowhere.pem";
  CHECK(Message(LoadTlsMaterial(server).status()) ==
        "failed to load client CA CertPool: failed to load CA /nowhere.pem: open /nowhere.pem: no such file or directory");
}

TEST_CASE("suites and curves go by their names", "[shared][tls]") {
  TlsClientConfig c;
  c.cipher_suites = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"};
  c.curve_preferences = {"X25519", "P256"};
  CHECK(MakeClientContext(c).ok());
  c.cipher_suites = {"TLS_RSA_WITH_RC4_128_SHA"};
  CHECK(Message(MakeClientContext(c).status()) ==
        "failed to load TLS config: invalid TLS cipher suite: \"TLS_RSA_WITH_RC4_128_SHA\"");
}

TEST_CASE("a context is made again when its interval has passed", "[shared][tls]") {
  const Pair pair = MakePair();
  TlsServerConfig config;
  config.cert_pem = pair.cert;
  config.key_pem = pair.key;
  config.reload_interval = absl::Seconds(1);
  ReloadingContext context;
  REQUIRE(context.Start(config, 0).ok());
  const SslContext first = *context.Get(500'000'000);
  CHECK(*context.Get(900'000'000) == first);
  CHECK(*context.Get(1'500'000'000) != first);
}

TEST_CASE("a CA keeps TLS on", "[shared][tls]") {
  TlsClientConfig c;
  c.insecure = true;
  CHECK(c.plain());
  c.ca_file = "/x";
  CHECK_FALSE(c.plain());
}

}  // namespace
}  // namespace otelpipe
