#include "shared/own_telemetry/target.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

using own_telemetry::ExporterFor;
using own_telemetry::OtlpTarget;

std::string Value(const ConfigNode& node, const std::string& key, const std::string& inner = "") {
  const ConfigNode* found = node.Find(key);
  if (found != nullptr && !inner.empty()) found = found->Find(inner);
  return found != nullptr ? found->text : "none";
}

TEST_CASE("A target means the same as settings of an exporter", "[shared][own_telemetry]") {
  OtlpTarget http;
  http.endpoint = "http://host:4318";
  CHECK(ExporterFor(http, Signal::kMetrics).first == "otlphttp");
  CHECK(Value(ExporterFor(http, Signal::kMetrics).second, "metrics_endpoint") == "http://host:4318/v1/metrics");
  CHECK(Value(ExporterFor(http, Signal::kMetrics).second, "compression") == "none");
  CHECK(Value(ExporterFor(http, Signal::kMetrics).second, "timeout") == "10000ms");
  CHECK(Value(ExporterFor(http, Signal::kMetrics).second, "retry_on_failure", "enabled") == "false");
  CHECK(Value(ExporterFor(http, Signal::kLogs).second, "logs_endpoint") == "http://host:4318/v1/logs");
  CHECK(Value(ExporterFor(http, Signal::kLogs).second, "retry_on_failure", "max_elapsed_time") == "1m");
  http.endpoint = "https://host/own/path";
  http.headers.all = {{"a", "b"}};
  http.certificate = "ca.pem";
  CHECK(Value(ExporterFor(http, Signal::kMetrics).second, "metrics_endpoint") == "https://host/own/path");
  CHECK(Value(ExporterFor(http, Signal::kMetrics).second, "headers", "a") == "b");
  CHECK(Value(ExporterFor(http, Signal::kMetrics).second, "tls", "ca_file") == "ca.pem");
  OtlpTarget grpc;
  grpc.protocol = "grpc";
  grpc.endpoint = "http://host:4317";
  CHECK(ExporterFor(grpc, Signal::kLogs).first == "otlp");
  CHECK(Value(ExporterFor(grpc, Signal::kLogs).second, "tls", "insecure") == "true");
  grpc.endpoint = "host:4317";
  CHECK(Value(ExporterFor(grpc, Signal::kLogs).second, "tls", "insecure") == "false");
  grpc.insecure = true;
  CHECK(Value(ExporterFor(grpc, Signal::kLogs).second, "tls", "insecure") == "true");
}

TEST_CASE("Without the exporter in the program nothing is sent, and that is told", "[shared][own_telemetry]") {
  OtlpTarget http;
  http.endpoint = "http://host:4318";
  Metrics uncounted;
  const auto made = own_telemetry::MakeOwnExporter(http, Signal::kLogs, Context(), &uncounted);
  CHECK(made.status().message() == "own logs cannot be sent: this program has no exporter otlphttp");
}

}  // namespace
}  // namespace otelpipe
