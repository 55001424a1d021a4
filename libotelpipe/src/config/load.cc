#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "config/expand.h"
#include "config/merge.h"
#include "config/sources.h"
#include "config/text.h"
#include "config/yaml_reader.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/config.h"

namespace otelpipe {
namespace internal {

// Gathers sources and their errors for one Config.
class Loader {
 public:
  explicit Loader(const LoadOptions& options)
      : options_(options), sources_(options.environment ? options.environment : ProcessEnvironment) {
    root_.kind = ConfigNode::Kind::kMap;
  }

  void AddLocation(const std::string& location) {
    const bool drive = location.size() > 1 && location[1] == ':' && std::isalpha(static_cast<unsigned char>(location[0]));
    Uri uri{"file", location};
    if (location.find(':') != std::string::npos && !drive) {
      auto parsed = ParseUri(location);
      if (!parsed.ok()) return Fail({location, 0, 0}, S(parsed.status().message()));
      uri = *std::move(parsed);
    }
    auto source = sources_.Fetch(uri);
    if (absl::IsNotFound(source.status())) {
      return Fail({"--config", 0, 0}, "unsupported scheme on URI " + GoQuote(location),
                  "use a path, file:PATH, env:NAME or yaml:TEXT");
    }
    if (!source.ok()) {
      return Fail({"--config", 0, 0}, absl::StrCat("cannot retrieve the configuration: ", source.status().message()));
    }
    if (source->file.empty()) source->file = Shorten(location);
    AddText(source->text, source->file);
  }

  void AddText(std::string_view text, const std::string& file) {
    order_.emplace(file, order_.size());
    auto tree = ReadYaml(text, file);
    if (!tree.ok()) return Fail(tree.status());
    if (first_file_.empty()) first_file_ = file;
    AddTree(*std::move(tree));
  }

  void AddSet(const std::string& set) {
    const size_t equals = set.find('=');
    if (equals == std::string::npos) {
      return Fail({"--set", 0, 0},
                  absl::StrCat("invalid argument ", GoQuote(set), " for \"--set\" flag: missing equal sign"),
                  "write it as --set=receivers.otlp.protocols.http.endpoint=VALUE");
    }
    const std::string key = absl::StrReplaceAll(Trim(set.substr(0, equals)), {{".", "::"}});
    const std::string file = "--set=" + set.substr(0, equals);
    auto tree = ReadYaml(absl::StrCat(key, ": ", Trim(set.substr(equals + 1))), file);
    if (!tree.ok()) return Fail(tree.status());
    ClearLines(*tree);
    AddTree(*std::move(tree));
  }

  void AddTree(ConfigNode tree) {
    if (tree.is_null()) return;
    if (!tree.is_map()) {
      return Fail(tree.location,
                  absl::StrCat("retrieved value (type=", A(tree.TypeName()), ") cannot be used as a Conf"),
                  "the top level must be a map with keys such as receivers, exporters and service");
    }
    SplitKeys(tree);
    if (root_.location.file.empty()) root_.location = tree.location;
    MergeInto(root_, std::move(tree), options_.append_lists);
  }

  // Expands what was gathered; the config, or all errors in the order of their places.
  absl::StatusOr<ConfigNode> Finish() {
    if (root_.location.file.empty() && !first_file_.empty()) root_.location = {first_file_, 1, 1};  // nothing in it
    FindOldVariables(root_, "");
    Expand(root_, [this](const Uri& uri) { return sources_.Fetch(uri); }, errors_);
    if (errors_.empty()) return std::move(root_);
    auto rank = [this](const ConfigError& e) {
      auto it = order_.find(e.location.file);
      return it == order_.end() ? order_.size() : it->second;
    };
    std::stable_sort(errors_.begin(), errors_.end(), [&](const ConfigError& a, const ConfigError& b) {
      return std::make_tuple(rank(a), a.location.line, a.location.column) <
             std::make_tuple(rank(b), b.location.line, b.location.column);
    });
    return ConfigErrorsToStatus(errors_);
  }

  void Fail(const Location& location, std::string_view what, std::string_view hint = "") {
    errors_.push_back({location, "", std::string(what), std::string(hint), false});
  }
  std::vector<Config::Notice> TakeNotices() { return sources_.TakeNotices(); }
  std::vector<ConfigError> TakeWarnings() { return std::move(warnings_); }

