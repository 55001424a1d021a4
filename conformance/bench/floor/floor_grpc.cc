// floor_grpc: the least a forwarder of OTLP/gRPC can cost on this gRPC library. It takes Export
// calls as raw buffers and sends the same buffers on, nothing else: no decoding, no batching, no
// queue. What an agent costs beyond it is the agent's own. With --gzip it packs each message with
// libdeflate level 1 and hands it to core as an already compressed buffer.
//
// Modes, to find the cheapest (README, "The floor"):
//   cq        raw registered methods and the upstream calls on one completion queue per thread
//   callback  raw registered methods and unary calls of the callback API
//   generic   generic service and generic client of the callback API
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/client_unary_call.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/grpc_raw.h"
#include "common/gzip.h"

namespace otelpipe::bench {
namespace {

struct Settings {
  std::string listen = "127.0.0.1:4317";
  std::string to;
  std::string mode = "cq";
  int threads = 1;
  int channels = 4;
  bool gzip = false;
};

std::shared_ptr<grpc::Channel> Connect(const Settings& settings) {
  grpc::ChannelArguments arguments;
  TuneForLoopback(&arguments);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  return grpc::CreateCustomChannel(settings.to, grpc::InsecureChannelCredentials(), arguments);
}

// Packs the message of `from`. The packed bytes go straight into the slice that is sent.
grpc::ByteBuffer Pack(const grpc::ByteBuffer& from) {
  static thread_local GzipWriter writer(1);
  grpc::Slice plain;
  if (!from.TrySingleSlice(&plain).ok() && !from.DumpToSingleSlice(&plain).ok()) return from;
  const std::string_view text(reinterpret_cast<const char*>(plain.begin()), plain.size());
  // libdeflate needs room for the worst case; a slice of that size would keep it all alive, so it
  // packs into a kept buffer and the small result is copied.
  const std::string_view packed = writer.Pack(text);
  return GzippedBuffer(grpc::Slice(packed.data(), packed.size()));
}

// ---- cq ----

// One upstream connection with its methods registered, as generated clients do.
class Upstream {
 public:
  explicit Upstream(const Settings& settings) : channel_(Connect(settings)) {
    for (const Signal signal : {Signal::kLogs, Signal::kTraces, Signal::kMetrics}) {
      methods_.emplace_back(ExportMethod(signal), grpc::internal::RpcMethod::NORMAL_RPC, channel_);
    }
  }
  grpc::Channel* channel() const { return channel_.get(); }
  const grpc::internal::RpcMethod& method(Signal signal) const {
    return methods_[static_cast<size_t>(signal)];
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::vector<grpc::internal::RpcMethod> methods_;
};

class Forward final : public Tag {
 public:
  Forward(const Upstream& upstream, ExportCall* call, bool gzip) : call_(call) {
    if (gzip) {
      context_.set_compression_algorithm(GRPC_COMPRESS_GZIP);
      call->request() = Pack(call->request());
    }
    reader_.reset(grpc::internal::ClientAsyncResponseReaderHelper::Create<grpc::ByteBuffer>(
        upstream.channel(), call->queue(), upstream.method(call->signal()), &context_,
        call->request()));
    call->request().Clear();
    reader_->StartCall();
    reader_->Finish(&response_, &status_, this);
  }

  void Done(bool) override {
    if (status_.ok()) {
      call_->Reply(response_);
    } else {
      call_->Fail(status_);
    }
    delete this;
  }

