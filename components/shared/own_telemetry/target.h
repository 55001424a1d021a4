// OtlpTarget: where the service's own metrics and log lines are sent, as `service.telemetry` writes it. The sending is done by the exporters otlphttp
// and otlp, made from the registry with settings that mean the same.
//
//   OTELPIPE_ASSIGN_OR_RETURN(auto exporter, MakeOwnExporter(target, Signal::kLogs, context));
//   OTELPIPE_RETURN_IF_ERROR(exporter->Start(host));
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe::own_telemetry {

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
  static void Describe(Fields<OtlpTarget>& f);
};

// The exporter `console` has no settings.
struct ConsoleTarget {
  static void Describe(Fields<ConsoleTarget>& f);
};

// `'name' must be greater than 0`.
absl::Status PositiveMillis(const char* name, int64_t value);

// The type of the exporter that serves `target`, and its configuration.
std::pair<std::string, ConfigNode> ExporterFor(const OtlpTarget& target, Signal signal);

// The exporter itself, named TYPE/own_metrics or TYPE/own_logs; `context` is the service's, what the exporter counts is not the service's own work and
// goes to `uncounted`, which must outlive it. NotFound when the program has no such exporter.
absl::StatusOr<std::unique_ptr<Exporter>> MakeOwnExporter(const OtlpTarget& target, Signal signal, const Context& context, Metrics* uncounted);

}  // namespace otelpipe::own_telemetry
