#include "exporter/loki/hints.h"

#include <iterator>

namespace otelpipe {
namespace {

std::string_view Trim(std::string_view text) {
  auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// The member of LokiHints for a key, or null.
const Value* LokiHints::*HintMember(std::string_view key) {
  if (key.size() < 11 || !key.starts_with("loki.")) return nullptr;
  if (key == "loki.attribute.labels") return &LokiHints::attribute_labels;
  if (key == "loki.resource.labels") return &LokiHints::resource_labels;
  if (key == "loki.format") return &LokiHints::format;
  if (key == "loki.tenant") return &LokiHints::tenant;
  return nullptr;
}

}  // namespace

bool IsLokiHint(std::string_view key) { return HintMember(key) != nullptr; }

LokiHints FindLokiHints(const Map& attributes) {
  LokiHints out;
  for (const KeyValue& kv : attributes) {
    if (auto member = HintMember(kv.key); member != nullptr && out.*member == nullptr) out.*member = &kv.value;
  }
  return out;
}

LokiFormat LokiFormatOf(const Value& hint) {
  if (!hint.is_string()) return LokiFormat::kUnknown;
  if (hint.string() == "json") return LokiFormat::kJson;
  if (hint.string() == "logfmt") return LokiFormat::kLogfmt;
  if (hint.string() == "raw") return LokiFormat::kRaw;
  return LokiFormat::kUnknown;
}

void SplitLokiHint(const Value& hint, LokiNameList& out) {
  if (hint.is_string()) {
    std::string_view rest = hint.string();
    while (true) {
      const size_t comma = rest.find(',');
      out.names.push_back(Trim(rest.substr(0, comma)));
      if (comma == std::string_view::npos) return;
      rest.remove_prefix(comma + 1);
    }
  }
  auto add = [&out](const Value& value) {
    if (value.is_string()) {
      out.names.push_back(Trim(value.string()));
    } else {
      out.names.push_back(Trim(*out.texts.emplace_back(std::make_unique<std::string>(value.AsString()))));
    }
  };
  if (hint.is_list()) {
    for (const Value& item : hint.list()) add(item);
  } else {
    add(hint);
  }
}

const Value* FindLokiAttribute(const Map& attributes, std::string_view name) {
  if (const Value* found = attributes.Find(name)) return found;
  for (size_t dot = name.rfind('.'); dot != std::string_view::npos && dot > 0; dot = name.rfind('.', dot - 1)) {
    const Value* outer = attributes.Find(name.substr(0, dot));
    if (outer == nullptr || !outer->is_map()) continue;
    if (const Value* found = FindLokiAttribute(outer->map(), name.substr(dot + 1))) return found;
  }
  return nullptr;
}

std::string_view LokiLevel(int32_t severity_number) {
  static constexpr std::string_view kLevels[] = {
      "",      "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4", "INFO",  "INFO2",  "INFO3", "INFO4",
      "WARN",  "WARN2", "WARN3",  "WARN4",  "ERROR",  "ERROR2", "ERROR3", "ERROR4", "FATAL", "FATAL2", "FATAL3", "FATAL4"};
  if (severity_number < 0 || severity_number >= static_cast<int32_t>(std::size(kLevels))) return "";
  return kLevels[severity_number];
}

}  // namespace otelpipe
