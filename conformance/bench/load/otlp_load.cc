// otlp_load sends pre-encoded OTLP requests in a closed loop: each of --conns connections keeps
// --inflight requests open, for --time or until --requests have been accepted. A refused request
// (HTTP 429 and 5xx, gRPC UNAVAILABLE, RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, a broken connection)
// is sent again after --backoff. Prints one JSON line: accepted records per second, latencies.
//
// With --seq every request is encoded anew with running "seq=%010d" tokens, to find loss and
// duplicates; without it 16 bodies are reused. HTTP has one request per connection in flight, so
// there --inflight opens more connections.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "common/text.h"
#include "load/plan.h"

namespace otelpipe::bench {
namespace {

double Percentile(const std::vector<int64_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  return static_cast<double>(sorted[static_cast<size_t>(
             share * static_cast<double>(sorted.size() - 1))]) /
         1e6;
}

int Report(const Plan& plan, Tally tally) {
  const LoadSettings& settings = plan.settings();
  std::sort(tally.latencies.begin(), tally.latencies.end());
  const int64_t records = tally.accepted * settings.payload.records;
  std::puts(JsonLine()
                .Add("proto", settings.protocol)
                .Add("signal", settings.signal)
                .Add("conns", settings.connections)
                .Add("inflight", settings.in_flight)
                .Add("records_per_request", settings.payload.records)
                .Add("request_bytes", plan.request_bytes())
                .AddFixed("seconds", tally.seconds, 4)
                .Add("requests", tally.accepted)
                .Add("records", records)
                .AddFixed("records_per_s", static_cast<double>(records) / tally.seconds, 0)
                .Add("refused", tally.refused)
                .Add("failed", tally.failed)
                .AddFixed("p50_ms", Percentile(tally.latencies, 0.5), 3)
                .AddFixed("p99_ms", Percentile(tally.latencies, 0.99), 3)
                .AddFixed("max_ms", Percentile(tally.latencies, 1), 3)
                .Add("last_error", tally.last_error)
                .Done()
                .c_str());
  return tally.accepted > 0 ? 0 : 1;
}

bool Dump(const Plan& plan, const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  const std::string& body = plan.bodies()[0];
  const bool whole = std::fwrite(body.data(), 1, body.size(), file) == body.size();
  return std::fclose(file) == 0 && whole;
}

}  // namespace
}  // namespace otelpipe::bench

int main(int argc, char** argv) {
  using otelpipe::bench::Signal;
  otelpipe::bench::LoadSettings settings;
  std::string time = "10s";
  std::string backoff = "5ms";
  std::string timeout = "30s";
  std::string dump;
  CLI::App app("Sends OTLP requests in a closed loop.", "otlp_load");
  app.option_defaults()->always_capture_default();
  app.add_option("--proto", settings.protocol, "grpc or http")
      ->check(CLI::IsMember({"grpc", "http"}));
  app.add_option("--addr", settings.address, "host:port (http: IP:port)");
  app.add_option("--signal", settings.signal, "logs, traces or metrics")
      ->check(CLI::IsMember({"logs", "traces", "metrics"}));
  app.add_option("--records", settings.payload.records, "records per request")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--resources", settings.payload.resources, "resources per request")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--body", settings.payload.body_bytes, "bytes of a log body")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--conns", settings.connections, "connections")->check(CLI::Range(1, 1000));
  app.add_option("--inflight", settings.in_flight, "requests in flight per connection")
      ->check(CLI::Range(1, 1000));
  app.add_option("--time", time, "how long to send");
  app.add_option("--requests", settings.requests, "stop after so many accepted requests");
  app.add_flag("--gzip", settings.gzip, "compress requests");
  app.add_flag("--seq", settings.seq, "a unique seq= token per record");
  app.add_option("--backoff", backoff, "pause before a refused request is sent again");
  app.add_option("--timeout", timeout, "limit per request");
  app.add_option("--dump", dump, "write one encoded request to this file and stop");
  CLI11_PARSE(app, argc, argv);
  if (!otelpipe::bench::ParseDuration(time, &settings.time) ||
      !otelpipe::bench::ParseDuration(backoff, &settings.backoff) ||
      !otelpipe::bench::ParseDuration(timeout, &settings.timeout)) {
    std::fprintf(stderr, "otlp_load: --time, --backoff or --timeout is not a duration\n");
    return 2;
  }
  settings.payload.signal = settings.signal == "logs"     ? Signal::kLogs
                            : settings.signal == "traces" ? Signal::kTraces
                                                          : Signal::kMetrics;
  otelpipe::bench::Plan plan(settings);
  if (!dump.empty()) {
    if (otelpipe::bench::Dump(plan, dump)) return 0;
    std::fprintf(stderr, "otlp_load: cannot write %s\n", dump.c_str());
    return 1;
  }
  otelpipe::bench::Tally tally;
  const bool ran = settings.protocol == "grpc" ? otelpipe::bench::RunGrpcLoad(&plan, &tally)
                                               : otelpipe::bench::RunHttpLoad(&plan, &tally);
  return ran ? otelpipe::bench::Report(plan, std::move(tally)) : 1;
}
