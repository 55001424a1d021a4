#include "exporter/otlp/otlp_exporter.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"
#include "shared/net/otlp.h"
#include "shared/net/rpc_status.h"

namespace otelpipe {

void OtlpExporter::Config::Describe(Fields<Config>& f) {
  f.Inline(&Config::grpc);
  f.Inline(&Config::sending);
}

OtlpExporter::Config OtlpExporter::DefaultConfig() {
  Config c;
  c.grpc.compression = Compression::kGzip;
  c.grpc.write_buffer_size = 512 << 10;
  return c;
}

OtlpExporter::OtlpExporter(Config config, Context context)
    : config_(std::move(config)),
      context_(std::move(context)),
      client_(config_.grpc, context_),
      queue_(config_.sending, context_, this) {}

absl::Status OtlpExporter::Start(Host& host) {
  OTELPIPE_RETURN_IF_ERROR(client_.Start(host));
  return queue_.Start(host);
}

void OtlpExporter::Shutdown(ShutdownDone done) {
  queue_.Shutdown([this, done = std::move(done)]() mutable {
    client_.Shutdown();
    done();
  });
}

void OtlpExporter::Send(Batch batch, absl::Duration timeout, SendDone done) {
  client_.Call(OtlpMethod(context_.signal), batch.wire(), timeout, batch.client().get(),
               [this, done = std::move(done)](absl::StatusOr<WireBytes> reply) mutable {
                 if (!reply.ok()) return done(JudgeOtlpError(reply.status()));
                 LogPartialSuccess(*reply);
                 done(absl::OkStatus());
               });
}

void OtlpExporter::LogPartialSuccess(const WireBytes& reply) const {
  // Nearly always empty, or an empty partial success.
  if (WireSize(reply) <= 2) return;
  std::string scratch;
  const absl::StatusOr<PartialSuccess> partial = ParsePartialSuccess(Flatten(reply, scratch));
  if (!partial.ok() || !partial->any()) return;
  const char* noun = context_.signal == Signal::kTraces    ? "dropped_spans"
                     : context_.signal == Signal::kMetrics ? "dropped_data_points"
                                                           : "dropped_log_records";
  context_.log.Warn("Partial success response",
                    {{"message", partial->message}, {noun, static_cast<int64_t>(partial->rejected)}});
}

absl::Status JudgeOtlpError(const absl::Status& status) {
  const double wait = RetryAfterSeconds(status);
  bool retryable = false;
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      retryable = true;
      break;
    case absl::StatusCode::kResourceExhausted:
      retryable = wait >= 0;
      break;
    default:
      break;
  }
  // A passing error reaches a client of the receiver in its own words, unless something is said around it: a permanent one, or a wait.
  if (retryable && wait <= 0) return status;
  absl::Status out(status.code(), absl::StrCat("rpc error: code = ",
                              A(RpcCodeName(static_cast<int>(status.code()))), " desc = ", status.message()));
  if (wait >= 0) out = WithRetryAfter(std::move(out), wait);
  return retryable ? out : Permanent(std::move(out));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(exporter, otlp, registry) { return registry.AddExporter<otelpipe::OtlpExporter>(); }
