#include "config/expand.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "config/text.h"
#include "config/yaml_reader.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::internal {
namespace {

using Kind = ConfigNode::Kind;

// As in the reference.
constexpr int kMostRounds = 1000;
// A variable that holds itself twice doubles with every round, so the rounds alone are no bound.
constexpr int kMostReferences = 100'000;
constexpr size_t kLongestText = size_t{16} << 20;
// A variable that is a list holding itself gets deeper with every round; whatever walks the tree does so on the stack.
constexpr int kDeepest = 1000;
// What references put into the configuration, in nodes, at about 300 bytes each.
constexpr size_t kMostNodes = 500'000;
// What is written on the way.
constexpr size_t kMostBytes = size_t{256} << 20;

absl::Status TooMany() { return absl::InvalidArgumentError("too many recursive expansions"); }

void PlaceAt(ConfigNode& node, const Location& location) {
  node.location = location;
  for (ConfigNode& item : node.items) PlaceAt(item, location);
  for (ConfigNode::Entry& entry : node.entries) {
    entry.key_location = location;
    PlaceAt(entry.value, location);
  }
}

size_t CountNodes(const ConfigNode& node) {
  size_t nodes = 1;
  for (const ConfigNode& item : node.items) nodes += CountNodes(item);
  for (const ConfigNode::Entry& entry : node.entries) nodes += CountNodes(entry.value);
  return nodes;
}

size_t CountOf(std::string_view part, std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; at += part.size()) ++count;
  return count;
}

// `$$` is a dollar sign, in values and in the text kept beside them.
void Unescape(ConfigNode& node) {
  if (node.text.find("$$") != std::string::npos) node.text = absl::StrReplaceAll(node.text, {{"$$", "$"}});
  for (ConfigNode& item : node.items) Unescape(item);
  for (ConfigNode::Entry& entry : node.entries) Unescape(entry.value);
}

class Expansion {
 public:
  Expansion(const Fetcher& fetch, std::vector<ConfigError>& errors) : fetch_(fetch), errors_(errors) {}

  void Walk(ConfigNode& node, const std::string& path) {
    for (size_t i = 0; i < node.items.size(); ++i) Walk(node.items[i], absl::StrCat(path, path.empty() ? "" : "::", i));
    for (ConfigNode::Entry& entry : node.entries) {
      Walk(entry.value, absl::StrCat(path, path.empty() ? "" : "::", entry.key));
    }
    if (node.kind != Kind::kString) return;
    references_ = 0;
    ConfigNode expanded = node;
    absl::Status status = Whole(expanded);
    if (status.ok()) {
      Unescape(expanded);
      node = std::move(expanded);
      return;
    }
    for (ConfigError& e : ConfigErrorsFromStatus(status)) {
      if (e.location.file.empty() && e.location.line == 0) e.location = node.location;
      e.path = path;
      if (e.hint.empty()) e.hint = Hint(node.text);
      errors_.push_back(std::move(e));
    }
  }

 private:
  // Rounds until nothing changes.
  absl::Status Whole(ConfigNode& node) {
    for (int round = 0; round < kMostRounds; ++round) {
      bool changed = false;
      absl::Status status = Once(node, changed);
      if (!status.ok()) return status;
      if (!changed) return absl::OkStatus();
    }
    return TooMany();
  }

  // One round over a value and everything in it.
  absl::Status Once(ConfigNode& node, bool& changed, int depth = 0) {
    if (depth > kDeepest) return TooMany();
    if (node.kind == Kind::kString) return OnceString(node, changed);
    for (ConfigNode& item : node.items) {
      absl::Status status = Once(item, changed, depth + 1);
      if (!status.ok()) return status;
    }
    for (ConfigNode::Entry& entry : node.entries) {
      absl::Status status = Once(entry.value, changed, depth + 1);
      if (!status.ok()) return status;
    }
    if (node.from_expansion && (node.is_map() || node.is_list())) {
      // The text of the collection, for a field that wants text, is expanded beside it.
      ConfigNode text;
      text.kind = Kind::kString;
      text.text = node.text;
      absl::Status status = OnceString(text, changed);
      if (!status.ok()) return status;
      node.from_expansion = !text.from_expansion;
      node.text = std::move(text.text);
    }
    return absl::OkStatus();
  }