 private:
  ExportCall* const call_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
};

int RunCq(const Settings& settings) {
  std::vector<std::unique_ptr<Upstream>> upstreams;
  for (int i = 0; i < settings.threads * settings.channels; ++i) {
    upstreams.push_back(std::make_unique<Upstream>(settings));
  }
  std::vector<size_t> turn(static_cast<size_t>(settings.threads), 0);
  ExportServer server(settings.listen, {.queues = settings.threads}, [&](ExportCall* call) {
    const auto queue = static_cast<size_t>(call->queue_index());
    const auto channels = static_cast<size_t>(settings.channels);
    new Forward(*upstreams[queue * channels + turn[queue]++ % channels], call, settings.gzip);
  });
  if (!server.ok()) return 1;
  std::puts("ready");
  std::fflush(stdout);
  std::vector<std::thread> threads;
  for (int i = 1; i < settings.threads; ++i) {
    threads.emplace_back([&server, i] { server.RunQueue(i); });
  }
  server.RunQueue(0);
  return 0;
}

// ---- callback ----

struct CallbackForward {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
};

class CallbackService final : public grpc::Service {
 public:
  explicit CallbackService(const Settings& settings) : gzip_(settings.gzip), upstream_(settings) {
    using Handler = grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>;
    for (int i = 0; i < 3; ++i) {
      const auto signal = static_cast<Signal>(i);
      AddMethod(new grpc::internal::RpcServiceMethod(
          ExportMethod(signal), grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
      MarkMethodRawCallback(
          i, new Handler([this, signal](grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) {
            return Export(signal, context, request, response);
          }));
    }
  }

 private:
  grpc::ServerUnaryReactor* Export(Signal signal, grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    auto* forward = new CallbackForward;
    if (gzip_) {
      forward->context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
      forward->request = Pack(*request);
    } else {
      forward->request = *request;
    }
    grpc::internal::CallbackUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
        upstream_.channel(), upstream_.method(signal), &forward->context, &forward->request,
        response, [reactor, forward](const grpc::Status& status) {
          delete forward;
          reactor->Finish(status);
        });
    return reactor;
  }

  const bool gzip_;
  Upstream upstream_;
};

// ---- generic ----

class GenericReactor final : public grpc::ServerGenericBidiReactor {
 public:
  GenericReactor(grpc::GenericStub* upstream, std::string method, bool gzip)
      : upstream_(upstream), method_(std::move(method)), gzip_(gzip) {
    StartRead(&request_);
  }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no message"));
    if (gzip_) {
      context_.set_compression_algorithm(GRPC_COMPRESS_GZIP);
      request_ = Pack(request_);
    }
    upstream_->UnaryCall(&context_, method_, grpc::StubOptions(), &request_, &response_,
                     [this](grpc::Status status) {
                       if (status.ok()) {
                         StartWriteAndFinish(&response_, grpc::WriteOptions(), status);
                       } else {
                         Finish(status);
                       }
                     });
  }
  void OnDone() override { delete this; }

 private:
  grpc::GenericStub* const upstream_;
  const std::string method_;
  const bool gzip_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

class GenericService final : public grpc::CallbackGenericService {
 public:
  explicit GenericService(const Settings& settings)
      : gzip_(settings.gzip), upstream_(Connect(settings)) {}
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new GenericReactor(&upstream_, context->method(), gzip_);
  }

 private:
  const bool gzip_;
  grpc::GenericStub upstream_;
};

int RunCallback(const Settings& settings, bool generic) {
  CallbackService service(settings);
  GenericService generic_service(settings);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(settings.listen, grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 4 << 20);
  if (generic) {
    builder.RegisterCallbackGenericService(&generic_service);
  } else {
    builder.RegisterService(&service);
  }
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::puts("ready");
  std::fflush(stdout);
  server->Wait();
  return 0;
}

}  // namespace
}  // namespace otelpipe::bench

int main(int argc, char** argv) {
  otelpipe::bench::Settings settings;
  CLI::App app("Forwards OTLP/gRPC Export calls as raw buffers.", "floor_grpc");
  app.option_defaults()->always_capture_default();
  app.add_option("--listen", settings.listen, "host:port to listen on");
  app.add_option("--to", settings.to, "host:port to forward to")->required();
  app.add_option("--mode", settings.mode, "cq, callback or generic")
      ->check(CLI::IsMember({"cq", "callback", "generic"}));
  app.add_option("--threads", settings.threads, "completion queues, one thread each (mode cq)")
      ->check(CLI::Range(1, 64));
  app.add_option("--channels", settings.channels, "upstream connections per thread (mode cq)")
      ->check(CLI::Range(1, 64));
  app.add_flag("--gzip", settings.gzip, "pack what is sent on");
  CLI11_PARSE(app, argc, argv);
  // Nothing is buffered here, so ending at once loses nothing.
  signal(SIGTERM, [](int) { std::_Exit(0); });
  signal(SIGINT, [](int) { std::_Exit(0); });
  const int code = settings.mode == "cq"
                       ? otelpipe::bench::RunCq(settings)
                       : otelpipe::bench::RunCallback(settings, settings.mode == "generic");
  if (code != 0) std::fprintf(stderr, "floor_grpc: cannot listen on %s\n", settings.listen.c_str());
  return code;
}
