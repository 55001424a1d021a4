#include "exporter/loki/encoder.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>

#include "otelpipe/pdata/text.h"
#include "shared/loki/labels.h"

namespace otelpipe {
namespace {

// Records whose labels differ from those of the last ones are compared with this many earlier label sets of the resource
// before labels are made anew.
constexpr size_t kMaxVariants = 16;
constexpr size_t kMaxShapes = 4;
// Memory kept for the next call.
constexpr size_t kSpareStreams = 32;
constexpr size_t kSpareBytes = 256 << 10;
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

struct LokiEncoder::Group {
  std::string tenant;
  std::vector<std::unique_ptr<loki::PushStream>> streams;
  std::unordered_map<std::string, loki::PushStream*> by_labels;
  size_t submitted = 0;
  size_t dropped = 0;
};

// Which attributes of a record go into its JSON line, in which order: a function of the keys alone.
struct LokiEncoder::Shape {
  std::vector<std::string_view> keys;  // of the whole attribute map
  struct Item {
    uint32_t index;
    uint32_t begin, size;  // of `"key":` in `text`
  };
  std::vector<Item> items;
  std::string text;
};

// One set of labels of the current resource, and what follows from it.
struct LokiEncoder::Variant {
  // What a record has to have.
  bool reusable = false;
  int32_t severity = 0;  // as far as it decides the level label
  const Value* attribute_hint = nullptr;
  const Value* resource_hint = nullptr;
  std::string_view tenant;
  struct Input {
    std::string_view name;
    bool present;
    std::string text;
  };
  std::vector<Input> inputs;
  LokiNameList names;

  Group* group = nullptr;
  loki::PushStream* stream = nullptr;
  std::vector<std::string_view> skip;  // the labels' names before they were made valid
  LokiNameList resource_names;
  bool show_level = false;
  bool has_resource_json = false;
  bool resource_ok = true;
  std::string resource_json;
  std::vector<Shape> shapes;
  size_t next_shape = 0;

