#include "exporter/loki/encoder.h"

#include <algorithm>
#include <deque>

#include "exporter/loki/encoder_parts.h"
#include "otelpipe/pdata/text.h"
#include "shared/loki/labels.h"

namespace otelpipe {
namespace {

// Records whose labels differ from those of the last ones are compared with this many earlier label sets of the resource
// before labels are made anew.
constexpr size_t kMaxVariants = 16;
// Memory kept for the next call.
constexpr size_t kSpareStreams = 32;
constexpr size_t kSpareBytes = 264 << 10;  // of a stream: a whole buffer of it

}  // namespace

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

void LokiEncoder::WriteText(loki::ByteBuffer& out, const Value& value) {
  if (value.is_string()) return out.Append(value.string());
  scratch_.clear();
  value.AppendString(scratch_);
  out.Append(scratch_);
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
