// otlphttp: sends batches as OTLP over HTTP.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/component/sending_queue.h"
#include "shared/http/http_client.h"

namespace otelpipe {

class OtlpHttpExporter final : public Exporter, private Sender {
 public:
  static constexpr std::string_view kType = "otlphttp";
  static constexpr std::array<std::string_view, 1> kAliases = {"otlp_http"};
  static constexpr std::string_view kStability = "stable";

  struct Config {
    HttpClientConfig http;
    std::string traces_endpoint;
    std::string metrics_endpoint;
    std::string logs_endpoint;
    std::string encoding = "proto";
    RetryConfig retry_on_failure;
    QueueConfig sending_queue;
    static void Describe(Fields<Config>& f);
  };
  static Config DefaultConfig();

  OtlpHttpExporter(Config config, Context context);
  // InvalidArgument: `either endpoint or logs_endpoint must be specified`, `endpoint must be a valid URL`.
  absl::Status Init();

  absl::Status Start(Host& host) override;
  void Consume(Batch batch, Done done) override { queue_.Consume(std::move(batch), std::move(done)); }
  bool mutates() const override { return queue_.mutates(); }
  void Shutdown(ShutdownDone done) override;

 private:
  void Send(Batch batch, absl::Duration timeout, SendDone done) override;
  // What an answer means for the batch; otlp.md 7.2.
  absl::Status Judge(const HttpResponse& response) const;

  const Config config_;
  const Context context_;
  std::string url_;
  HttpClient client_;
  SendingQueue queue_;
};

}  // namespace otelpipe