  bool Skips(std::string_view key) const {
    if (IsLokiHint(key)) return true;
    for (std::string_view name : skip) {
      if (name == key) return true;
    }
    return false;
  }
};

LokiEncoder::LokiEncoder(LokiDefaultLabels labels) : labels_(labels) {}

LokiEncoder::~LokiEncoder() = default;

std::vector<LokiPush> LokiEncoder::Encode(const LogsData& data, uint64_t now_unix_nano) {
  for (const ResourceLogs& resource : data.resources) {
    BeginResource(resource.resource);
    for (const ScopeLogs& scope : resource.scopes) {
      BeginScope(scope.scope);
      for (const LogRecord& record : scope.records) EncodeRecord(record, now_unix_nano);
    }
  }
  std::vector<LokiPush> out;
  for (std::unique_ptr<Group>& group : groups_) {
    LokiPush& push = out.emplace_back();
    push.tenant = std::move(group->tenant);
    push.submitted = group->submitted;
    push.dropped = group->dropped;
    if (group->submitted != 0) {
      std::vector<const loki::PushStream*> streams;
      for (const auto& stream : group->streams) streams.push_back(stream.get());
      push.body = loki::PackPush(streams);
    }
    for (auto& stream : group->streams) {
      if (spare_streams_.size() == kSpareStreams) break;
      stream->Reset(kSpareBytes);
      spare_streams_.push_back(std::move(stream));
    }
  }
  groups_.clear();
  variant_count_ = 0;
  return out;
}

void LokiEncoder::BeginResource(const Resource& resource) {
  resource_ = &resource;
  resource_hints_ = FindLokiHints(resource.attributes);
  resource_format_.reset();
  if (resource_hints_.format != nullptr) resource_format_ = LokiFormatOf(*resource_hints_.format);
  variant_count_ = 0;
  last_variant_ = 0;
}

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

std::string_view LokiEncoder::Tenant(const LogRecord& record, const LokiHints& hints) const {
  const Value* hint = resource_hints_.tenant != nullptr ? resource_hints_.tenant : hints.tenant;
  if (hint == nullptr) return {};
  const std::string_view name = hint->is_string() ? hint->string() : std::string_view();
  const Value* value = resource_->attributes.Find(name);
  if (value == nullptr) value = record.attributes.Find(name);
  return value != nullptr && value->is_string() ? value->string() : std::string_view();
}

LokiEncoder::Group& LokiEncoder::GroupOf(std::string_view tenant) {
  for (const auto& group : groups_) {
    if (group->tenant == tenant) return *group;
  }
  groups_.push_back(std::make_unique<Group>());
  groups_.back()->tenant = std::string(tenant);
  return *groups_.back();
}

loki::PushStream* LokiEncoder::StreamOf(Group& group, std::string labels) {
  auto [at, is_new] = group.by_labels.try_emplace(std::move(labels));
  if (!is_new) return at->second;
  if (spare_streams_.empty()) {
    group.streams.push_back(std::make_unique<loki::PushStream>());
  } else {
    group.streams.push_back(std::move(spare_streams_.back()));
    spare_streams_.pop_back();
  }
  at->second = group.streams.back().get();
  at->second->labels = at->first;
  return at->second;
}

bool LokiEncoder::Fits(const Variant& variant, const LogRecord& record, const LokiHints& hints, std::string_view tenant) {
  if (!variant.reusable || variant.tenant != tenant) return false;
  if (variant.severity != (labels_.level ? record.severity_number : 0)) return false;
  // Reusable variants have hints that are texts, or none.
  auto same = [](const Value* a, const Value* b) {
    if (a == nullptr || b == nullptr) return a == b;
    return b->is_string() && (a->string().data() == b->string().data() ? a->string().size() == b->string().size()
                                                                       : a->string() == b->string());
  };
  if (!same(variant.attribute_hint, hints.attribute_labels) || !same(variant.resource_hint, hints.resource_labels)) return false;
  for (const Variant::Input& input : variant.inputs) {
    const Value* value = FindLokiAttribute(record.attributes, input.name);
    if (input.present != (value != nullptr)) return false;
    if (value == nullptr) continue;
    if (value->is_string()) {
      if (value->string() != input.text) return false;
    } else {
      scratch_.clear();
      value->AppendString(scratch_);
      if (scratch_ != input.text) return false;
    }
  }
  return true;
}

LokiEncoder::Variant& LokiEncoder::FindVariant(const LogRecord& record, const LokiHints& hints, std::string_view tenant) {
  if (last_variant_ < variant_count_ && Fits(*variants_[last_variant_], record, hints, tenant)) return *variants_[last_variant_];
  for (size_t i = 0; i < variant_count_; ++i) {
    if (i != last_variant_ && Fits(*variants_[i], record, hints, tenant)) {
      last_variant_ = i;
      return *variants_[i];
    }
  }
  if (variant_count_ < kMaxVariants) {
    last_variant_ = variant_count_++;
    if (variants_.size() < variant_count_) variants_.push_back(std::make_unique<Variant>());
  } else {
    last_variant_ = (last_variant_ + 1) % kMaxVariants;
  }
  BuildVariant(*variants_[last_variant_], record, hints, tenant);
  return *variants_[last_variant_];
}

void LokiEncoder::BuildVariant(Variant& v, const LogRecord& record, const LokiHints& hints, std::string_view tenant) {
  auto is_text = [](const Value* hint) { return hint == nullptr || hint->is_string(); };
  v.reusable = is_text(hints.attribute_labels) && is_text(hints.resource_labels);
  v.severity = labels_.level ? record.severity_number : 0;
  v.attribute_hint = hints.attribute_labels;
  v.resource_hint = hints.resource_labels;
  v.tenant = tenant;
  v.inputs.clear();
  v.names.Clear();
  v.resource_names.Clear();
  v.skip.clear();
  v.show_level = false;
  v.has_resource_json = false;
  v.shapes.clear();
  v.next_shape = 0;

  std::vector<std::pair<std::string_view, std::string_view>> labels;
  std::deque<std::string> texts;
  auto set = [&labels](std::string_view name, std::string_view value) {
    std::erase_if(labels, [name](const auto& label) { return label.first == name; });
    labels.emplace_back(name, value);
  };
  auto text_of = [&texts](const Value& value) -> std::string_view {
    return value.is_string() ? value.string() : std::string_view(texts.emplace_back(value.AsString()));
  };

  const Map& resource = resource_->attributes;
  if (labels_.exporter) set("exporter", "OTLP");
  if (const Value* name = resource.Find("service.name"); labels_.job && name != nullptr) {
    if (const Value* space = resource.Find("service.namespace")) {
      set("job", texts.emplace_back(space->AsString() + "/" + name->AsString()));
    } else {
      set("job", text_of(*name));
    }
  }
  if (const Value* id = resource.Find("service.instance.id"); labels_.instance && id != nullptr) set("instance", text_of(*id));

  if (resource_hints_.resource_labels != nullptr) SplitLokiHint(*resource_hints_.resource_labels, v.resource_names);
  if (hints.resource_labels != nullptr) SplitLokiHint(*hints.resource_labels, v.resource_names);
  for (std::string_view name : v.resource_names.names) {
    if (name.empty()) continue;
    if (const Value* value = FindLokiAttribute(resource, name)) set(name, text_of(*value));
  }

  // The level acts as an attribute of the record that its own hint names, unless the hint is of a type nothing can be added to: then it
  // is an ordinary attribute.
  const bool has_level = v.severity != 0;
  if (hints.attribute_labels != nullptr) SplitLokiHint(*hints.attribute_labels, v.names);
  if (has_level) {
    if (is_text(hints.attribute_labels) || hints.attribute_labels->is_list()) {
      v.names.names.push_back("level");
    } else {
      v.show_level = record.attributes.Find("level") == nullptr;
    }
  }
  for (std::string_view name : v.names.names) {
    if (name.empty()) continue;
    const Value* value = FindLokiAttribute(record.attributes, name);
    v.inputs.push_back({name, value != nullptr, std::string()});
    if (value != nullptr) {
      v.inputs.back().text = value->AsString();
      set(name, text_of(*value));
    } else if (has_level && name == "level") {
      set(name, LokiLevel(v.severity));
    }
  }
  for (const auto& label : labels) v.skip.push_back(label.first);
  if (v.show_level && v.Skips("level")) v.show_level = false;

  v.group = &GroupOf(tenant);
  v.stream = StreamOf(*v.group, loki::FormatLabels(labels));
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
      if (key.size() != kv->key.size() ||
          (key.data() != kv->key.data() && std::memcmp(key.data(), kv->key.data(), key.size()) != 0)) {
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

void LokiEncoder::WriteText(loki::ByteBuffer& out, const Value& value) {
  if (value.is_string()) return out.Append(value.string());
  scratch_.clear();
  value.AppendString(scratch_);
  out.Append(scratch_);
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

bool LokiEncoder::WriteLogfmt(loki::ByteBuffer& out, const Variant& v, const LogRecord& record) {
  logfmt_.Clear();
  logfmt_.Body(record.body);
  if (!record.trace_id.empty()) {
    scratch_.clear();
    AppendHex(scratch_, record.trace_id);
    logfmt_.Field("traceID", scratch_);
  }
  if (!record.span_id.empty()) {
    scratch_.clear();
    AppendHex(scratch_, record.span_id);
    logfmt_.Field("spanID", scratch_);
  }
  if (!record.severity_text.empty()) logfmt_.Field("severity", record.severity_text);
  if (record.flags != 0) logfmt_.Field("flags", std::to_string(record.flags));
  for (const KeyValue& kv : record.attributes) {
    if (!v.Skips(kv.key)) logfmt_.Attribute("attribute_", kv.key, kv.value);
  }
  if (v.show_level) logfmt_.Text("attribute_level", LokiLevel(v.severity));
  for (const KeyValue& kv : resource_->attributes) {
    if (!v.Skips(kv.key)) logfmt_.Attribute("resource_", kv.key, kv.value);
  }
  if (!scope_->name.empty()) {
    logfmt_.Text("instrumentation_scope_name", scope_->name);
    if (!scope_->version.empty()) logfmt_.Text("instrumentation_scope_version", scope_->version);
    for (const KeyValue& kv : scope_->attributes) logfmt_.Attribute("instrumentation_scope_attribute_", kv.key, kv.value);
  }
  scratch_.clear();
  if (!logfmt_.Write(scratch_)) return false;
  out.Append(scratch_);
  return true;
}

void LokiEncoder::EncodeRecord(const LogRecord& record, uint64_t now) {
  const LokiHints hints = FindLokiHints(record.attributes);
  const std::string_view tenant =
      resource_hints_.tenant == nullptr && hints.tenant == nullptr ? std::string_view() : Tenant(record, hints);
  Variant& v = FindVariant(record, hints, tenant);
  const LokiFormat format = resource_format_ ? *resource_format_ : hints.format != nullptr ? LokiFormatOf(*hints.format)
                                                                                          : LokiFormat::kJson;
  loki::PushStream& stream = *v.stream;
  stream.BeginEntry(record.time_unix_nano != 0 ? record.time_unix_nano
                    : record.observed_time_unix_nano != 0 ? record.observed_time_unix_nano
                                                          : now);
  bool converted = false;
  switch (format) {
    case LokiFormat::kJson: converted = WriteJson(stream.buffer(), v, record); break;
    case LokiFormat::kLogfmt: converted = WriteLogfmt(stream.buffer(), v, record); break;
    case LokiFormat::kRaw: WriteText(stream.buffer(), record.body), converted = true; break;
    case LokiFormat::kUnknown: break;
  }
  if (converted) {
    stream.EndEntry();
    ++v.group->submitted;
  } else {
    stream.CancelEntry();
    ++v.group->dropped;
  }
}

}  // namespace otelpipe
