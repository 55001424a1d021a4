#include "config/yaml_reader.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "config/scalar.h"
#include "config/text.h"
#include "otelpipe/base/strings.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/yaml.h"

namespace otelpipe::internal {
namespace {

using Kind = ConfigNode::Kind;

// Anchors and aliases are copied, at about 300 bytes a node; a few lines of them can ask for billions of nodes.
constexpr size_t kMostCopiedNodes = 200'000;

absl::Status YamlError(const Location& place, std::string_view what, std::string_view hint = "") {
  return ConfigErrorAt(place, "", absl::StrCat("contents are not valid YAML: yaml: line ", place.line, ": ", A(what)),
                       std::string(hint));
}

// Builds the tree from the parser's events. After the first error it ignores what follows.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(const std::string& file) : file_(file) {}

  absl::StatusOr<ConfigNode> Finish() {
    if (!status_.ok()) return status_;
    return std::move(root_);
  }
  bool failed() const { return !status_.ok(); }
  // The innermost [ or { that is still open.
  const Location* OpenFlow() const {
    for (auto it = stack_.rbegin(); it != stack_.rend(); ++it) {
      if (it->flow) return &it->node.location;
    }
    return nullptr;
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    ConfigNode node;
    node.location = Place(mark);
    Add(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (failed()) return;
    auto it = anchors_.find(anchor);
    if (it == anchors_.end()) {
      status_ = YamlError(Place(mark), "anchor value contains itself");
      return;
    }
    if (!Spend(Place(mark), it->second.second)) return;
    ConfigNode copy = it->second.first;
    copy.location = Place(mark);
    const size_t size_before = size_;
    size_ += it->second.second - 1;
    Add(std::move(copy), 0, size_before);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    ConfigNode node;
    node.location = Place(mark);
    node.quoted = tag == "!";
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    const std::string_view core =
        tag.compare(0, kCore.size(), kCore) == 0 ? std::string_view(tag).substr(kCore.size()) : "";
    if (tag == "?" || tag.empty() || core == "int" || core == "float" || core == "bool" || core == "null" ||
        core == "timestamp") {
      ResolveScalar(value, node);
      if (core == "float" && node.kind == Kind::kInt) node.kind = Kind::kFloat;
      const std::string_view kind = node.kind == Kind::kInt         ? "int"
                                    : node.kind == Kind::kFloat     ? "float"
                                    : node.kind == Kind::kBool      ? "bool"
                                    : node.kind == Kind::kNull      ? "null"
                                    : node.kind == Kind::kTimestamp ? "timestamp"
                                                                    : "str";
      if (!core.empty() && core != kind) {
        Fail(mark, absl::StrCat("cannot decode !!", A(kind), " `", value, "` as a !!", A(core)));
        return;
      }
    } else {
      node.kind = Kind::kString;
      node.text = value;
      std::string bytes;
      if (core == "binary") {
        if (!absl::Base64Unescape(value, &bytes)) {
          Fail(mark, "!!binary value contains invalid base64 data");
          return;
        }
        node.text = bytes;
      }
    }
    plain_ = tag == "?";
    Add(std::move(node), anchor);
    plain_ = false;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    Open(mark, Kind::kList, anchor, style);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    Open(mark, Kind::kMap, anchor, style);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    ConfigNode node;
    YAML::anchor_t anchor = 0;
    size_t size_before = 0;
    bool flow = false;
    bool has_key = false;
    bool merge_key = false;
    ConfigNode key;
    std::map<std::string, int> lines;       // of keys as written
    std::vector<ConfigNode> merged;         // values of <<
  };

  Location Place(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  void Fail(const YAML::Mark& mark, std::string_view what) {
    if (!failed()) status_ = YamlError(Place(mark), what);
  }

  // Takes nodes to copy from the budget, before they are copied.
  bool Spend(const Location& place, size_t nodes) {
    copied_ += nodes;
    if (copied_ > kMostCopiedNodes && !failed()) status_ = YamlError(place, "document contains excessive aliasing");
    return !failed();
  }

  void Open(const YAML::Mark& mark, Kind kind, YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
    if (failed()) return;
    Frame frame;
    frame.node.kind = kind;
    frame.node.location = Place(mark);
    frame.anchor = anchor;
    frame.size_before = size_;
    frame.flow = style == YAML::EmitterStyle::Flow;
    stack_.push_back(std::move(frame));
  }

  void Close() {
    if (failed() || stack_.empty()) return;
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    for (ConfigNode& source : frame.merged) Merge(frame.node, std::move(source));
    Add(std::move(frame.node), frame.anchor, frame.size_before);
  }

  // Keys of `source` that `target` does not have.
  static void Merge(ConfigNode& target, ConfigNode source) {
    for (ConfigNode::Entry& entry : source.entries) {
      if (target.Find(entry.key) == nullptr) target.entries.push_back(std::move(entry));
    }
  }

  void Add(ConfigNode node, YAML::anchor_t anchor) { Add(std::move(node), anchor, size_); }
  void Add(ConfigNode node, YAML::anchor_t anchor, size_t size_before) {
    if (failed()) return;
    ++size_;
    if (anchor != 0) {
      if (!Spend(node.location, size_ - size_before)) return;
      anchors_[anchor] = {node, size_ - size_before};
    }
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& top = stack_.back();
    if (top.node.kind == Kind::kList) {
      top.node.items.push_back(std::move(node));
    } else if (!top.has_key) {
      AddKey(top, std::move(node));
    } else {
      AddValue(top, std::move(node));
    }
  }

  void AddKey(Frame& top, ConfigNode key) {
    if (!key.is_scalar() && !key.is_null()) {
      status_ = YamlError(key.location, absl::StrCat("invalid map key: a ", key.is_map() ? "map" : "list"));
      return;
    }
    auto [it, fresh] = top.lines.emplace(key.text, key.location.line);
    if (!fresh) {
      status_ = YamlError(key.location, absl::StrCat("mapping key ", GoQuote(key.text), " already defined at line ", it->second),
                          "join the two blocks or rename one of them");
      return;
    }
    top.merge_key = plain_ && key.text == "<<";
    top.has_key = true;
    top.key = std::move(key);
  }

  void AddValue(Frame& top, ConfigNode value) {
    top.has_key = false;
    // The mark of an empty value is that of whatever follows it.
    if (value.is_null()) value.location = top.key.location;
    if (top.merge_key) {
      std::vector<ConfigNode> sources;
      if (value.is_list()) {
        sources = std::move(value.items);
      } else {
        sources.push_back(std::move(value));
      }
      for (ConfigNode& source : sources) {
        if (!source.is_map()) {
          status_ = YamlError(source.location, "map merge requires map or sequence of maps as the value");
          return;
        }
        top.merged.push_back(std::move(source));
      }
      return;
    }
    std::string key = KeyText(top.key);
    if (ConfigNode* same = top.node.Find(key)) {  // 1 and 0x1
      *same = std::move(value);
      return;
    }
    top.node.entries.push_back({std::move(key), top.key.location, std::move(value)});
  }

  // Keys that are not strings become text, numbers in their decimal form.
  static std::string KeyText(const ConfigNode& key) {
    switch (key.kind) {
      case Kind::kNull: return "<nil>";
      case Kind::kBool: return key.boolean ? "true" : "false";
      case Kind::kInt:
        return key.is_unsigned ? std::to_string(static_cast<uint64_t>(key.integer)) : std::to_string(key.integer);
      case Kind::kFloat: return FormatFloat(key.number);
      default: return key.text;
    }
  }

  const std::string& file_;
  ConfigNode root_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, std::pair<ConfigNode, size_t>> anchors_;
  size_t size_ = 0;    // nodes so far, copies counted
  size_t copied_ = 0;  // nodes that anchors and aliases copied
  bool plain_ = false;
  absl::Status status_;
};

// The reference's words for what the parser says.
std::string_view Translate(std::string_view message) {
  static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"illegal tab", "found character that cannot start any token"},
      {"end of sequence flow not found", "did not find expected ',' or ']'"},
      {"end of map flow not found", "did not find expected ',' or '}'"},
      {"end of sequence not found", "did not find expected '-' indicator"},
      {"end of map not found", "did not find expected key"},
      {"illegal flow end", "did not find expected key"},
      {"illegal map value", "mapping values are not allowed in this context"},
      {"illegal map key", "mapping keys are not allowed in this context"},
      {"illegal block entry", "block sequence entries are not allowed in this context"},
      {"the referenced anchor is not defined", "unknown anchor referenced"},
      {"unknown token", "found character that cannot start any token"},
      {"illegal EOF in scalar", "found unexpected end of stream"},
      {"unknown escape character", "found unknown escape character"},
  };
  for (const auto& [ours, theirs] : kWords) {
    if (message.substr(0, ours.size()) == ours) return theirs;
  }
  return message;
}

std::string_view LineAt(std::string_view text, int line) {
  for (; line > 1; --line) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// Bytes YAML does not allow. The parser itself would read some of them as the end of the text.
absl::Status CheckCharacters(std::string_view text, const std::string& file) {
  Location place{file, 1, 1};
  for (size_t i = 0; i < text.size();) {
    const size_t n = Utf8Length(text.substr(i));
    if (n == 0) return YamlError(place, "invalid UTF-8 byte", "save the file as UTF-8");
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1_control = n == 2 && c == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0 &&
                            static_cast<unsigned char>(text[i + 1]) != 0x85;
    if (c1_control || (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      return YamlError(place, "control characters are not allowed");
    }
    i += n;
    ++place.column;
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ConfigNode> ReadYaml(std::string_view text, const std::string& file) {
  const bool utf16 = text.substr(0, 2) == "\xFF\xFE" || text.substr(0, 2) == "\xFE\xFF";
  if (!utf16) {
    absl::Status status = CheckCharacters(text, file);
    if (!status.ok()) return status;
  }
  Builder builder(file);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& e) {
    if (builder.failed()) return builder.Finish();
    Location place{file, std::max(e.mark.line, 0) + 1, std::max(e.mark.column, 0) + 1};
    std::string_view what = Translate(e.msg);
    std::string_view hint;
    const bool no_end = e.msg.find("flow not found") != std::string::npos;
    if (const Location* open = builder.OpenFlow(); no_end && open != nullptr) {
      place = *open;
      hint = "close the bracket opened here";
    }
    const std::string_view line = LineAt(text, place.line);
    const size_t blanks = line.find_first_not_of(" \t");
    if (line.substr(0, blanks).find('\t') != std::string_view::npos) {
      what = "found character that cannot start any token";
      hint = "indent with spaces, not with tabs";
      place.column = static_cast<int>(line.find('\t')) + 1;
    } else if (e.msg.find("illegal map value") != std::string::npos) {
      hint = "check the indentation, and put text that holds \": \" in quotes";
    } else if (e.msg.find("unknown token") != std::string::npos) {
      hint = "put text that begins with this character in quotes";
    }
    return YamlError(place, what, hint);
  } catch (const std::exception& e) {
    return YamlError({file, 1, 1}, e.what());
  }
  return builder.Finish();
}

}  // namespace otelpipe::internal
