#include "operator/emitter.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "otelpipe/pdata/text.h"
#include "otelpipe/timeparse/duration.h"
#include "otelpipe/timeparse/severity.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe::internal {
namespace {

// Kinds that OTLP does not know become text; tags go, since they mean nothing to the next component.
void FinishTagged(Value& value, Arena& arena) {
  switch (value.kind()) {
    case ValueKind::kBytes:
      if (value.tag() == kTagTime) {
        EntryTime time = TimeFromValue(value);
        timeparse::Timestamp t = time.set ? timeparse::Timestamp{time.seconds, time.nanos} : timeparse::Timestamp::GoZero();
        value = Value::Str(arena.Copy(timeparse::FormatGoTime(t)));
      }
      break;
    case ValueKind::kInt:
      if (value.tag() == kTagDuration) value = Value::Str(arena.Copy(timeparse::FormatGoDuration(value.integer())));
      break;
    case ValueKind::kList:
      for (Value& item : value.list()) FinishTagged(item, arena);
      break;
    case ValueKind::kMap:
      for (KeyValue& kv : value.map()) FinishTagged(kv.value, arena);
      break;
    default: break;
  }
  value.set_tag(kTagNone);
}

inline void Finish(Value& value, Arena& arena) {
  if (value.is_string()) return value.set_tag(kTagNone);
  if (value.tag() != kTagNone || value.is_map() || value.is_list()) FinishTagged(value, arena);
}

// Texts of one file or configuration share their bytes, which spares the look at them.
inline bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.data() == b.data() || a == b);
}

// Equality in order of insertion, which is the order consecutive entries of one chain share.
bool SameInOrder(const Map& a, const Map& b) {
  if (a.size() != b.size()) return false;
  for (const KeyValue *x = a.begin(), *y = b.begin(); x != a.end(); ++x, ++y) {
    if (!SameText(x->key, y->key) || x->value.kind() != y->value.kind()) return false;
    if (x->value.is_string() ? !SameText(x->value.string(), y->value.string()) : !Equal(x->value, y->value)) return false;
  }
  return true;
}

uint64_t Mix(uint64_t h) {
  h ^= h >> 32;
  h *= 0x9E3779B97F4A7C15u;
  h ^= h >> 29;
  h *= 0xBF58476D1CE4E5B9u;
  return h ^ (h >> 32);
}
uint64_t HashText(std::string_view s) { return std::hash<std::string_view>{}(s); }
uint64_t HashMap(const Map& map);
uint64_t HashValue(const Value& v) {
  uint64_t kind = static_cast<uint64_t>(v.kind()) << 56;
  switch (v.kind()) {
    case ValueKind::kString:
    case ValueKind::kBytes: return Mix(HashText(v.string()) ^ kind);
    case ValueKind::kBool: return Mix(kind | (v.boolean() ? 1 : 0));
    case ValueKind::kInt: return Mix(static_cast<uint64_t>(v.integer()) ^ kind);
    case ValueKind::kDouble: {
      uint64_t bits = 0;
      double d = v.number() == 0 ? 0 : v.number();
      std::memcpy(&bits, &d, sizeof(bits));
      return Mix((d == d ? bits : 1) ^ kind);
    }
    case ValueKind::kList: {
      uint64_t h = kind;
      for (const Value& item : v.list()) h = Mix(h + HashValue(item));
      return h;
    }
    case ValueKind::kMap: return Mix(HashMap(v.map()) ^ kind);
    default: return kind;
  }
}
// Independent of the order of keys.
uint64_t HashMap(const Map& map) {
  uint64_t h = map.size();
  for (const KeyValue& kv : map) h += Mix(HashText(kv.key) * 31 + HashValue(kv.value));
  return h;
}

template <typename Id>
void FillId(std::string_view bytes, Id& id) {
  std::memcpy(id.bytes.data(), bytes.data(), std::min(bytes.size(), id.bytes.size()));
}

}  // namespace

Emitter::Emitter(const OperatorContext& context, std::shared_ptr<const void> keep_alive)
    : LogOperator(context), keep_alive_(std::move(keep_alive)) {
  Begin();
}

