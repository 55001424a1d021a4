#include "shared/grpc/tls_front.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <catch2/catch.hpp>
#include <future>

#include "runtime/runtime.h"
#include "shared/grpc/grpc_client.h"
#include "shared/grpc/grpc_server.h"

namespace otelpipe {
namespace {

constexpr char kEcho[] = "/test.Service/Echo";
constexpr std::string_view kReply("\x0a\x00", 2);

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

struct Pair {
  std::string cert, key;
};

// A certificate that signs itself, for 127.0.0.1 and localhost, good for an hour.
const Pair& TestPair() {
  static const Pair* const pair = [] {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME* name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                               0);
    X509_set_issuer_name(cert, name);
    for (const auto& [id, text] :
         {std::pair(NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1"), {NID_basic_constraints, "critical,CA:TRUE"}}) {
      X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, text);
      X509_add_ext(cert, extension, -1);
      X509_EXTENSION_free(extension);
    }
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
    auto* made =
        new Pair{text([&](BIO* b) { PEM_write_bio_X509(b, cert); }),
                 text([&](BIO* b) { PEM_write_bio_PrivateKey(b, key, nullptr, nullptr, 0, nullptr, nullptr); })};
    X509_free(cert);
    EVP_PKEY_free(key);
    return made;
  }();
  return *pair;
}

struct World {
  std::unique_ptr<Runtime> runtime = MakeRuntime(1);
  NoHost host;
  Context context;
  std::unique_ptr<GrpcServer> server;
  std::unique_ptr<GrpcClient> client;
  std::vector<size_t> sizes;
  std::vector<std::string> clients;

  World() {
    context.loop = &runtime->loop();
    runtime->Start();
  }
  ~World() {
    runtime->RunInLoop([this] {
      client.reset();
      server.reset();
    });
    runtime->Stop();
  }
  absl::Status Serve(TlsServerConfig tls) {
    tls.cert_pem = TestPair().cert;
    tls.key_pem = TestPair().key;
    GrpcServerConfig config;
    config.endpoint = "127.0.0.1:0";
    config.tls = std::move(tls);
    absl::Status status;
    runtime->RunInLoop([&] {
      server = std::make_unique<GrpcServer>(config, context, std::vector<std::string>{kEcho},
                                            [this](GrpcRequest request, GrpcResponder responder) {
                                              sizes.push_back(WireSize(request.message));
                                              clients.push_back(request.client->address);
                                              responder.Finish(absl::OkStatus(), kReply);
                                            });
      status = server->Start(host);
    });
    return status;
  }
  absl::Status Connect(TlsClientConfig tls) {
    tls.ca_pem = TestPair().cert;
    GrpcClientConfig config;
    config.endpoint = "127.0.0.1:" + std::to_string(server->port());
    config.tls = std::move(tls);
    absl::Status status;
    runtime->RunInLoop([&] {
      client = std::make_unique<GrpcClient>(config, context);
      status = client->Start(host);
    });
    return status;
  }
  absl::Status Call(size_t size, absl::Duration timeout = absl::Seconds(20)) {
    std::promise<absl::Status> done;
    runtime->RunInLoop([&] {
      client->Call(kEcho, {CopyToBuffer(std::string(size, 'm'))}, timeout, nullptr,
                   [&](absl::StatusOr<WireBytes> r) { done.set_value(r.status()); });
    });
    return done.get_future().get();
  }
};

template <typename C>
C Versions(std::string least, std::string most = "") {
  C config;
  config.min_version = std::move(least);
  config.max_version = std::move(most);
  return config;
}

TEST_CASE("versions, suites and curves of gRPC connections are ours to choose", "[shared][grpc]") {
  using Server = TlsServerConfig;
  using Client = TlsClientConfig;
  Server suites = Versions<Server>("", "1.2");
  suites.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"};
  suites.curve_preferences = {"P384", "P256"};
  // Each side as the library has it, and as we have it.
  const std::pair<Server, Client> pairs[] = {{Server(), Client()},
                                             {Versions<Server>("1.3"), Client()},
                                             {Server(), Versions<Client>("1.3")},
                                             {Versions<Server>("1.3"), Versions<Client>("1.3")},
                                             {suites, Client()},
                                             {suites, Versions<Client>("", "1.2")}};
  for (const auto& [server, client] : pairs) {
    World w;
    REQUIRE(w.Serve(server).ok());
    REQUIRE(w.Connect(client).ok());
    for (size_t size : {0, 1000, 3000000}) {
      const absl::Status status = w.Call(size);
      INFO(status.ToString());
      REQUIRE(status.ok());
      CHECK(w.sizes.back() == size);
    }
    CHECK(w.clients.back().starts_with("127.0.0.1:"));
  }
}

TEST_CASE("versions that do not meet are Unavailable", "[shared][grpc]") {
  for (const bool ours : {true, false}) {
    World w;
    REQUIRE(w.Serve(ours ? Versions<TlsServerConfig>("1.3") : Versions<TlsServerConfig>("", "1.2")).ok());
    REQUIRE(w.Connect(ours ? Versions<TlsClientConfig>("", "1.2") : Versions<TlsClientConfig>("1.3")).ok());
    const absl::Status status = w.Call(10, absl::Seconds(3));
    INFO(status.ToString());
    CHECK((absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)));
    CHECK(w.sizes.empty());
  }
}

TEST_CASE("the names of suites are checked at the start", "[shared][grpc]") {
  World w;
  TlsServerConfig server;
  server.cipher_suites = {"TLS_NO_SUCH"};
  const absl::Status status = w.Serve(server);
  CHECK(status.message() == "failed to load TLS config: invalid TLS cipher suite: \"TLS_NO_SUCH\"");
}

}  // namespace
}  // namespace otelpipe
