// The places configuration text comes from: `file:`, `env:` and `yaml:` locations.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/component/config_node.h"
#include "otelpipe/config.h"

namespace otelpipe::internal {

// A location taken apart: "file:/etc/a.yaml" is {"file", "/etc/a.yaml"}.
struct Uri {
  std::string scheme;
  std::string opaque;
  std::string ToString() const { return scheme + ":" + opaque; }
};

// `invalid uri: "A:-def"` when `text` does not begin with a scheme of at least two characters and a colon.
absl::StatusOr<Uri> ParseUri(std::string_view text);

// Text and the name of its file in places; the name is empty for text that has no file.
struct SourceText {
  std::string text;
  std::string file;
};

// Fetches text by Uri and collects notices about variables.
class Sources {
 public:
  explicit Sources(std::function<std::optional<std::string>(const std::string&)> environment)
      : environment_(std::move(environment)) {}

  // Errors in the reference's words, without place. An unknown scheme is NotFound; the caller words it.
  absl::StatusOr<SourceText> Fetch(const Uri& uri);
  std::vector<Config::Notice> TakeNotices() { return std::move(notices_); }

 private:
  absl::StatusOr<SourceText> FetchVariable(const std::string& text);
  std::function<std::optional<std::string>(const std::string&)> environment_;
  std::vector<Config::Notice> notices_;
  std::set<std::string> noticed_;
};

}  // namespace otelpipe::internal
