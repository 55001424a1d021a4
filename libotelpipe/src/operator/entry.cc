#include "otelpipe/operator/entry.h"

#include <cstring>

namespace otelpipe {
namespace {

// Seconds and nanoseconds as they lie in the bytes of a time value.
constexpr size_t kTimeBytes = 12;

Value CopyValue(const Value& value, Arena& arena, const InternFunction* intern) {
  Value copy = value;
  switch (value.kind()) {
    case ValueKind::kString:
      if (value.tag() == kTagFileConstant) {
        // Elsewhere the text may not outlive the file, and a copy is not the constant any more.
        copy = Value::Str(intern != nullptr ? (*intern)(value.string()) : arena.Copy(value.string()));
        if (intern != nullptr) copy.set_tag(kTagFileConstant);
        return copy;
      }
      copy = Value::Str(arena.Copy(value.string()));
      break;
    case ValueKind::kBytes: copy = Value::Bytes(arena.Copy(value.string())); break;
    case ValueKind::kList: {
      List* list = arena.New<List>();
      list->Reserve(arena, value.list().size());
      for (const Value& item : value.list()) list->Add(arena) = CopyValue(item, arena, intern);
      copy = Value::OfList(list);
      break;
    }
    case ValueKind::kMap: {
      Map* map = arena.New<Map>();
      map->Reserve(arena, value.map().size());
      for (const KeyValue& kv : value.map()) map->Append(arena, arena.Copy(kv.key), CopyValue(kv.value, arena, intern));
      copy = Value::OfMap(map);
      break;
    }
    default: break;
  }
  copy.set_tag(value.tag());
  return copy;
}

void CopyMap(const Map& from, Map& to, Arena& arena, const InternFunction* intern) {
  to.Reserve(arena, from.size());
  for (const KeyValue& kv : from) to.Append(arena, arena.Copy(kv.key), CopyValue(kv.value, arena, intern));
}

}  // namespace

Value TimeToValue(const EntryTime& time, Arena& arena) {
  char* bytes = static_cast<char*>(arena.Allocate(kTimeBytes, 8));
  int64_t seconds = time.set ? time.seconds : kZeroTimeSeconds;
  int32_t nanos = time.set ? time.nanos : 0;
  std::memcpy(bytes, &seconds, sizeof(seconds));
  std::memcpy(bytes + sizeof(seconds), &nanos, sizeof(nanos));
  Value value = Value::Bytes({bytes, kTimeBytes});
  value.set_tag(kTagTime);
  return value;
}

EntryTime TimeFromValue(const Value& value) {
  EntryTime time;
  if (!IsTime(value) || value.string().size() < kTimeBytes) return time;
  std::memcpy(&time.seconds, value.string().data(), sizeof(time.seconds));
  std::memcpy(&time.nanos, value.string().data() + sizeof(time.seconds), sizeof(time.nanos));
  time.set = time.seconds != kZeroTimeSeconds || time.nanos != 0;
  return time;
}

std::string_view GoTypeName(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kEmpty: return "<nil>";
    case ValueKind::kString: return "string";
    case ValueKind::kBool: return "bool";
    case ValueKind::kInt:
      return value.tag() == kTagInt64 ? "int64" : value.tag() == kTagDuration ? "time.Duration" : "int";
    case ValueKind::kDouble: return "float64";
    case ValueKind::kBytes: return value.tag() == kTagTime ? "time.Time" : "[]uint8";
    case ValueKind::kList: return value.tag() == kTagStringList ? "[]string" : "[]interface {}";
    case ValueKind::kMap: return "map[string]interface {}";
  }
  return "<nil>";
}

Entry Copy(const Entry& entry, Arena* arena, const InternFunction* intern) {
  Entry copy;
  copy.arena = arena;
  copy.observed_unix_nano = entry.observed_unix_nano;
  copy.timestamp = entry.timestamp;
  copy.has_attributes = entry.has_attributes;
  copy.has_resource = entry.has_resource;
  copy.severity = entry.severity;
  copy.severity_text = entry.severity_text;
  copy.trace_id = entry.trace_id;
  copy.span_id = entry.span_id;
  copy.trace_flags = entry.trace_flags;
  copy.scope_name = entry.scope_name;
  copy.ack = entry.ack.Copy();
  if (arena == entry.arena) {
    copy.body = Clone(entry.body, *arena, false);
    Clone(entry.attributes, copy.attributes, *arena, false);
    Clone(entry.resource, copy.resource, *arena, false);
    return copy;
  }
  for (std::string_view Entry::*text : {&Entry::severity_text, &Entry::trace_id, &Entry::span_id, &Entry::trace_flags,
                                        &Entry::scope_name}) {
    copy.*text = arena->Copy(entry.*text);
  }
  copy.body = CopyValue(entry.body, *arena, intern);
  CopyMap(entry.attributes, copy.attributes, *arena, intern);
  CopyMap(entry.resource, copy.resource, *arena, intern);
  return copy;
}

}  // namespace otelpipe
