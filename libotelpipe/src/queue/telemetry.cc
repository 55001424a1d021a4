#include "queue/telemetry.h"

#include <string>

namespace otelpipe {
namespace {

constexpr char kScope[] = "go.opentelemetry.io/collector/exporter/exporterhelper";

struct Words {
  std::string noun, words, unit;
};
Words WordsOf(Signal signal) {
  switch (signal) {
    case Signal::kTraces: return {"spans", "spans", "{spans}"};
    case Signal::kMetrics: return {"metric_points", "metric points", "{datapoints}"};
    case Signal::kLogs: return {"log_records", "log records", "{records}"};
  }
  return {};
}

}  // namespace

void QueueTelemetry::Start(const Context& context, int64_t capacity) {
  if (context.metrics == nullptr) return;
  const std::string id = context.id.ToString();
  const Labels labels = {{"exporter", id}};
  const auto [noun, words, unit] = WordsOf(context.signal);
  sent_ = context.metrics->AddCounter("otelcol_exporter_sent_" + noun, labels,
                                      "Number of " + words + " successfully sent to destination. [alpha]", unit, kScope);
  send_failed_ = context.metrics->AddCounter("otelcol_exporter_send_failed_" + noun, labels,
                                             "Number of " + words + " in failed attempts to send to destination. [alpha]",
                                             unit, kScope);
  enqueue_failed_ = context.metrics->AddCounter("otelcol_exporter_enqueue_failed_" + noun, labels,
                                                "Number of " + words + " failed to be added to the sending queue. [alpha]",
                                                unit, kScope);
  if (capacity < 0) return;
  const Labels queue_labels = {{"exporter", id}, {"data_type", std::string(SignalName(context.signal))}};
  size_ = context.metrics->AddGauge("otelcol_exporter_queue_size", queue_labels,
                                    "Current size of the retry queue (in batches) [alpha]", "{batches}", kScope);
  context.metrics
      ->AddGauge("otelcol_exporter_queue_capacity", queue_labels, "Fixed capacity of the retry queue (in batches) [alpha]",
                 "{batches}", kScope)
      ->Set(capacity);
}

}  // namespace otelpipe
