// ExporterCounters: the sent and failed counters of an exporter that has no sending queue (the queue counts for the others).
//
//   counters_.Count(batch.signal(), batch.records(), status);
//
// The counters of a signal appear with its first batch. Loop thread only.
#pragma once

#include <array>
#include <string>

#include "absl/status/status.h"
#include "otelpipe/component/component.h"

namespace otelpipe {

class ExporterCounters {
 public:
  explicit ExporterCounters(const Context& context) : metrics_(context.metrics), id_(context.id.ToString()) {}

  void Count(Signal signal, size_t records, const absl::Status& status) {
    if (metrics_ == nullptr) return;
    Pair& pair = pairs_[static_cast<size_t>(signal)];
    if (pair.sent == nullptr) Add(signal, pair);
    (status.ok() ? pair.sent : pair.failed)->Add(static_cast<int64_t>(records));
  }

 private:
  struct Pair {
    Counter* sent = nullptr;
    Counter* failed = nullptr;
  };
  void Add(Signal signal, Pair& pair) {
    static constexpr struct {
      const char *noun, *words, *unit;
    } kNames[] = {{"spans", "spans", "{spans}"},
                  {"metric_points", "metric points", "{datapoints}"},
                  {"log_records", "log records", "{records}"}};
    const auto& name = kNames[static_cast<size_t>(signal)];
    constexpr std::string_view kScope = "go.opentelemetry.io/collector/exporter/exporterhelper";
    const Labels labels = {{"exporter", id_}};
    pair.sent = metrics_->AddCounter(std::string("otelcol_exporter_sent_") + name.noun, labels,
                                     std::string("Number of ") + name.words + " successfully sent to destination. [alpha]",
                                     name.unit, kScope);
    pair.failed = metrics_->AddCounter(std::string("otelcol_exporter_send_failed_") + name.noun, labels,
                                       std::string("Number of ") + name.words +
                                           " in failed attempts to send to destination. [alpha]",
                                       name.unit, kScope);
  }

  Metrics* metrics_;
  std::string id_;
  std::array<Pair, 3> pairs_;
};

}  // namespace otelpipe
