// Exporter `loki`: pushes log records to Loki's HTTP API (POST, protobuf packed with snappy), with labels from hint attributes.
// The conversion is in encoder.h; queue and retries are the library's (sending_queue.h).
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/loki/encoder.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/component/sending_queue.h"
#include "shared/http/http_client.h"

namespace otelpipe {

class LokiExporter final : public Exporter, public Sender {
 public:
  static constexpr std::string_view kType = "loki";
  static constexpr std::array kSignals = {Signal::kLogs};
  static constexpr std::string_view kStability = "deprecated";
  struct Config {
    HttpClientConfig http;
    RetryConfig retry_on_failure;
    QueueConfig sending_queue;
    std::map<std::string, bool> default_labels_enabled;  // by label; absent ones are on
    static void Describe(Fields<Config>& f);
  };
  static Config DefaultConfig();

  LokiExporter(Config config, Context context);
  ~LokiExporter() override;
  absl::Status Init();

  absl::Status Start(Host& host) override;
  void Consume(Batch batch, Done done) override { queue_.Consume(std::move(batch), std::move(done)); }
  bool mutates() const override { return queue_.mutates(); }
  void Shutdown(ShutdownDone done) override;
  // One attempt: one request per tenant, one after the other. Any permanent failure makes the whole attempt permanent.
  void Send(Batch batch, absl::Duration timeout, SendDone done) override;

 private:
  struct Attempt;
  void SendNext(std::shared_ptr<Attempt> attempt);
  void FinishAttempt(Attempt& attempt);

  const Config config_;
  Context context_;
  HttpClient http_;
  LokiEncoder encoder_;
  SendingQueue queue_;
  Counter* missing_labels_ = nullptr;
};

// What an answer of Loki means: OK for 2xx, permanent for 4xx but 429, retryable for all others. The text is the reference's:
// `HTTP 429 "Too Many Requests": <first line of the body>`.
absl::Status LokiAnswer(int http_status, std::string_view body);

}  // namespace otelpipe
