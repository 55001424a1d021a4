#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <catch2/catch.hpp>

#include <thread>

#include "receiver/tcplog/tcplog.h"
#include "shared/stream/stream_testing.h"

namespace otelpipe {
namespace {

using stream::TestClient;
using stream::Texts;

std::string TextOf(const std::function<void(BIO*)>& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<size_t>(size));
  BIO_free(bio);
  return out;
}

// The settings of a server with a certificate that signs itself.
TlsServerConfig ServerTls() {
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
  TlsServerConfig tls;
  tls.cert_pem = TextOf([&](BIO* b) { PEM_write_bio_X509(b, cert); });
  tls.key_pem = TextOf([&](BIO* b) { PEM_write_bio_PrivateKey(b, key, nullptr, nullptr, 0, nullptr, nullptr); });
  X509_free(cert);
  EVP_PKEY_free(key);
  return tls;
}

struct Rig : stream::TestRig<TcplogReceiver> {
  Rig() : TestRig("tcplog") {
    TcplogConfig config;
    config.socket.listen_address = "127.0.0.1:0";
    config.socket.tls = ServerTls();
    config.socket.one_log_per_packet = true;
    receiver = std::make_unique<TcplogReceiver>(std::move(config), context);
    REQUIRE(receiver->Init().ok());
    receiver->SetOutput(Signal::kLogs, &pipeline);
    REQUIRE(receiver->Start(host).ok());
  }
  ~Rig() { receiver.reset(); }
};

}  // namespace

TEST_CASE("Records come over TLS, and a client that speaks none leaves nothing behind", "[component][tcplog]") {
  Rig rig;
  const TestClient plain(rig.receiver->port());
  plain.Send("this is no handshake\n");
  REQUIRE(rig.WaitFor([&] { return plain.Ended(); }));

  const TestClient client(rig.receiver->port());
  bool written = false;
  std::thread other([&] {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, client.fd());
    written = SSL_connect(ssl) == 1 && SSL_write(ssl, "secret", 6) == 6;
    SSL_shutdown(ssl);
    SSL_free(ssl);
    SSL_CTX_free(context);
  });
  const bool got = rig.WaitForRecords(1);
  other.join();
  CHECK(got);
  CHECK(written);
  CHECK(rig.pipeline.taken == Texts{"secret"});
}

}  // namespace otelpipe