  absl::Status OnceString(ConfigNode& node, bool& changed) {
    const std::string_view reference = FindReference(node.text);
    if (reference.empty()) return absl::OkStatus();
    if (++references_ > kMostReferences) return TooMany();
    auto source = Fetch(reference);
    if (!source.ok()) return source.status();
    changed = true;
    if (reference.size() != node.text.size()) {
      // Before it is built: a text of many references times a long source is beyond any memory.
      const size_t size = node.text.size() + CountOf(reference, node.text) * source->text.size();
      if (size > kLongestText || (bytes_ += size) > kMostBytes) return TooMany();
      node.text = absl::StrReplaceAll(node.text, {{A(reference), source->text}});
      node.from_expansion = false;
      return absl::OkStatus();
    }
    const Location place = node.location;
    auto parsed = ReadYaml(source->text, source->file);
    if (parsed.ok() && (nodes_ += CountNodes(*parsed)) > kMostNodes) return TooMany();
    // What is no YAML, and what is a string in YAML, is taken byte for byte.
    const bool verbatim = !parsed.ok() || parsed->kind == Kind::kString;
    node = verbatim ? ConfigNode() : *std::move(parsed);
    if (verbatim) node.kind = Kind::kString;
    if (source->file.empty()) PlaceAt(node, place);
    node.location = place;
    node.text = std::move(source->text);
    node.from_expansion = true;
    node.quoted = false;
    return absl::OkStatus();
  }

  absl::StatusOr<SourceText> Fetch(std::string_view reference) {
    std::string text(reference.substr(2, reference.size() - 3));
    if (text.find(':') == std::string::npos) text = "env:" + text;
    auto uri = ParseUri(text);
    if (!uri.ok()) return uri.status();
    if (uri->opaque.find('$') != std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("the uri ", GoQuote(text), " contains unsupported characters ('$')"));
    }
    auto source = fetch_(*uri);
    if (absl::IsNotFound(source.status())) {
      return absl::InvalidArgumentError(
          absl::StrCat("scheme ", GoQuote(uri->scheme), " is not supported for uri ", GoQuote(text)));
    }
    return source;
  }

  // For the commonest mistake, a default in the short form.
  static std::string Hint(std::string_view text) {
    const std::string_view reference = FindReference(text);
    if (reference.empty()) return "";
    const std::string_view inner = reference.substr(2, reference.size() - 3);
    const size_t at = inner.find(":-");
    if (at != std::string_view::npos && inner.find(':') == at) {
      return absl::StrCat("a default needs the long form: ${env:", A(inner), "}");
    }
    return "";
  }

  const Fetcher& fetch_;
  std::vector<ConfigError>& errors_;
  int references_ = 0;  // of the value at hand
  size_t nodes_ = 0;    // of all values
  size_t bytes_ = 0;
};

}  // namespace

std::string_view FindReference(std::string_view text) {
  if (text.find("${") == std::string_view::npos) return {};
  for (;;) {
    const size_t close = text.find('}');
    if (close == std::string_view::npos) return {};
    const size_t open = text.substr(0, close).rfind("${");
    if (open == std::string_view::npos) {
      text.remove_prefix(close + 1);
      continue;
    }
    size_t dollars = 0;
    while (dollars < open && text[open - 1 - dollars] == '$') ++dollars;
    if (dollars % 2 == 1) return {};
    return text.substr(open, close + 1 - open);
  }
}

void Expand(ConfigNode& root, const Fetcher& fetch, std::vector<ConfigError>& errors) {
  Expansion(fetch, errors).Walk(root, "");
}

}  // namespace otelpipe::internal
