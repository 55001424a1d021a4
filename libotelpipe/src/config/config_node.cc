#include "otelpipe/component/config_node.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "config/scalar.h"
#include "config/text.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

constexpr absl::string_view kErrorsPayload = "otelpipe/config-errors";

// Length, colon, bytes. The payload never leaves the process, so it needs no version.
void Put(std::string& out, std::string_view field) {
  out += std::to_string(field.size());
  out += ':';
  out += field;
}

bool Take(std::string_view& in, std::string& field) {
  const size_t colon = in.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 10) return false;
  size_t size = 0;
  for (char c : in.substr(0, colon)) {
    if (c < '0' || c > '9') return false;
    size = size * 10 + static_cast<size_t>(c - '0');
  }
  in.remove_prefix(colon + 1);
  if (size > in.size()) return false;
  field = std::string(in.substr(0, size));
  in.remove_prefix(size);
  return true;
}

bool TakeInt(std::string_view& in, int& value) {
  std::string text;
  if (!Take(in, text) || text.empty() || text.size() > 10) return false;
  value = 0;
  for (char c : text) value = value * 10 + (c - '0');
  return true;
}

void WriteYaml(const ConfigNode& node, size_t indent, std::string& out);

void WriteScalar(const ConfigNode& node, std::string& out) {
  switch (node.kind) {
    case ConfigNode::Kind::kNull: out += "null"; break;
    case ConfigNode::Kind::kBool: out += node.boolean ? "true" : "false"; break;
    case ConfigNode::Kind::kInt:
      out += node.is_unsigned ? std::to_string(static_cast<uint64_t>(node.integer)) : std::to_string(node.integer);
      break;
    case ConfigNode::Kind::kFloat: out += internal::FormatFloat(node.number); break;
    case ConfigNode::Kind::kTimestamp: out += node.text; break;
    default: out += internal::YamlString(node.text);
  }
}

// The value after `key:` or `-`: on the same line when it is a scalar or empty, below otherwise.
void WriteValue(const ConfigNode& node, size_t indent, std::string& out) {
  if (node.is_map() && !node.entries.empty()) {
    out += '\n';
    WriteYaml(node, indent, out);
  } else if (node.is_list() && !node.items.empty()) {
    out += '\n';
    WriteYaml(node, indent, out);
  } else {
    out += ' ';
    if (node.is_map()) {
      out += "{}";
    } else if (node.is_list()) {
      out += "[]";
    } else {
      WriteScalar(node, out);
    }
    out += '\n';
  }
}

void WriteYaml(const ConfigNode& node, size_t indent, std::string& out) {
  const std::string blanks(indent, ' ');
  if (node.is_map() && !node.entries.empty()) {
    std::vector<const ConfigNode::Entry*> sorted;
    for (const ConfigNode::Entry& entry : node.entries) sorted.push_back(&entry);
    std::stable_sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->key < b->key; });
    for (const ConfigNode::Entry* entry : sorted) {
      out += blanks + internal::YamlString(entry->key) + ":";
      WriteValue(entry->value, indent + 4, out);
    }
    return;
  }
  if (node.is_list() && !node.items.empty()) {
    for (const ConfigNode& item : node.items) {
      if ((item.is_map() && !item.entries.empty()) || (item.is_list() && !item.items.empty())) {
        // The first line of the item stands behind the dash.
        std::string inner;
        WriteYaml(item, indent + 2, inner);
        inner[indent] = '-';
        out += inner;
      } else {
        out += blanks + "-";
        WriteValue(item, indent + 2, out);
      }
    }
    return;
  }
  WriteValue(node, indent, out);
}

}  // namespace

std::string Location::ToString() const {
  if (line == 0) return file;
  if (column == 0) return absl::StrCat(file, ":", line);
  return absl::StrCat(file, ":", line, ":", column);
}

const ConfigNode* ConfigNode::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

ConfigNode* ConfigNode::Find(std::string_view key) {
  return const_cast<ConfigNode*>(static_cast<const ConfigNode*>(this)->Find(key));
}

std::string_view ConfigNode::TypeName() const {
  switch (kind) {
    case Kind::kNull: return "<nil>";
    case Kind::kBool: return "bool";
    case Kind::kInt: return is_unsigned ? "uint64" : "int";
    case Kind::kFloat: return "float64";
    case Kind::kTimestamp: return "time.Time";
    case Kind::kString: return "string";
    case Kind::kList: return "[]interface {}";
    case Kind::kMap: return "map[string]interface {}";
  }
  return "";
}

std::string ConfigNode::ToYaml() const {
  std::string out;
  WriteYaml(*this, 0, out);
  if (!out.empty() && out[0] == ' ') out.erase(0, 1);
  return out;
}

std::string ConfigError::ToString() const {
  std::string out = location.ToString();
  if (!out.empty()) out += ": ";
  if (!path.empty()) absl::StrAppend(&out, path, ": ");
  out += message;
  if (!hint.empty()) absl::StrAppend(&out, "; ", hint);
  return out;
}

absl::Status ConfigErrorsToStatus(const std::vector<ConfigError>& errors) {
  if (errors.empty()) return absl::OkStatus();
  std::string message;
  std::string payload;
  for (const ConfigError& error : errors) {
    if (!message.empty()) message += '\n';
    message += error.ToString();
    Put(payload, error.location.file);
    Put(payload, std::to_string(std::max(error.location.line, 0)));
    Put(payload, std::to_string(std::max(error.location.column, 0)));
    Put(payload, error.path);
    Put(payload, error.message);
    Put(payload, error.hint);
    Put(payload, error.warning ? "1" : "0");
  }
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kErrorsPayload, absl::Cord(payload));
  return status;
}

std::vector<ConfigError> ConfigErrorsFromStatus(const absl::Status& status) {
  std::vector<ConfigError> errors;
  if (status.ok()) return errors;
  if (auto payload = status.GetPayload(kErrorsPayload)) {
    const std::string bytes(*payload);
    std::string_view in = bytes;
    while (!in.empty()) {
      ConfigError e;
      std::string warning;
      if (!Take(in, e.location.file) || !TakeInt(in, e.location.line) || !TakeInt(in, e.location.column) ||
          !Take(in, e.path) || !Take(in, e.message) || !Take(in, e.hint) || !Take(in, warning)) {
        break;
      }
      e.warning = warning == "1";
      errors.push_back(std::move(e));
    }
    if (!errors.empty()) return errors;
  }
  ConfigError e;
  e.message = std::string(S(status.message()));
  errors.push_back(std::move(e));
  return errors;
}

}  // namespace otelpipe
