// Config: a collector configuration, loaded, merged and expanded.
//
//   OTELPIPE_ASSIGN_OR_RETURN(Config config, Config::Load({"agent.yaml", "yaml:receivers::otlp::protocols::http: {}"}));
//
// Locations are what `--config` takes: a path, `file:PATH`, `env:NAME`, `yaml:TEXT`. Later ones are merged over earlier ones: maps
// recursively, everything else replaced. ${env:X}, ${X}, ${env:X:-default}, ${file:PATH}, ${yaml:TEXT} are expanded; `$$` is a dollar sign.
// Loading reads files and the environment and does nothing else.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/component/config_node.h"

namespace otelpipe {

struct LoadOptions {
  // `a.b=value` settings, applied after all locations.
  std::vector<std::string> sets;
  // Lists at service::extensions and of receivers and exporters below service are appended instead of replaced
  // (feature gate confmap.enableMergeAppendOption).
  bool append_lists = false;
  // Where ${env:X} looks; default the process environment.
  std::function<std::optional<std::string>(const std::string&)> environment;
};

class Config {
 public:
  // All problems of all sources at once; see ConfigErrorsFromStatus. The message is one line per problem.
  static absl::StatusOr<Config> Load(const std::vector<std::string>& locations, const LoadOptions& options = {});
  static absl::StatusOr<Config> Load(std::string_view path) { return Load(std::vector<std::string>{std::string(path)}); }
  // `name` stands for the file in messages.
  static absl::StatusOr<Config> Parse(std::string_view yaml, std::string_view name = "config", const LoadOptions& options = {});

  const ConfigNode& root() const { return root_; }
  // Notices of loading: unset and empty environment variables, as the reference logs them.
  struct Notice {
    bool warning;
    std::string message;
    std::string name;
  };
  const std::vector<Notice>& notices() const { return notices_; }
  // Values that are surely not meant as they stand, with their places: `$NAME`, which earlier versions of the reference expanded.
  const std::vector<ConfigError>& warnings() const { return warnings_; }

 private:
  ConfigNode root_;
  std::vector<Notice> notices_;
  std::vector<ConfigError> warnings_;
};

}  // namespace otelpipe
