// Ready log sinks for embedders and the agent, and the settings of `service.telemetry.logs` they are made from.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "otelpipe/component/telemetry.h"

namespace otelpipe {

// `service.telemetry.logs`.
struct LogSettings {
  LogLevel level = LogLevel::kInfo;
  bool json = false;  // encoding: json
  bool disable_caller = false;
  struct Sampling {
    bool enabled = true;
    absl::Duration tick = absl::Seconds(10);
    int64_t initial = 10;     // the first so many equal messages of a tick pass
    int64_t thereafter = 100; // then every so-manieth
  } sampling;
  std::vector<std::string> output_paths = {"stderr"};
  std::vector<std::pair<std::string, std::string>> initial_fields;  // key, JSON text
  std::vector<std::pair<std::string, std::string>> resource;        // of the service
  bool without_resource = false;                                    // disable_zap_resource: lines do not show it
};

// Writes lines as the reference's console or JSON encoder does:
//   2026-01-01T10:00:00.833Z<TAB>info<TAB>service.cc:257<TAB>Starting otelpipe...<TAB>{"resource": {...}, "Version": "0.1.0"}
// to `write`, one call per line with its newline. Thread-safe.
std::shared_ptr<LogSink> MakeFormattingSink(const LogSettings& settings, std::function<void(std::string_view)> write);

// The same to the settings' output_paths: "stderr", "stdout" or files (appended). Error: `open sink "/x": ...: no such file or directory`.
absl::StatusOr<std::shared_ptr<LogSink>> MakeFileSink(const LogSettings& settings);

}  // namespace otelpipe