 private:
  // The name of a variable written as `$NAME`: the whole text, or a name that the environment has.
  std::string OldVariable(std::string_view text) const {
    for (size_t at = 0; (at = text.find('$', at)) != std::string_view::npos;) {
      size_t end = at + 1;
      if (end < text.size() && text[end] == '$') {  // an escaped dollar sign
        at = end + 1;
        continue;
      }
      auto capital = [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; };
      while (end < text.size() && (capital(text[end]) || (end > at + 1 && text[end] >= '0' && text[end] <= '9'))) ++end;
      const std::string name(text.substr(at + 1, end - at - 1));
      const bool whole = at == 0 && end == text.size();
      if (name.size() > 1 && (whole || (options_.environment ? options_.environment : ProcessEnvironment)(name).has_value())) return name;
      at = end;
    }
    return "";
  }

  void FindOldVariables(const ConfigNode& node, const std::string& path) {
    const std::string prefix = path.empty() ? "" : path + "::";
    for (size_t i = 0; i < node.items.size(); ++i) FindOldVariables(node.items[i], absl::StrCat(prefix, i));
    for (const ConfigNode::Entry& entry : node.entries) FindOldVariables(entry.value, absl::StrCat(prefix, entry.key));
    if (node.kind != ConfigNode::Kind::kString || node.text.find('$') == std::string::npos) return;
    const std::string name = OldVariable(node.text);
    if (name.empty()) return;
    warnings_.push_back({node.location, path, absl::StrCat("$", name, " is plain text, no variable"),
                         absl::StrCat("write ${env:", name, "}, or $$", name, " when the text is meant"), true});
  }

  static std::optional<std::string> ProcessEnvironment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  }

  static std::string Trim(std::string_view s) {
    const size_t from = s.find_first_not_of(" \t\r\n");
    if (from == std::string_view::npos) return "";
    return std::string(s.substr(from, s.find_last_not_of(" \t\r\n") - from + 1));
  }

  // Inline text as the name of a source: enough of its first line to recognise it.
  static std::string Shorten(const std::string& location) {
    constexpr size_t kLongest = 40;
    std::string out = location.substr(0, location.find('\n'));
    if (out.size() > kLongest) out.resize(kLongest);
    return out.size() < location.size() ? out + "..." : out;
  }

  static void ClearLines(ConfigNode& node) {
    node.location.line = node.location.column = 0;
    for (ConfigNode& item : node.items) ClearLines(item);
    for (ConfigNode::Entry& entry : node.entries) {
      entry.key_location.line = entry.key_location.column = 0;
      ClearLines(entry.value);
    }
  }

  void Fail(const absl::Status& status) {
    for (ConfigError& e : ConfigErrorsFromStatus(status)) errors_.push_back(std::move(e));
  }

  const LoadOptions& options_;
  Sources sources_;
  ConfigNode root_;
  std::string first_file_;
  std::vector<ConfigError> errors_;
  std::vector<ConfigError> warnings_;
  std::map<std::string, size_t> order_;
};

}  // namespace internal

absl::StatusOr<Config> Config::Load(const std::vector<std::string>& locations, const LoadOptions& options) {
  internal::Loader loader(options);
  if (locations.empty() && options.sets.empty()) loader.Fail({}, "at least one config flag must be provided");
  for (const std::string& location : locations) loader.AddLocation(location);
  for (const std::string& set : options.sets) loader.AddSet(set);
  auto root = loader.Finish();
  if (!root.ok()) return root.status();
  Config config;
  config.root_ = *std::move(root);
  config.notices_ = loader.TakeNotices();
  config.warnings_ = loader.TakeWarnings();
  return config;
}

absl::StatusOr<Config> Config::Parse(std::string_view yaml, std::string_view name, const LoadOptions& options) {
  internal::Loader loader(options);
  loader.AddText(yaml, std::string(name));
  for (const std::string& set : options.sets) loader.AddSet(set);
  auto root = loader.Finish();
  if (!root.ok()) return root.status();
  Config config;
  config.root_ = *std::move(root);
  config.notices_ = loader.TakeNotices();
  config.warnings_ = loader.TakeWarnings();
  return config;
}

}  // namespace otelpipe
