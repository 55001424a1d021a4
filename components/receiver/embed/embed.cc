#include "receiver/embed/embed.h"

#include <string>

#include "otelpipe/component/register.h"

namespace otelpipe {
namespace {

std::string_view Items(Signal signal) {
  switch (signal) {
    case Signal::kTraces: return "spans";
    case Signal::kMetrics: return "metric_points";
    case Signal::kLogs: return "log_records";
  }
  return "";
}

}  // namespace

EmbedReceiver::EmbedReceiver(Config, Context context) : context_(std::move(context)) {}

absl::Status EmbedReceiver::Start(Host&) {
  for (Signal signal : kAllSignals) {
    const auto i = static_cast<size_t>(signal);
    if (outputs_[i] == nullptr || context_.metrics == nullptr) continue;
    const std::string items(Items(signal));
    const Labels labels = {{"receiver", context_.id.ToString()}, {"transport", "embed"}};
    accepted_[i] = context_.metrics->AddCounter("otelcol_receiver_accepted_" + items, labels,
                                                "Number of " + items + " successfully pushed into the pipeline.", "{" + items + "}");
    refused_[i] = context_.metrics->AddCounter("otelcol_receiver_refused_" + items, labels,
                                               "Number of " + items + " that could not be pushed into the pipeline.",
                                               "{" + items + "}");
  }
  running_ = true;
  return absl::OkStatus();
}

void EmbedReceiver::Shutdown(ShutdownDone done) {
  running_ = false;
  done();
}

void EmbedReceiver::Push(Batch batch, Done done) {
  if (!running_) return done.Finished(absl::UnavailableError("receiver \"" + context_.id.ToString() + "\" is not running"));
  if (!batch) return done.Finished(absl::InvalidArgumentError("the batch is empty"));
  const auto i = static_cast<size_t>(batch.signal());
  if (outputs_[i] == nullptr) {
    return done.Finished(absl::InvalidArgumentError("no " + std::string(SignalName(batch.signal())) +
                                                    " pipeline has the receiver \"" + context_.id.ToString() + "\""));
  }
  if (accepted_[i] == nullptr) return outputs_[i]->Consume(std::move(batch), std::move(done));

  // Counted at whichever event comes first; the embedder's own Done sees both.
  struct Count {
    Done done;
    Counter* accepted;
    Counter* refused;
    int64_t records;
    bool counted = false;
    void Once(bool ok) {
      if (!std::exchange(counted, true)) (ok ? accepted : refused)->Add(records);
    }
  };
  auto count = std::make_shared<Count>(
      Count{std::move(done), accepted_[i], refused_[i], static_cast<int64_t>(batch.records())});
  outputs_[i]->Consume(std::move(batch), Done::On(
                                             [count] {
                                               count->Once(true);
                                               count->done.Accepted();
                                             },
                                             [count](const absl::Status& status) {
                                               count->Once(status.ok());
                                               count->done.Finished(status);
                                             }));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(receiver, embed, registry) { return registry.AddReceiver<otelpipe::EmbedReceiver>(); }
