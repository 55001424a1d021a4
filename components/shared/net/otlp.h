// Names of OTLP on the wire.
#pragma once

#include "otelpipe/pdata/records.h"

namespace otelpipe {

// The gRPC method that exports a signal.
constexpr const char* OtlpMethod(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    case Signal::kMetrics:
      return "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    case Signal::kLogs:
      break;
  }
  return "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
}

}  // namespace otelpipe
