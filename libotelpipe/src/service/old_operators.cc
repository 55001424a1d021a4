#include "service/old_operators.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

// The first names of fields, longest first.
constexpr std::pair<std::string_view, std::string_view> kRoots[] = {
    {"attributes", "attributes"}, {"resource", "resource"}, {"labels", "attributes"}, {"record", "body"}, {"body", "body"}};

bool IsWord(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// `$record.a` as `body.a`; empty when `text` begins otherwise.
std::string NewField(std::string_view text) {
  if (text.size() < 2 || text[0] != '$') return "";
  text.remove_prefix(1);
  for (const auto& [old, now] : kRoots) {
    if (!text.starts_with(old)) continue;
    const std::string_view rest = text.substr(old.size());
    if (rest.empty() || rest[0] == '.' || rest[0] == '[') return absl::StrCat(A(now), A(rest));
  }
  return "";
}

// The same inside an expression, outside of its texts.
std::string NewExpression(std::string_view text) {
  std::string out;
  char quote = 0;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (quote != 0) {
      if (c == '\\' && i + 1 < text.size()) {
        out += c;
        out += text[i + 1];
        i += 2;
        continue;
      }
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == '$' && (i == 0 || !IsWord(text[i - 1]))) {
      bool replaced = false;
      for (const auto& [old, now] : kRoots) {
        const std::string_view rest = text.substr(i + 1);
        if (!rest.starts_with(old) || (rest.size() > old.size() && IsWord(rest[old.size()]))) continue;
        out += now;
        i += 1 + old.size();
        replaced = true;
        break;
      }
      if (replaced) continue;
    }
    out += c;
    ++i;
  }
  return out;
}

// Where a value of an operator is a field, and where an expression.
constexpr std::string_view kFieldKeys[] = {"field", "from", "to", "parse_from", "parse_to", "combine_field", "source_identifier", "fields", "header_attribute"};
constexpr std::string_view kExpressionKeys[] = {"if", "expr", "is_first_entry", "is_last_entry"};

template <typename List>
bool In(const List& list, std::string_view key) {
  return std::find(std::begin(list), std::end(list), key) != std::end(list);
}

class OperatorRewriter {
 public:
  OperatorRewriter(std::string path, std::vector<ConfigError>& errors) : path_(std::move(path)), errors_(errors) {}

  void Notice(const Location& at, std::string_view old, std::string_view now) {
    changed_ = true;
    errors_.push_back({at, path_, absl::StrCat("'", A(old), "' is a form of earlier versions"), absl::StrCat("write ", A(now)), true});
  }
  bool changed() const { return changed_; }

  void Texts(std::string_view key, ConfigNode& node) {
    for (ConfigNode& item : node.items) Texts(key, item);
    for (ConfigNode::Entry& entry : node.entries) Texts(entry.key, entry.value);
    if (node.kind != ConfigNode::Kind::kString || node.text.find('$') == std::string::npos) return;
    std::string now;
    if (In(kFieldKeys, key)) {
      now = NewField(node.text);
    } else if (In(kExpressionKeys, key)) {
      now = NewExpression(node.text);
    } else if (absl::StrContains(node.text, "EXPR(")) {
      // The text around EXPR() may hold anything, so only what is inside it is looked at.
      const size_t begin = node.text.find("EXPR(") + 5;
      const size_t end = node.text.rfind(')');
      if (end == std::string::npos || end < begin) return;
      now = absl::StrCat(node.text.substr(0, begin), NewExpression(std::string_view(node.text).substr(begin, end - begin)), node.text.substr(end));
    }
    if (now.empty() || now == node.text) return;
    Notice(node.location, node.text, now);
    node.text = std::move(now);
  }

  // Routes of the router had `labels`.
  void Routes(ConfigNode& op) {
    ConfigNode* routes = op.Find("routes");
    if (routes == nullptr) return;
    for (ConfigNode& route : routes->items) {
      if (route.Find("attributes") != nullptr) continue;
      for (ConfigNode::Entry& entry : route.entries) {
        if (entry.key != "labels") continue;
        Notice(entry.key_location, "labels", "attributes");
        entry.key = "attributes";
      }
    }
  }

 private:
  const std::string path_;
  std::vector<ConfigError>& errors_;
  bool changed_ = false;
};

ConfigNode Text(const Location& at, std::string text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kString;
  node.location = at;
  node.text = std::move(text);
  return node;
}

ConfigNode Operator(const Location& at, const std::string& type) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kMap;
  node.location = at;
  node.entries.push_back({"type", at, Text(at, type)});
  return node;
}

// `metadata: {labels|attributes: {a: b}, resource: {c: d}}` as operators `add`.
std::optional<std::vector<ConfigNode>> FromMetadata(const ConfigNode& op) {
  std::vector<ConfigNode> out;
  for (const ConfigNode::Entry& block : op.entries) {
    const bool attributes = block.key == "attributes" || block.key == "labels";
    if (!attributes && block.key != "resource") continue;
    if (!block.value.is_map()) return std::nullopt;
    for (const ConfigNode::Entry& entry : block.value.entries) {
      ConfigNode add = Operator(entry.key_location, "add");
      add.entries.push_back({"field", entry.key_location, Text(entry.key_location, absl::StrCat(attributes ? "attributes" : "resource", "[\"", entry.key, "\"]"))});
      add.entries.push_back({"value", entry.value.location, entry.value});
      out.push_back(std::move(add));
    }
  }
  if (out.empty()) return std::nullopt;
  return out;
}

