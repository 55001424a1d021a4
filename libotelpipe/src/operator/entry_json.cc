#include "otelpipe/operator/entry_json.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "otelpipe/pdata/text.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe {
namespace {

void AppendMap(std::string& out, const Map& map, bool escape_html) {
  std::vector<const KeyValue*> sorted;
  for (const KeyValue& kv : map) sorted.push_back(&kv);
  std::sort(sorted.begin(), sorted.end(), [](const KeyValue* a, const KeyValue* b) { return a->key < b->key; });
  out += '{';
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonString(out, sorted[i]->key, escape_html);
    out += ':';
    AppendValueJson(out, sorted[i]->value, escape_html);
  }
  out += '}';
}

void AppendText(std::string& out, std::string_view member, std::string_view text, bool escape_html) {
  out += member;
  AppendJsonString(out, text, escape_html);
}

void AppendBytes(std::string& out, std::string_view member, std::string_view bytes) {
  if (bytes.empty()) return;
  out += member;
  out += '"';
  AppendBase64(out, bytes);
  out += '"';
}

}  // namespace

void AppendValueJson(std::string& out, const Value& value, bool escape_html) {
  switch (value.kind()) {
    case ValueKind::kEmpty: out += "null"; break;
    case ValueKind::kString: AppendJsonString(out, value.string(), escape_html); break;
    case ValueKind::kBool: out += value.boolean() ? "true" : "false"; break;
    case ValueKind::kInt: AppendInt(out, value.integer()); break;
    case ValueKind::kDouble:
      if (std::isfinite(value.number())) {
        AppendJsonDouble(out, value.number());
      } else {
        out += "null";
      }
      break;
    case ValueKind::kBytes:
      out += '"';
      if (IsTime(value)) {
        EntryTime t = TimeFromValue(value);
        out += timeparse::FormatRfc3339(t.set ? timeparse::Timestamp{t.seconds, t.nanos} : timeparse::Timestamp::GoZero());
      } else {
        AppendBase64(out, value.string());
      }
      out += '"';
      break;
    case ValueKind::kList: {
      out += '[';
      bool first = true;
      for (const Value& item : value.list()) {
        if (!first) out += ',';
        first = false;
        AppendValueJson(out, item, escape_html);
      }
      out += ']';
      break;
    }
    case ValueKind::kMap: AppendMap(out, value.map(), escape_html); break;
  }
}

void AppendEntryJson(std::string& out, const Entry& entry, bool escape_html) {
  using timeparse::FormatRfc3339;
  using timeparse::Timestamp;
  AppendText(out, "{\"observed_timestamp\":",
             FormatRfc3339(Timestamp::FromUnixNanos(static_cast<int64_t>(entry.observed_unix_nano))), false);
  AppendText(out, ",\"timestamp\":",
             FormatRfc3339(entry.timestamp.set ? Timestamp{entry.timestamp.seconds, entry.timestamp.nanos} : Timestamp::GoZero()),
             false);
  out += ",\"body\":";
  AppendValueJson(out, entry.body, escape_html);
  if (!entry.attributes.empty()) {
    out += ",\"attributes\":";
    AppendMap(out, entry.attributes, escape_html);
  }
  if (!entry.resource.empty()) {
    out += ",\"resource\":";
    AppendMap(out, entry.resource, escape_html);
  }
  if (!entry.severity_text.empty()) AppendText(out, ",\"severity_text\":", entry.severity_text, escape_html);
  AppendBytes(out, ",\"span_id\":", entry.span_id);
  AppendBytes(out, ",\"trace_id\":", entry.trace_id);
  AppendBytes(out, ",\"trace_flags\":", entry.trace_flags);
  out += ",\"severity\":";
  AppendInt(out, entry.severity);
  AppendText(out, ",\"scope_name\":", entry.scope_name, escape_html);
  out += '}';
}

}  // namespace otelpipe
