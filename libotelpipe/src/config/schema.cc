#include "otelpipe/component/schema.h"

#include <cstdio>
#include <string_view>

#include "config/scalar.h"
#include "config/text.h"

namespace otelpipe {
namespace {

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof(buffer), "\\u%04x", u);
      out += buffer;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// What may stand for any value: a reference that is expanded later, or nothing.
constexpr std::string_view kReference = R"({"type":"string","pattern":"\\$\\{.*\\}"},{"type":"null"})";

std::string AnyOf(const std::string& schemas) {
  return "{\"anyOf\":[" + schemas + "," + std::string(kReference) + "]}";
}

bool TakePrefix(std::string_view& s, std::string_view prefix) {
  if (s.substr(0, prefix.size()) != prefix) return false;
  s.remove_prefix(prefix.size());
  return true;
}

std::string TypeSchema(std::string_view type, const std::vector<FieldInfo>& children) {
  if (type == "string" || type == "id") return R"({"type":["string","null"]})";
  if (type == "bool") return AnyOf(R"({"type":"boolean"})");
  if (type == "int") return AnyOf(R"({"type":"integer"})");
  if (type == "uint") return AnyOf(R"({"type":"integer","minimum":0})");
  if (type == "number") return AnyOf(R"({"type":"number"})");
  if (type == "duration") {
    return AnyOf(
        R"({"type":"string","pattern":"^[-+]?(0|([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|ms|s|m|h))+$"},{"type":"number"})");
  }
  if (type == "bytes") {
    return AnyOf(R"({"type":"string","pattern":"^[0-9]+(\\.[0-9]+)?\\s*([kKmMgGtTpP][iI]?[bB])?$"},{"type":"number"})");
  }
  if (TakePrefix(type, "list of ")) {
    const std::string items = R"({"type":"array","items":)" + TypeSchema(type, children) + "}";
    return type == "string" ? "{\"anyOf\":[" + items + R"(,{"type":["string","null"]}]})" : AnyOf(items);
  }
  if (TakePrefix(type, "map of ")) {
    return AnyOf(R"({"type":"object","additionalProperties":)" + TypeSchema(type, children) + "}");
  }
  if (TakePrefix(type, "one of ")) {
    std::string values;
    while (!type.empty()) {
      const size_t blank = type.find(' ');
      values += (values.empty() ? "" : ",") + Quote(type.substr(0, blank));
      type.remove_prefix(blank == std::string_view::npos ? type.size() : blank + 1);
    }
    return AnyOf("{\"enum\":[" + values + "]}");
  }
  // A block that holds itself has no rows here and stays open.
  if (type == "block" && !children.empty()) return AnyOf(JsonSchema(children));
  if (type == "block") return AnyOf(R"({"type":"object"})");
  return "{}";
}

// The default as JSON. It is kept as YAML text.
std::string DefaultValue(const FieldInfo& field) {
  ConfigNode value;
  internal::ResolveScalar(field.default_value, value);
  switch (value.kind) {
    case ConfigNode::Kind::kBool: return value.boolean ? "true" : "false";
    case ConfigNode::Kind::kInt: return std::to_string(value.integer);
    case ConfigNode::Kind::kFloat:
      if (field.default_value.find_first_of("nN") == std::string::npos) return internal::FormatFloat(value.number);
      break;
    default: break;
  }
  std::string_view text = field.default_value;
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return Quote(text);
}

}  // namespace

std::string JsonSchema(const std::vector<FieldInfo>& fields) {
  std::string properties;
  std::string required;
  for (const FieldInfo& field : fields) {
    if (!field.unsupported.empty()) continue;
    std::string schema = TypeSchema(field.type, field.children);
    std::string more;
    if (!field.doc.empty()) more += "\"description\":" + Quote(field.doc);
    if (!field.replaced_by.empty()) {
      more += std::string(more.empty() ? "" : ",") + "\"deprecated\":true,\"$comment\":" + Quote("use " + field.replaced_by);
    }
    if (!field.default_value.empty()) more += (more.empty() ? "" : ",") + ("\"default\":" + DefaultValue(field));
    if (!more.empty()) schema.insert(schema.size() - 1, (schema == "{}" ? "" : ",") + more);
    properties += (properties.empty() ? "" : ",") + Quote(field.key) + ":" + schema;
    if (field.required) required += (required.empty() ? "" : ",") + Quote(field.key);
  }
  return "{\"type\":\"object\",\"properties\":{" + properties + "}" +
         (required.empty() ? "" : ",\"required\":[" + required + "]") + ",\"additionalProperties\":false}";
}

}  // namespace otelpipe
