// Settings: the whole configuration tree decoded: components by section, pipelines, telemetry.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/plan.h"
#include "otelpipe/config.h"
#include "otelpipe/log_sink.h"

namespace otelpipe {

// `service.telemetry.metrics`, as far as somebody has to act on it.
struct MetricsSettings {
  std::string level = "normal";
  bool readers_given = false;
  ConfigNode readers;   // list
  ConfigNode views;     // list or null
  std::string address;  // older form host:port
  Location location;
};

struct Settings {
  Plan plan;
  LogSettings logs;
  ConfigNode log_processors;  // list or null
  MetricsSettings metrics;
  std::map<std::string, std::optional<std::string>> resource;  // null removes a default
};

// Decodes `root`. Errors and warnings of all sections are added to `errors`; what could be decoded is there all the same. `may_have_no_pipeline`:
// receivers, exporters and pipelines may be missing.
Settings DecodeSettings(const ConfigNode& root, const Registry& registry, bool may_have_no_pipeline, std::vector<ConfigError>& errors);

}  // namespace otelpipe
