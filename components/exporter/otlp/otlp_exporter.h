// The otlp exporter: sends batches as OTLP over gRPC.
//
// A batch that came in as OTLP and was not changed is sent with the bytes it came with. Type `otlp`, alias `otlp_grpc`.
#pragma once

#include <array>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/component/sending_queue.h"
#include "shared/grpc/grpc_client.h"

namespace otelpipe {

class OtlpExporter final : public Exporter, private Sender {
 public:
  static constexpr std::string_view kType = "otlp";
  static constexpr std::array<std::string_view, 1> kAliases = {"otlp_grpc"};
  static constexpr std::string_view kStability = "stable";

  struct Config {
    GrpcClientConfig grpc;
    SendingConfig sending;
    static void Describe(Fields<Config>& f);
  };
  static Config DefaultConfig();

  OtlpExporter(Config config, Context context);
  absl::Status Start(Host& host) override;
  void Consume(Batch batch, Done done) override { queue_.Consume(std::move(batch), std::move(done)); }
  bool mutates() const override { return queue_.mutates(); }
  void Shutdown(ShutdownDone done) override;

 private:
  void Send(Batch batch, absl::Duration timeout, SendDone done) override;
  void LogPartialSuccess(const WireBytes& reply) const;

  const Config config_;
  const Context context_;
  GrpcClient client_;
  SendingQueue queue_;
};

// What a failed call means for its batch: retryable codes keep their own message, all others become permanent with the reference's text
// `rpc error: code = InvalidArgument desc = no` (the queue writes `Permanent error: ` before it). ResourceExhausted is retryable only with RetryInfo.
absl::Status JudgeOtlpError(const absl::Status& status);

}  // namespace otelpipe
