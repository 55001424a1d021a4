// Lines in the format `json`.
#include <algorithm>
#include <cmath>
#include <functional>

#include "exporter/loki/encoder_parts.h"
#include "otelpipe/pdata/text.h"

namespace otelpipe {
namespace {

constexpr size_t kMaxShapes = 4;
// The index of the level attribute that is shown but not in the record.
constexpr uint32_t kExtraLevel = 0xffffffff;

bool AppendJsonValue(std::string& out, const Value& value) {
  switch (value.kind()) {
    case ValueKind::kEmpty: out += "null"; return true;
    case ValueKind::kString: AppendJsonString(out, value.string()); return true;
    case ValueKind::kBool: out += value.boolean() ? "true" : "false"; return true;
    case ValueKind::kInt: AppendInt(out, value.integer()); return true;
    case ValueKind::kDouble:
      if (!std::isfinite(value.number())) return false;
      AppendJsonDouble(out, value.number());
      return true;
    case ValueKind::kBytes:
      out += '"';
      AppendBase64(out, value.string());
      out += '"';
      return true;
    case ValueKind::kList:
    case ValueKind::kMap: return AppendSortedJson(out, value);
  }
  return false;
}

// The entries of `attributes` that `keep` lets through, sorted by key, the last of equal keys only.
template <typename Keep>
std::vector<std::pair<std::string_view, uint32_t>> SortedKeys(const Map& attributes, Keep keep) {
  std::vector<std::pair<std::string_view, uint32_t>> keys;
  uint32_t index = 0;
  for (const KeyValue& kv : attributes) {
    if (keep(kv.key)) keys.emplace_back(kv.key, index);
    ++index;
  }
  std::sort(keys.begin(), keys.end());
  size_t out = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i + 1 < keys.size() && keys[i].first == keys[i + 1].first) continue;
    keys[out++] = keys[i];
  }
  keys.resize(out);
  return keys;
}

// `"name":{...},` with the chosen entries; nothing when there are none. False when a number is not finite.
template <typename Keep>
bool AppendMember(std::string& out, std::string_view name, const Map& attributes, Keep keep) {
  const auto keys = SortedKeys(attributes, keep);
  if (keys.empty()) return true;
  out += name;
  for (const auto& [key, index] : keys) {
    AppendJsonString(out, key);
    out += ':';
    if (!AppendJsonValue(out, attributes.begin()[index].value)) return false;
    out += ',';
  }
  out.back() = '}';
  out += ',';
  return true;
}

void AppendHexTo(loki::ByteBuffer& out, const uint8_t* bytes, size_t n) {
  char* p = out.Room(2 * n);
  for (size_t i = 0; i < n; ++i) {
    *p++ = "0123456789abcdef"[bytes[i] >> 4];
    *p++ = "0123456789abcdef"[bytes[i] & 15];
  }
  out.Commit(2 * n);
}

// The attribute whose text is a part of the body's own bytes, as what a parser took out of it is, and where that part stands escaped.
struct EscapedPart {
  uint32_t attribute = 0xfffffffe;  // none has this index
  size_t begin = 0, end = 0;        // in the buffer
};

// Writes the body as a JSON string. The longest part of it that is an attribute too is noted, so that it need not be escaped twice.
EscapedPart WriteBody(loki::ByteBuffer& out, const LogRecord& record) {
  constexpr size_t kWorthIt = 32;
  const std::string_view body = record.body.string();
  const char* const body_end = body.data() + body.size();
  EscapedPart part;
  std::string_view text;
  uint32_t index = 0;
  for (const KeyValue& kv : record.attributes) {
    if (kv.value.is_string()) {
      const std::string_view s = kv.value.string();
      if (s.size() >= kWorthIt && s.size() > text.size() && std::less_equal<>()(body.data(), s.data()) &&
          std::less_equal<>()(s.data() + s.size(), body_end)) {
        text = s;
        part.attribute = index;
      }
    }
    ++index;
  }
  // A cut inside a character would change how both sides are escaped.
  auto inside_character = [body_end](const char* p) { return p != body_end && (static_cast<unsigned char>(*p) & 0xc0) == 0x80; };
  if (text.empty() || inside_character(text.data()) || inside_character(text.data() + text.size())) {
    out.AppendJson(body);
    return {};
  }
  out.Append('"');
  out.AppendEscaped({body.data(), static_cast<size_t>(text.data() - body.data())});
  part.begin = out.size();
  out.AppendEscaped(text);
  part.end = out.size();
  out.AppendEscaped({text.data() + text.size(), static_cast<size_t>(body_end - (text.data() + text.size()))});
  out.Append('"');
  return part;
}

}  // namespace