// A field of `restructure`: without a root it was one of the record.
ConfigNode OldField(ConfigNode node) {
  for (ConfigNode& item : node.items) item = OldField(std::move(item));
  if (node.kind != ConfigNode::Kind::kString) return node;
  const std::string_view root = std::string_view(node.text).substr(0, node.text.find_first_of(".["));
  if (root != "body" && root != "attributes" && root != "resource") node.text = absl::StrCat("body.", node.text);
  return node;
}

// `restructure: {ops: [{add: {...}}, {remove: x}, {move: {...}}, {retain: [...]}, {flatten: x}]}` as operators of these names.
std::optional<std::vector<ConfigNode>> FromRestructure(const ConfigNode& op) {
  const ConfigNode* ops = op.Find("ops");
  if (ops == nullptr || !ops->is_list() || ops->items.empty()) return std::nullopt;
  std::vector<ConfigNode> out;
  for (const ConfigNode& item : ops->items) {
    if (!item.is_map() || item.entries.size() != 1) return std::nullopt;
    const ConfigNode::Entry& what = item.entries[0];
    ConfigNode made = Operator(what.key_location, what.key);
    if (what.key == "remove" || what.key == "flatten") {
      if (!what.value.is_scalar()) return std::nullopt;
      made.entries.push_back({"field", what.key_location, OldField(what.value)});
    } else if (what.key == "retain") {
      if (!what.value.is_list()) return std::nullopt;
      made.entries.push_back({"fields", what.key_location, OldField(what.value)});
    } else if (what.key == "add" || what.key == "move") {
      if (!what.value.is_map()) return std::nullopt;
      for (const ConfigNode::Entry& entry : what.value.entries) {
        if (entry.key == "value_expr") {
          made.entries.push_back({"value", entry.key_location, Text(entry.value.location, absl::StrCat("EXPR(", entry.value.text, ")"))});
        } else if (entry.key == "value") {
          made.entries.push_back(entry);
        } else {
          made.entries.push_back({entry.key, entry.key_location, OldField(entry.value)});
        }
      }
    } else {
      return std::nullopt;
    }
    out.push_back(std::move(made));
  }
  return out;
}

// The first of several operators has the id of the one they stand for, the last its output, all its condition.
void Share(const ConfigNode& op, std::vector<ConfigNode>& made) {
  for (const ConfigNode::Entry& entry : op.entries) {
    if (entry.key == "id") made.front().entries.push_back(entry);
    if (entry.key == "output") made.back().entries.push_back(entry);
    if (entry.key != "if" && entry.key != "on_error") continue;
    for (ConfigNode& one : made) one.entries.push_back(entry);
  }
}

struct Gone {
  std::string_view type, advice;
};
constexpr Gone kGone[] = {
    {"host_metadata", "set attributes of the resource by the resource processor with ${env:NAME}"},
    {"k8s_metadata_decorator", "names of pod, namespace and container come from the file path: see the operator container"},
    {"k8s_event_input", "the receiver k8s_events of later versions reads events"},
    {"metadata", "write an operator add for each attribute"},
    {"restructure", "write an operator add, remove, move, retain or flatten for each of ops"},
    {"rate_limit", "an operator filter with drop_ratio thins out"},
    {"drop_output", "write an operator filter with expr: 'true'"},
    {"xml_parser", "there is no operator for XML"},
    {"elastic_output", "records go to the exporters of the pipeline"},
    {"google_cloud_output", "records go to the exporters of the pipeline"},
    {"newrelic_output", "records go to the exporters of the pipeline"},
    {"otlp_output", "records go to the exporters of the pipeline"},
    {"forward_output", "records go to the exporters of the pipeline"},
    {"forward_input", "write a receiver"},
    {"http_input", "write a receiver"},
    {"generate_input", "otelpipe explain shows what operators make of a line"},
    {"stdin", "otelpipe explain reads lines from standard input"},
};

}  // namespace

bool RewriteOldOperators(const std::string& path, ConfigNode& operators, std::vector<ConfigError>& errors) {
  bool changed = false;
  std::vector<ConfigNode> out;
  for (size_t i = 0; i < operators.items.size(); ++i) {
    ConfigNode& op = operators.items[i];
    OperatorRewriter r(absl::StrCat(path, "::", i), errors);
    r.Texts("", op);
    r.Routes(op);
    const ConfigNode* type = op.Find("type");
    const std::string name = type != nullptr ? type->text : "";
    std::optional<std::vector<ConfigNode>> made;
    if (name == "metadata") made = FromMetadata(op);
    if (name == "restructure") made = FromRestructure(op);
    if (made) {
      r.Notice(type->location, name, name == "metadata" ? "operators add" : "the operators of ops");
      Share(op, *made);
      out.insert(out.end(), std::make_move_iterator(made->begin()), std::make_move_iterator(made->end()));
    } else {
      out.push_back(std::move(op));
    }
    changed |= r.changed();
  }
  operators.items = std::move(out);
  return changed;
}

std::string_view AdviceOnOperator(std::string_view message) {
  constexpr std::string_view kUnknown = "unsupported type '";
  const size_t at = message.find(kUnknown);
  if (at == message.npos) return "";
  const std::string_view rest = message.substr(at + kUnknown.size());
  for (const Gone& gone : kGone) {
    if (rest == absl::StrCat(A(gone.type), "'")) return gone.advice;
  }
  return "";
}

}  // namespace otelpipe
