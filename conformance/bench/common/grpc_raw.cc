#include "common/grpc_raw.h"

#include <grpc/byte_buffer.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>

#include <chrono>
#include <utility>

// gRPC names this class as the friend through which a test may reach the C buffer. It is the one
// way to hand over a buffer that is marked as compressed.
namespace grpc::internal {
class GrpcByteBufferPeer {
 public:
  static grpc_byte_buffer* Get(const ByteBuffer& buffer) {
    return const_cast<ByteBuffer&>(buffer).c_buffer();
  }
  static void Set(ByteBuffer* buffer, grpc_byte_buffer* raw) { buffer->set_buffer(raw); }
};
}  // namespace grpc::internal

namespace otelpipe::bench {
namespace {

using grpc::internal::GrpcByteBufferPeer;

constexpr int kSignals = 3;
// Calls waiting to be taken, per method and queue.
constexpr int kArmedCalls = 32;

}  // namespace

const char* ExportMethod(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    case Signal::kMetrics:
      return "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    case Signal::kLogs:
      break;
  }
  return "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
}

grpc::ByteBuffer GzippedBuffer(grpc::Slice packed) {
  grpc_slice slice = packed.c_slice();
  grpc::ByteBuffer buffer;
  GrpcByteBufferPeer::Set(&buffer,
                          grpc_raw_compressed_byte_buffer_create(&slice, 1, GRPC_COMPRESS_GZIP));
  grpc_slice_unref(slice);
  return buffer;
}

grpc_compression_algorithm CompressionOf(const grpc::ByteBuffer& buffer) {
  const grpc_byte_buffer* raw = GrpcByteBufferPeer::Get(buffer);
  return raw == nullptr ? GRPC_COMPRESS_NONE : raw->data.raw.compression;
}

std::vector<std::string_view> Views(const grpc::ByteBuffer& buffer,
                                    std::vector<grpc::Slice>* slices) {
  slices->clear();
  std::vector<std::string_view> views;
  if (!buffer.Valid() || !buffer.Dump(slices).ok()) return views;
  views.reserve(slices->size());
  for (const grpc::Slice& slice : *slices) {
    views.emplace_back(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return views;
}

// What the generated "raw method" services do, without generated code.
class ExportService final : public grpc::Service {
 public:
  ExportService() {
    for (int i = 0; i < kSignals; ++i) {
      AddMethod(new grpc::internal::RpcServiceMethod(ExportMethod(static_cast<Signal>(i)),
                                                     grpc::internal::RpcMethod::NORMAL_RPC,
                                                     nullptr));
      MarkMethodRaw(i);
    }
  }

  void Request(Signal signal, grpc::ServerContext* context, grpc::ByteBuffer* request,
               grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* writer,
               grpc::ServerCompletionQueue* queue, Tag* tag) {
    RequestAsyncUnary(static_cast<int>(signal), context, request, writer, queue, queue, tag);
  }
};

ExportCall::ExportCall(ExportService* service, Signal signal, grpc::ServerCompletionQueue* queue,
                       int index, const std::function<void(ExportCall*)>* handler)
    : service_(service), signal_(signal), queue_(queue), index_(index), handler_(handler) {
  Arm();
}

void ExportCall::Arm() {
  state_ = State::kWaiting;
  request_.Clear();
  writer_.reset();
  context_ = std::make_unique<grpc::ServerContext>();
  writer_ =
      std::make_unique<grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>>(context_.get());
  service_->Request(signal_, context_.get(), &request_, writer_.get(), queue_, this);
}

void ExportCall::Reply(const grpc::ByteBuffer& response) {
  state_ = State::kReplying;
  request_.Clear();
  writer_->Finish(response, grpc::Status::OK, this);
}

void ExportCall::Fail(const grpc::Status& status) {
  state_ = State::kReplying;
  request_.Clear();
  writer_->FinishWithError(status, this);
}

void ExportCall::After(std::chrono::nanoseconds wait, std::function<void()> then) {
  state_ = State::kSleeping;
  then_ = std::move(then);
  alarm_ = std::make_unique<grpc::Alarm>();
  alarm_->Set(queue_, std::chrono::system_clock::now() + wait, this);
}

void ExportCall::Done(bool ok) {
  switch (state_) {
    case State::kWaiting:
      if (!ok) return;  // the server is going away
      state_ = State::kHandling;
      (*handler_)(this);
      return;
    case State::kSleeping: {
      state_ = State::kHandling;
      const std::function<void()> then = std::move(then_);
      then();
      return;
    }
    case State::kHandling:
      return;
    case State::kReplying:
      Arm();
      return;
  }
}

ExportServer::ExportServer(const std::string& address, const ExportServerSettings& settings,
                           std::function<void(ExportCall*)> handler)
    : handler_(std::move(handler)), service_(std::make_unique<ExportService>()) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(service_.get());
  builder.SetMaxReceiveMessageSize(-1);
  builder.SetMaxSendMessageSize(-1);
  // Without this two programs can listen on one port and share its connections unseen.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  if (!settings.decompress) {
    builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  }
  grpc::ChannelArguments tuned;
  TuneForLoopback(&tuned);
  const grpc_channel_args raw = tuned.c_channel_args();
  for (size_t i = 0; i < raw.num_args; ++i) {
    if (raw.args[i].type == GRPC_ARG_INTEGER) {
      builder.AddChannelArgument(raw.args[i].key, raw.args[i].value.integer);
    }
  }
  for (int i = 0; i < settings.queues; ++i) queues_.push_back(builder.AddCompletionQueue());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) return;
  for (int q = 0; q < settings.queues; ++q) {
    for (int s = 0; s < kSignals; ++s) {
      for (int n = 0; n < kArmedCalls; ++n) {
        // Arms itself again after every reply and so lives as long as the process.
        new ExportCall(service_.get(), static_cast<Signal>(s), queue(q), q, &handler_);
      }
    }
  }
}

ExportServer::~ExportServer() {
  if (server_ == nullptr) {
    for (const auto& queue : queues_) queue->Shutdown();
  }
}

void ExportServer::RunQueue(int index) { RunTags(queue(index)); }

void RunTags(grpc::CompletionQueue* queue) {
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) static_cast<Tag*>(tag)->Done(ok);
}

}  // namespace otelpipe::bench
