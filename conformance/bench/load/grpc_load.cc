#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/rpc_method.h>
#include <grpcpp/support/async_unary_call.h>

#include <cstdio>
#include <memory>

#include "common/grpc_raw.h"
#include "load/plan.h"

namespace otelpipe::bench {
namespace {

bool Retryable(grpc::StatusCode code) {
  return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::RESOURCE_EXHAUSTED ||
         code == grpc::StatusCode::DEADLINE_EXCEEDED;
}

struct Run {
  Plan* plan;
  Tally* tally;
  grpc::CompletionQueue queue;
  std::vector<grpc::ByteBuffer> ready;  // the plan's bodies as buffers, shared by all calls
  int64_t started = 0;
  int open = 0;
};

grpc::ByteBuffer BufferOf(std::string_view body, bool gzip, bool is_static) {
  grpc::Slice slice = is_static ? grpc::Slice(body.data(), body.size(), grpc::Slice::STATIC_SLICE)
                                : grpc::Slice(body.data(), body.size());
  return gzip ? GzippedBuffer(slice) : grpc::ByteBuffer(&slice, 1);
}

// One request in flight, over and over.
class Slot final : public Tag {
 public:
  Slot(Run* run, std::shared_ptr<grpc::Channel> channel, Signal signal)
      : run_(run),
        channel_(std::move(channel)),
        method_(ExportMethod(signal), grpc::internal::RpcMethod::NORMAL_RPC, channel_) {
    ++run_->open;
    Next();
  }

  void Done(bool) override {
    if (resting_) {
      resting_ = false;
      return Send();
    }
    Tally* tally = run_->tally;
    if (status_.ok()) {
      tally->latencies.push_back((Clock::now() - sent_).count());
      ++tally->accepted;
      return Next();
    }
    tally->last_error = status_.error_message();
    if (!Retryable(status_.error_code())) {
      ++tally->failed;
      return Next();
    }
    ++tally->refused;
    if (run_->plan->GiveUp()) return Stop();
    resting_ = true;
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(&run_->queue,
                std::chrono::system_clock::now() + run_->plan->settings().backoff, this);
  }

 private:
  void Next() {
    if (run_->plan->Over(*run_->tally, run_->started)) return Stop();
    ++run_->started;
    const LoadSettings& settings = run_->plan->settings();
    if (settings.seq) {
      std::string own;
      request_ = BufferOf(run_->plan->Next(&own), settings.gzip, false);
    } else {
      request_ = run_->ready[run_->plan->NextIndex()];
    }
    Send();
  }

  void Send() {
    const LoadSettings& settings = run_->plan->settings();
    reader_.reset();
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_deadline(std::chrono::system_clock::now() + settings.timeout);
    if (settings.gzip) context_->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    sent_ = Clock::now();
    reader_.reset(grpc::internal::ClientAsyncResponseReaderHelper::Create<grpc::ByteBuffer>(
        channel_.get(), &run_->queue, method_, context_.get(), request_));
    reader_->StartCall();
    reader_->Finish(&response_, &status_, this);
  }

  void Stop() {
    if (--run_->open == 0) run_->queue.Shutdown();
  }

  Run* const run_;
  const std::shared_ptr<grpc::Channel> channel_;
  const grpc::internal::RpcMethod method_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
  std::unique_ptr<grpc::Alarm> alarm_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
  Clock::time_point sent_;
  bool resting_ = false;
};

}  // namespace

bool RunGrpcLoad(Plan* plan, Tally* tally) {
  const LoadSettings& settings = plan->settings();
  Run run;
  run.plan = plan;
  run.tally = tally;
  for (const std::string& body : plan->bodies()) {
    run.ready.push_back(BufferOf(body, settings.gzip, true));
  }
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < settings.connections; ++i) {
    grpc::ChannelArguments arguments;
    TuneForLoopback(&arguments);
    // Equal channels share a connection unless each has a pool of its own.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxSendMessageSize(-1);
    channels.push_back(grpc::CreateCustomChannel(settings.address,
                                                 grpc::InsecureChannelCredentials(), arguments));
    if (!channels.back()->WaitForConnected(std::chrono::system_clock::now() +
                                           std::chrono::seconds(10))) {
      std::fprintf(stderr, "otlp_load: %s: no connection\n", settings.address.c_str());
      return false;
    }
  }
  plan->Begin();
  ++run.open;  // holds the queue open while the slots start
  std::vector<std::unique_ptr<Slot>> slots;
  for (const auto& channel : channels) {
    for (int f = 0; f < settings.in_flight; ++f) {
      slots.push_back(std::make_unique<Slot>(&run, channel, settings.payload.signal));
    }
  }
  if (--run.open == 0) run.queue.Shutdown();
  RunTags(&run.queue);
  tally->seconds = plan->Elapsed();
  return true;
}

}  // namespace otelpipe::bench