void Emitter::Begin() {
  data_ = std::make_unique<LogsData>();
  data_->arena.KeepAlive(keep_alive_);
  by_hash_.clear();
  records_ = 0;
  last_resource_ = last_scope_ = 0;
  spare_attributes_ = Map();
  spare_resource_ = Map();
}

Entry Emitter::NewEntry() {
  Entry entry;
  entry.arena = &data_->arena;
  entry.attributes = std::move(spare_attributes_);
  entry.resource = std::move(spare_resource_);
  return entry;
}

absl::Status Emitter::Process(Entry& entry) {
  if (entry.keep || entry.arena != &data_->arena) {
    Entry copy = Copy(entry, &data_->arena);
    Append(copy);
  } else {
    Append(entry);
  }
  return absl::OkStatus();
}

uint32_t Emitter::FindResource(Map& resource) {
  Vec<ResourceLogs>& all = data_->resources;
  if (last_resource_ < all.size() && SameInOrder(all[last_resource_].resource.attributes, resource)) return last_resource_;
  uint64_t hash = HashMap(resource);
  auto [begin, end] = by_hash_.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    if (Equal(all[it->second].resource.attributes, resource)) return it->second;
  }
  by_hash_.emplace(hash, all.size());
  all.Add(data_->arena).resource.attributes = std::move(resource);
  return all.size() - 1;
}

ScopeLogs& Emitter::FindScope(Entry& entry) {
  for (KeyValue& kv : entry.resource) Finish(kv.value, data_->arena);
  uint32_t resource = FindResource(entry.resource);
  Vec<ScopeLogs>& scopes = data_->resources[resource].scopes;
  uint32_t scope = resource == last_resource_ ? last_scope_ : 0;
  if (scope >= scopes.size() || !SameText(scopes[scope].scope.name, entry.scope_name)) {
    for (scope = 0; scope < scopes.size() && !SameText(scopes[scope].scope.name, entry.scope_name);) ++scope;
    if (scope == scopes.size()) scopes.Add(data_->arena).scope.name = entry.scope_name;
  }
  last_resource_ = resource;
  last_scope_ = scope;
  return scopes[scope];
}

void Emitter::Append(Entry& entry) {
  Arena& arena = data_->arena;
  LogRecord& record = FindScope(entry).records.Add(arena);
  record.time_unix_nano = entry.timestamp.UnixNanos();
  record.observed_time_unix_nano = entry.observed_unix_nano;
  record.severity_number = entry.severity;
  record.severity_text = entry.severity_text.empty() ? timeparse::SeverityShortName(entry.severity) : entry.severity_text;
  record.body = entry.body;
  Finish(record.body, arena);
  // The map grew by doubling; the record gets storage that fits, and the next entry the big one.
  record.attributes.Reserve(arena, entry.attributes.size());
  for (const KeyValue& kv : entry.attributes) {
    record.attributes.Append(arena, kv.key, kv.value);
    Finish(record.attributes.items().back().value, arena);
  }
  if (!entry.trace_id.empty()) FillId(entry.trace_id, record.trace_id);
  if (!entry.span_id.empty()) FillId(entry.span_id, record.span_id);
  if (!entry.trace_flags.empty()) record.flags = static_cast<uint8_t>(entry.trace_flags[0]);
  ++records_;
  if (entry.ack.get() != nullptr && (acks_.empty() || acks_.back().get() != entry.ack.get())) {
    acks_.push_back(std::move(entry.ack));
  }
  spare_attributes_ = std::move(entry.attributes);
  spare_attributes_.Clear();
  spare_resource_ = std::move(entry.resource);
  spare_resource_.Clear();
}

void Emitter::Flush() {
  if (records_ == 0) {
    Begin();
    return;
  }
  std::unique_ptr<LogsData> data = std::move(data_);
  std::vector<AckRef> acks = std::move(acks_);
  acks_.clear();
  Begin();
  if (output_) output_(Batch::FromLogs(std::move(data)), std::move(acks));
}

}  // namespace otelpipe::internal
