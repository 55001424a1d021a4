// OTLP Export calls over gRPC as raw byte buffers: no message class, no copy.
//
//   ExportServer server("127.0.0.1:0", {.queues = 1}, [](ExportCall* call) {
//     Count(call->request());
//     call->Reply(grpc::ByteBuffer());      // or call->Fail(status); exactly one of them
//   });
//   server.RunQueue(0);                     // in a thread of its own, forever
//
// Threads: RunQueue(i) runs the handler of the calls that queue i took, and every ExportCall and
// every Tag started on that queue stays on that thread. The programs end with the process; there
// is no orderly shutdown here, and an ExportCall is never freed while it is in flight.
// Methods are registered rather than generic: core then hands over a call together with its
// message, which saves one turn of the completion queue per request (README, "The floor").
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/async_unary_call.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/skim.h"

namespace otelpipe::bench {

// "/opentelemetry.proto.collector.logs.v1.LogsService/Export" and its two sisters.
const char* ExportMethod(Signal signal);

// What a completion queue carries: Done(ok) is called once per started operation.
class Tag {
 public:
  virtual void Done(bool ok) = 0;

 protected:
  ~Tag() = default;
};

// Window, frame and read sizes for loopback, where the defaults are made for a WAN.
template <typename Arguments>
void TuneForLoopback(Arguments* arguments) {
  arguments->SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments->SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 4 << 20);
}

// A message that is already compressed: core sends it untouched and marks it so, provided the
// call's compression algorithm is set to the same one.
grpc::ByteBuffer GzippedBuffer(grpc::Slice packed);

// The algorithm a received message is still packed with, when the server does not unpack.
grpc_compression_algorithm CompressionOf(const grpc::ByteBuffer& buffer);

// The bytes of a buffer as views; `slices` keeps them alive.
std::vector<std::string_view> Views(const grpc::ByteBuffer& buffer,
                                    std::vector<grpc::Slice>* slices);

class ExportService;

class ExportCall final : public Tag {
 public:
  ExportCall(ExportService* service, Signal signal, grpc::ServerCompletionQueue* queue, int index,
             const std::function<void(ExportCall*)>* handler);

  Signal signal() const { return signal_; }
  int queue_index() const { return index_; }
  grpc::ServerCompletionQueue* queue() const { return queue_; }
  grpc::ByteBuffer& request() { return request_; }

  void Reply(const grpc::ByteBuffer& response);
  void Fail(const grpc::Status& status);
  // Calls `then` after the wait, on the same queue.
  void After(std::chrono::nanoseconds wait, std::function<void()> then);

  void Done(bool ok) override;

 private:
  enum class State { kWaiting, kHandling, kSleeping, kReplying };
  void Arm();

  ExportService* const service_;
  const Signal signal_;
  grpc::ServerCompletionQueue* const queue_;
  const int index_;
  const std::function<void(ExportCall*)>* const handler_;
  State state_ = State::kWaiting;
  std::unique_ptr<grpc::ServerContext> context_;
  std::unique_ptr<grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>> writer_;
  grpc::ByteBuffer request_;
  std::unique_ptr<grpc::Alarm> alarm_;
  std::function<void()> then_;
};

struct ExportServerSettings {
  int queues = 1;
  bool decompress = true;  // false: a packed message is handed over as it came
};

class ExportServer {
 public:
  // Check ok() before use; it is false when the address could not be bound.
  ExportServer(const std::string& address, const ExportServerSettings& settings,
               std::function<void(ExportCall*)> handler);
  ~ExportServer();

  bool ok() const { return server_ != nullptr; }
  int port() const { return port_; }
  grpc::ServerCompletionQueue* queue(int index) const {
    return queues_[static_cast<size_t>(index)].get();
  }
  void RunQueue(int index);

 private:
  const std::function<void(ExportCall*)> handler_;
  std::unique_ptr<ExportService> service_;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

// Runs the tags of a queue until it is shut down.
void RunTags(grpc::CompletionQueue* queue);

}  // namespace otelpipe::bench