void LokiEncoder::BeginScope(const Scope& scope) {
  scope_ = &scope;
  scope_json_ = std::string();
  if (scope.name.empty()) return;
  std::string& out = *scope_json_;
  out += "\"instrumentation_scope\":{\"name\":";
  AppendJsonString(out, scope.name);
  out += ',';
  if (!scope.version.empty()) {
    out += "\"version\":";
    AppendJsonString(out, scope.version);
    out += ',';
  }
  if (!AppendMember(out, "\"attributes\":{", scope.attributes, [](std::string_view) { return true; })) {
    scope_json_.reset();
    return;
  }
  out.back() = '}';
  out += ',';
}

const std::string* LokiEncoder::ResourceJson(Variant& v) {
  if (!v.has_resource_json) {
    v.has_resource_json = true;
    v.resource_json.clear();
    v.resource_ok = AppendMember(v.resource_json, "\"resources\":{", resource_->attributes,
                                 [&v](std::string_view key) { return !v.Skips(key); });
  }
  return v.resource_ok ? &v.resource_json : nullptr;
}

const LokiEncoder::Shape& LokiEncoder::ShapeOf(Variant& v, const Map& attributes) {
  for (const Shape& shape : v.shapes) {
    if (shape.keys.size() != attributes.size()) continue;
    bool same = true;
    const KeyValue* kv = attributes.begin();
    for (std::string_view key : shape.keys) {
      // Keys of one configuration share their bytes, keys from the wire do not.
      if (key.size() != kv->key.size() || (key.data() != kv->key.data() && key != kv->key)) {
        same = false;
        break;
      }
      ++kv;
    }
    if (same) return shape;
  }
  const size_t slot = v.shapes.size() < kMaxShapes ? v.shapes.size() : v.next_shape++ % kMaxShapes;
  if (slot == v.shapes.size()) v.shapes.emplace_back();
  Shape& shape = v.shapes[slot];
  shape.keys.clear();
  shape.items.clear();
  shape.text.clear();
  for (const KeyValue& kv : attributes) shape.keys.push_back(kv.key);
  auto keys = SortedKeys(attributes, [&v](std::string_view key) { return !v.Skips(key); });
  if (v.show_level) {
    keys.insert(std::lower_bound(keys.begin(), keys.end(), std::make_pair(std::string_view("level"), 0u)),
                {std::string_view("level"), kExtraLevel});
  }
  for (const auto& [key, index] : keys) {
    const auto begin = static_cast<uint32_t>(shape.text.size());
    AppendJsonString(shape.text, key);
    shape.text += ':';
    shape.items.push_back({index, begin, static_cast<uint32_t>(shape.text.size() - begin)});
  }
  return shape;
}

bool LokiEncoder::WriteJsonValue(loki::ByteBuffer& out, const Value& value) {
  switch (value.kind()) {
    case ValueKind::kString:
      out.AppendJson(value.string());
      return true;
    case ValueKind::kInt:
      out.AppendDecimal(value.integer());
      return true;
    default:
      scratch_.clear();
      if (!AppendJsonValue(scratch_, value)) return false;
      out.Append(scratch_);
      return true;
  }
}

bool LokiEncoder::WriteJson(loki::ByteBuffer& out, Variant& v, const LogRecord& record) {
  const std::string* resource = ResourceJson(v);
  if (resource == nullptr || !scope_json_) return false;
  out.Append('{');
  const size_t start = out.size();
  EscapedPart part;
  if (!record.body.is_empty()) {
    out.Append("\"body\":");
    if (record.body.is_string()) {
      part = WriteBody(out, record);
    } else if (!WriteJsonValue(out, record.body)) {
      return false;
    }
    out.Append(',');
  }
  if (!record.trace_id.empty()) {
    out.Append("\"traceid\":\"");
    AppendHexTo(out, record.trace_id.bytes.data(), record.trace_id.bytes.size());
    out.Append("\",");
  }
  if (!record.span_id.empty()) {
    out.Append("\"spanid\":\"");
    AppendHexTo(out, record.span_id.bytes.data(), record.span_id.bytes.size());
    out.Append("\",");
  }
  if (!record.severity_text.empty()) {
    out.Append("\"severity\":");
    out.AppendJson(record.severity_text);
    out.Append(',');
  }
  if (record.flags != 0) {
    out.Append("\"flags\":");
    out.AppendDecimal(record.flags);
    out.Append(',');
  }
  const Shape& shape = ShapeOf(v, record.attributes);
  if (!shape.items.empty()) {
    out.Append("\"attributes\":{");
    for (const Shape::Item& item : shape.items) {
      out.Append(std::string_view(shape.text.data() + item.begin, item.size));
      if (item.index == kExtraLevel) {
        out.AppendJson(LokiLevel(v.severity));
      } else if (item.index == part.attribute) {
        out.Append('"');
        out.AppendAgain(part.begin, part.end);
        out.Append('"');
      } else if (!WriteJsonValue(out, record.attributes.begin()[item.index].value)) {
        return false;
      }
      out.Append(',');
    }
    out.back() = '}';
    out.Append(',');
  }
  out.Append(*resource);
  out.Append(*scope_json_);
  if (out.size() > start) {
    out.back() = '}';
  } else {
    out.Append('}');
  }
  return true;
}

}  // namespace otelpipe
