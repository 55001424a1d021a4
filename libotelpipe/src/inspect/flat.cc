#include "inspect/flat.h"

#include <algorithm>

#include "otelpipe/operator/entry_json.h"
#include "otelpipe/pdata/text.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe::inspect {
namespace {

bool IsPlain(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

void AddText(Flat& out, const char* path, std::string_view text) {
  if (text.empty()) return;
  std::string json;
  AppendJsonString(json, text, false);
  out.emplace_back(path, std::move(json));
}

void AddHex(Flat& out, const char* path, std::string_view bytes) {
  if (bytes.empty()) return;
  std::string hex;
  AppendHex(hex, bytes);
  AddText(out, path, hex);
}

void AddMap(Flat& out, const std::string& path, const Map& map);

void AddValue(Flat& out, const std::string& path, const Value& value) {
  if (value.is_map() && !value.map().empty()) {
    AddMap(out, path, value.map());
  } else {
    out.emplace_back(path, JsonOf(value));
  }
}

void AddMap(Flat& out, const std::string& path, const Map& map) {
  for (const KeyValue& kv : map) AddValue(out, PathOf(path, kv.key), kv.value);
}

void AddSeverity(Flat& out, int32_t number, std::string_view text) {
  if (number != 0) out.emplace_back("severity_number", std::to_string(number));
  AddText(out, "severity_text", text);
}

}  // namespace

std::string PathOf(const std::string& parent, std::string_view key) {
  if (IsPlain(key)) return parent + "." + std::string(key);
  std::string out = parent + "[";
  AppendJsonString(out, key, false);
  return out + "]";
}

std::string JsonOf(const Value& value) {
  std::string out;
  AppendValueJson(out, value, false);
  return out;
}

Flat Flatten(const Entry& entry) {
  Flat out;
  if (entry.timestamp.set) AddText(out, "timestamp", timeparse::FormatRfc3339({entry.timestamp.seconds, entry.timestamp.nanos}));
  AddSeverity(out, entry.severity, entry.severity_text);
  AddValue(out, "body", entry.body);
  AddMap(out, "attributes", entry.attributes);
  AddMap(out, "resource", entry.resource);
  AddText(out, "scope_name", entry.scope_name);
  AddHex(out, "trace_id", entry.trace_id);
  AddHex(out, "span_id", entry.span_id);
  AddHex(out, "trace_flags", entry.trace_flags);
  return out;
}

Flat Flatten(const Resource& resource, const Scope& scope, const LogRecord& record) {
  Flat out;
  if (record.time_unix_nano != 0) {
    AddText(out, "timestamp",
            timeparse::FormatRfc3339(timeparse::Timestamp::FromUnixNanos(static_cast<int64_t>(record.time_unix_nano))));
  }
  AddSeverity(out, record.severity_number, record.severity_text);
  AddValue(out, "body", record.body);
  AddMap(out, "attributes", record.attributes);
  AddMap(out, "resource", resource.attributes);
  AddText(out, "scope_name", scope.name);
  auto add_id = [&out](const char* path, const auto& id) {
    if (!id.empty()) AddHex(out, path, {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
  };
  add_id("trace_id", record.trace_id);
  add_id("span_id", record.span_id);
  if (record.flags != 0) out.emplace_back("trace_flags", std::to_string(record.flags));
  AddText(out, "event_name", record.event_name);
  return out;
}

std::vector<Change> Compare(const Flat& before, const Flat& after) {
  auto find = [](const Flat& in, const std::string& path) -> const std::string* {
    auto it = std::find_if(in.begin(), in.end(), [&](const auto& field) { return field.first == path; });
    return it == in.end() ? nullptr : &it->second;
  };
  std::vector<Change> out;
  for (const auto& [path, value] : before) {
    const std::string* now = find(after, path);
    if (now == nullptr) {
      out.push_back({path, value, ""});
    } else if (*now != value) {
      out.push_back({path, value, *now});
    }
  }
  for (const auto& [path, value] : after) {
    if (find(before, path) == nullptr) out.push_back({path, "", value});
  }
  return out;
}

}  // namespace otelpipe::inspect
