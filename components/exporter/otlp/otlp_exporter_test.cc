#include "exporter/otlp/otlp_exporter.h"

#include <catch2/catch.hpp>
#include <future>

#include "runtime/runtime.h"
#include "shared/grpc/grpc_server.h"
#include "shared/net/otlp.h"

namespace otelpipe {
namespace {

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

struct Logs final : LogSink {
  std::vector<std::string> messages;
  bool Enabled(LogLevel) const override { return true; }
  void Write(const LogLine& line) override { messages.emplace_back(line.message); }
};

// An OTLP server that answers what it is told, and an exporter that sends to it.
struct World {
  std::unique_ptr<Runtime> runtime = MakeRuntime(1);
  Metrics metrics;
  NoHost host;
  Context context;
  std::shared_ptr<Logs> logs = std::make_shared<Logs>();
  std::unique_ptr<GrpcServer> server;
  std::unique_ptr<OtlpExporter> exporter;
  std::vector<std::string> seen;
  std::vector<absl::Status> answers;  // the first ones; then OK
  std::string_view reply{"\x0a\x00", 2};

  World() {
    context.id = {"otlp", ""};
    context.kind = ComponentKind::kExporter;
    context.loop = &runtime->loop();
    context.metrics = &metrics;
    context.log = Logger(logs, {});
    runtime->Start();
    runtime->RunInLoop([this] {
      GrpcServerConfig config;
      config.endpoint = "127.0.0.1:0";
      server = std::make_unique<GrpcServer>(config, context, std::vector<std::string>{OtlpMethod(Signal::kLogs)},
                                            [this](GrpcRequest request, GrpcResponder responder) {
                                              std::string bytes;
                                              for (const Buffer& b : request.message) bytes += b.bytes;
                                              seen.push_back(std::move(bytes));
                                              absl::Status answer;
                                              if (seen.size() <= answers.size()) answer = answers[seen.size() - 1];
                                              responder.Finish(answer, reply);
                                            });
      REQUIRE(server->Start(host).ok());
    });
  }
  ~World() {
    runtime->RunInLoop([this] {
      exporter.reset();
      server.reset();
    });
    runtime->Stop();
  }
  void Start(std::function<void(OtlpExporter::Config&)> change = nullptr) {
    runtime->RunInLoop([&] {
      OtlpExporter::Config config = OtlpExporter::DefaultConfig();
      config.grpc.endpoint = "127.0.0.1:" + std::to_string(server->port());
      config.grpc.tls.insecure = true;
      config.sending.sending_queue.enabled = false;
      config.sending.retry_on_failure.initial_interval = absl::Milliseconds(1);
      config.sending.retry_on_failure.max_interval = absl::Milliseconds(2);
      if (change) change(config);
      exporter = std::make_unique<OtlpExporter>(config, context);
      REQUIRE(exporter->Start(host).ok());
    });
  }
  absl::Status Send(const std::string& bytes) {
    std::promise<absl::Status> done;
    runtime->RunInLoop([&] {
      auto held = std::make_shared<const std::string>(bytes);
      exporter->Consume(Batch::FromWire(Signal::kLogs, {Buffer{*held, held}}),
                        Done::OnFinished([&](const absl::Status& s) { done.set_value(s); }));
    });
    return done.get_future().get();
  }
};

// One resource, one scope, one record with a body "hi": an ExportLogsServiceRequest.
const std::string kOne("\x0a\x0c\x12\x0a\x12\x08\x2a\x04\x0a\x02hi\x40\x01", 14);

TEST_CASE("a batch arrives with the bytes it came with", "[exporter][otlp]") {
  World w;
  for (Compression kind : {Compression::kGzip, Compression::kNone}) {
    w.Start([&](OtlpExporter::Config& c) { c.grpc.compression = kind; });
    CHECK(w.Send(kOne).ok());
    CHECK((w.seen.back() == kOne));
  }
}

TEST_CASE("passing errors are tried again, others are not", "[exporter][otlp]") {
  World w;
  w.answers = {absl::UnavailableError("busy"), absl::AbortedError("again"),
               WithRetryAfter(absl::ResourceExhaustedError("slow"), 0.01)};
  w.Start();
  CHECK(w.Send(kOne).ok());
  CHECK(w.seen.size() == 4);

  World refused;
  refused.answers = {absl::ResourceExhaustedError("full")};
  refused.Start();
  const absl::Status status = refused.Send(kOne);
  CHECK(refused.seen.size() == 1);
  CHECK(absl::IsResourceExhausted(status));
  CHECK_FALSE(IsRetryable(status));
}

TEST_CASE("an error keeps its code and reads as the reference's", "[exporter][otlp]") {
  World w;
  w.answers = {absl::InvalidArgumentError("no"), absl::UnavailableError("no")};
  w.Start([](OtlpExporter::Config& c) { c.sending.retry_on_failure.enabled = false; });
  absl::Status status = w.Send(kOne);
  CHECK(absl::IsInvalidArgument(status));
  CHECK(status.message() == "Permanent error: rpc error: code = InvalidArgument desc = no");
  status = w.Send(kOne);
  CHECK(absl::IsUnavailable(status));
  CHECK(status.message() == "no");
}

TEST_CASE("a partial success is logged and counts as sent", "[exporter][otlp]") {
  World w;
  w.reply = std::string_view("\x0a\x06\x08\x02\x12\x02no", 8);
  w.Start();
  CHECK(w.Send(kOne).ok());
  CHECK(std::count(w.logs->messages.begin(), w.logs->messages.end(), "Partial success response") == 1);
}

TEST_CASE("a timeout of one attempt is tried again until there is no time left", "[exporter][otlp]") {
  World w;
  w.Start([](OtlpExporter::Config& c) {
    c.grpc.endpoint = "127.0.0.1:1";
    c.sending.timeout = absl::Milliseconds(50);
    c.sending.retry_on_failure.max_elapsed_time = absl::Milliseconds(20);
  });
  CHECK_FALSE(w.Send(kOne).ok());
}

}  // namespace
}  // namespace otelpipe
