// PushReader: sends the service's own metrics by OTLP, every so often and once more at the end. A `periodic` reader of
// `service.telemetry.metrics`. The sending is done by the exporters otlphttp and otlp, made from the registry with settings that mean the same.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extension/telemetry_metrics/process_stats.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/pdata/batch.h"

namespace otelpipe::own_metrics {

// A header as a list item; a map of headers is taken too.
struct Header {
  std::string name;
  std::string value;
  static void Describe(Fields<Header>& f);
};
struct Headers {
  std::vector<Header> all;
};
void DecodeField(const ConfigNode& node, Headers& out, DecodeContext& context);

struct OtlpTarget {
  std::string protocol = "http/protobuf";
  std::string endpoint;
  Headers headers;
  std::string compression;
  int64_t timeout = 10000;  // milliseconds
  std::optional<bool> insecure;
  std::string certificate, client_certificate, client_key;
  std::string temporality_preference;
  static void Describe(Fields<OtlpTarget>& f);
};
struct PushExporter {
  std::optional<OtlpTarget> otlp;
  static void Describe(Fields<PushExporter>& f);
};
struct Periodic {
  int64_t interval = 60000;  // milliseconds
  int64_t timeout = 30000;
  std::optional<PushExporter> exporter;
  static void Describe(Fields<Periodic>& f);
};

// The type of the exporter that serves `target`, and its configuration.
std::pair<std::string, ConfigNode> ExporterFor(const OtlpTarget& target);

// The metrics as a batch, with start and time of every point. Counters that never counted are there as 0.
Batch OwnBatch(const std::vector<MetricSample>& samples, const std::vector<ProcessSample>& process,
               const std::vector<std::pair<std::string, std::string>>& resource, std::string_view level, uint64_t start_nanos, uint64_t now_nanos);

// Lives on the loop. `read` makes the batch to send.
class PushReader {
 public:
  PushReader(Periodic config, Context context, std::function<Batch()> read);
  ~PushReader();
  // NotFound when the program has no such exporter; errors of its settings and of its start.
  absl::Status Start(Host& host);
  // Sends once more, then stops the exporter.
  void Shutdown(std::function<void()> done);

 private:
  void Tick();
  void Send(std::function<void()> then);

  const Periodic config_;
  Context context_;
  Metrics uncounted_;  // what the exporter counts is not the service's own work
  std::function<Batch()> read_;
  std::unique_ptr<Exporter> exporter_;
  Timer timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace otelpipe::own_metrics
