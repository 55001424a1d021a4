#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <catch2/catch.hpp>
#include <future>

#include "runtime/runtime.h"
#include "shared/grpc/grpc_client.h"
#include "shared/grpc/grpc_server.h"

namespace otelpipe {
namespace {

constexpr char kEcho[] = "/test.Service/Echo";
constexpr char kOther[] = "/test.Service/Other";
constexpr std::string_view kReply("\x0a\x00", 2);

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

std::string Join(const WireBytes& wire) {
  std::string out;
  for (const Buffer& b : wire) out += b.bytes;
  return out;
}

struct World {
  std::unique_ptr<Runtime> runtime = MakeRuntime(1);
  NoHost host;
  Context context;
  std::unique_ptr<GrpcServer> server;
  std::unique_ptr<GrpcClient> client;
  std::vector<std::string> seen;
  std::vector<std::string> clients;
  absl::Status answer;
  bool hold = false;
  std::vector<GrpcResponder> held;

  World() {
    context.loop = &runtime->loop();
    context.service_name = "test";
    context.service_version = "1";
    runtime->Start();
  }
  ~World() {
    runtime->RunInLoop([this] {
      client.reset();
      server.reset();
      held.clear();
    });
    runtime->Stop();
  }
  absl::Status Serve(GrpcServerConfig config = {}) {
    absl::Status status;
    if (config.endpoint.empty()) config.endpoint = "127.0.0.1:0";
    runtime->RunInLoop([&] {
      server = std::make_unique<GrpcServer>(config, context, std::vector<std::string>{kEcho},
                                            [this](GrpcRequest request, GrpcResponder responder) {
                                              seen.push_back(Join(request.message));
                                              clients.push_back(request.client->address);
                                              if (hold) {
                                                held.push_back(std::move(responder));
                                              } else {
                                                responder.Finish(answer, kReply);
                                              }
                                            });
      status = server->Start(host);
    });
    return status;
  }
  void Connect(GrpcClientConfig config = {}) {
    runtime->RunInLoop([&] {
      if (config.endpoint.empty()) config.endpoint = "127.0.0.1:" + std::to_string(server->port());
      config.tls.insecure = true;
      client = std::make_unique<GrpcClient>(config, context);
      REQUIRE(client->Start(host).ok());
    });
  }
  absl::StatusOr<WireBytes> Call(std::string text, const char* method = kEcho, absl::Duration timeout = absl::Seconds(20)) {
    std::promise<absl::StatusOr<WireBytes>> done;
    runtime->RunInLoop([&] {
      client->Call(method, {CopyToBuffer(text)}, timeout, nullptr,
                   [&](absl::StatusOr<WireBytes> r) { done.set_value(std::move(r)); });
    });
    return done.get_future().get();
  }
};

TEST_CASE("messages arrive whole, plain and packed", "[shared][grpc]") {
  World w;
  REQUIRE(w.Serve().ok());
  for (Compression kind : {Compression::kNone, Compression::kGzip}) {
    GrpcClientConfig config;
    config.compression = kind;
    w.Connect(config);
    w.seen.clear();
    for (size_t size : {0, 1, 1000, 100000, 3000000}) {
      const std::string text(size, 'm');
      absl::StatusOr<WireBytes> reply = w.Call(text);
      REQUIRE(reply.ok());
      CHECK(Join(*reply) == kReply);
      CHECK((w.seen.back() == text));
    }
  }
  CHECK(w.clients.back().starts_with("127.0.0.1:"));
}

TEST_CASE("a packed message of the library's own making is read too", "[shared][grpc]") {
  World w;
  REQUIRE(w.Serve().ok());
  grpc::GenericStub stub(grpc::CreateChannel("127.0.0.1:" + std::to_string(w.server->port()), grpc::InsecureChannelCredentials()));
  for (grpc_compression_algorithm algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    grpc::ClientContext context;
    context.set_compression_algorithm(algorithm);
    grpc::Slice slice(std::string(5000, 'p'));
    grpc::ByteBuffer request(&slice, 1), reply;
    std::promise<grpc::Status> done;
    stub.UnaryCall(&context, kEcho, grpc::StubOptions(), &request, &reply, [&](grpc::Status s) { done.set_value(s); });
    CHECK(done.get_future().get().ok());
    w.runtime->RunInLoop([&] { CHECK((w.seen.back() == std::string(5000, 'p'))); });
  }
}

TEST_CASE("errors keep code, message and the wait that was asked for", "[shared][grpc]") {
  World w;
  REQUIRE(w.Serve().ok());
  w.Connect();
  w.answer = WithRetryAfter(absl::ResourceExhaustedError("slow down"), 1.5);
  absl::Status status = w.Call("x").status();
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(status.message() == "slow down");
  CHECK(RetryAfterSeconds(status) == Approx(1.5));
  w.answer = absl::InvalidArgumentError("no");
  status = w.Call("x").status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(RetryAfterSeconds(status) < 0);
}

TEST_CASE("what nobody serves is refused in the reference's words", "[shared][grpc]") {
  World w;
  REQUIRE(w.Serve().ok());
  w.Connect();
  CHECK(w.Call("x", kOther).status().message() == "unknown method Other for service test.Service");
  CHECK(w.Call("x", "/no.Such/Thing").status().message() == "unknown service no.Such");
  CHECK(w.Call("x").ok());
}

TEST_CASE("a message that is too large is ResourceExhausted, packed or not", "[shared][grpc]") {
  World w;
  GrpcServerConfig config;
  config.max_recv_msg_size_mib = 1;
  REQUIRE(w.Serve(config).ok());
  w.Connect();
  CHECK(absl::IsResourceExhausted(w.Call(std::string(2 << 20, 'x')).status()));
  GrpcClientConfig gzip;
  gzip.compression = Compression::kGzip;
  w.Connect(gzip);
  CHECK(w.Call(std::string(2 << 20, 'x')).status().message() ==
        "grpc: received message after decompression larger than max 1048576");
}

TEST_CASE("a server that goes while calls run tells their clients", "[shared][grpc]") {
  World w;
  REQUIRE(w.Serve().ok());
  w.Connect();
  w.hold = true;
  std::promise<absl::Status> done;
  w.runtime->RunInLoop([&] {
    w.client->Call(kEcho, {CopyToBuffer("x")}, absl::Seconds(20), nullptr,
                   [&](absl::StatusOr<WireBytes> r) { done.set_value(r.status()); });
  });
  bool arrived = false;
  while (!arrived) w.runtime->RunInLoop([&] { arrived = !w.held.empty(); });
  w.runtime->RunInLoop([&] { w.server.reset(); });
  CHECK(absl::IsUnavailable(done.get_future().get()));
  w.runtime->RunInLoop([&] { w.held[0].Finish(absl::OkStatus(), kReply); });  // no one listens any more
}

TEST_CASE("shutdown waits for the calls that run", "[shared][grpc]") {
  World w;
  REQUIRE(w.Serve().ok());
  w.Connect();
  w.hold = true;
  std::promise<absl::Status> done;
  std::promise<void> stopped;
  w.runtime->RunInLoop([&] {
    w.client->Call(kEcho, {CopyToBuffer("x")}, absl::Seconds(20), nullptr,
                   [&](absl::StatusOr<WireBytes> r) { done.set_value(r.status()); });
  });
  bool arrived = false;
  while (!arrived) w.runtime->RunInLoop([&] { arrived = !w.held.empty(); });
  w.runtime->RunInLoop([&] { w.server->Shutdown([&] { stopped.set_value(); }); });
  w.runtime->RunInLoop([&] { w.held[0].Finish(absl::OkStatus(), kReply); });
  CHECK(done.get_future().get().ok());
  w.runtime->RunInLoop([&] { w.client.reset(); });
  stopped.get_future().wait();
}

TEST_CASE("a client that goes leaves no call behind", "[shared][grpc]") {
  World w;
  REQUIRE(w.Serve().ok());
  w.Connect();
  w.hold = true;
  bool called = false;
  w.runtime->RunInLoop([&] {
    for (int i = 0; i < 20; ++i) {
      w.client->Call(kEcho, {CopyToBuffer("x")}, absl::Seconds(20), nullptr, [&](absl::StatusOr<WireBytes>) { called = true; });
    }
  });
  w.runtime->RunInLoop([&] { w.client.reset(); });
  CHECK_FALSE(called);
}

TEST_CASE("timeouts and dead ends are errors of their codes", "[shared][grpc]") {
  World w;
  REQUIRE(w.Serve().ok());
  w.Connect();
  w.hold = true;
  CHECK(absl::IsDeadlineExceeded(w.Call("x", kEcho, absl::Milliseconds(100)).status()));
  GrpcClientConfig nowhere;
  nowhere.endpoint = "127.0.0.1:1";
  w.Connect(nowhere);
  CHECK(absl::IsUnavailable(w.Call("x").status()));
}

TEST_CASE("a gRPC port that is taken is refused in the reference's words", "[shared][grpc]") {
  World w;
  REQUIRE(w.Serve().ok());
  GrpcServerConfig config;
  config.endpoint = "127.0.0.1:" + std::to_string(w.server->port());
  absl::Status status;
  w.runtime->RunInLoop([&] {
    GrpcServer second(config, w.context, {kEcho}, [](GrpcRequest, GrpcResponder) {});
    status = second.Start(w.host);
  });
  CHECK(status.message() == "listen tcp " + config.endpoint + ": bind: address already in use");
}

}  // namespace
}  // namespace otelpipe
