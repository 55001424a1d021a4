// What the decoders of the three signals share: values, attributes, resource, scope, and the walk Resource -> Scope -> record.
#pragma once

#include "otelpipe/pdata/codec.h"
#include "pdata/wire_reader.h"

namespace otelpipe::internal {

// Values nested deeper are refused: every walk over a value recurses, and a small message could hold a million levels.
inline constexpr int kMaxValueDepth = 500;

void DecodeAnyValue(std::string_view bytes, Value& value, Arena& arena, int depth);
inline void DecodeValue(std::string_view bytes, Value& value, Arena& arena, int depth = 0) {
  // One text or one small number and nothing else, as nearly all values are.
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  const size_t n = bytes.size();
  if (n >= 3 && depth <= kMaxValueDepth) {
    if (p[0] == 0x0A && p[1] < 0x80 && p[1] == n - 2) {
      value = Value::Str({bytes.data() + 2, n - 2});
      return;
    }
    if (p[0] == 0x0A && p[1] >= 0x80 && p[2] < 0x80 && (size_t{p[1]} & 0x7F) + (size_t{p[2]} << 7) == n - 3) {
      value = Value::Str({bytes.data() + 3, n - 3});
      return;
    }
    if (p[0] == 0x18 && n == 3 && p[1] >= 0x80 && p[2] < 0x80) {
      value = Value::Int((int64_t{p[1]} & 0x7F) + (int64_t{p[2]} << 7));
      return;
    }
  }
  DecodeAnyValue(bytes, value, arena, depth);
}

void DecodeKeyValue(std::string_view bytes, KeyValue& kv, Arena& arena, int depth);
// Appends the KeyValue that `in` stands on.
inline void DecodeAttribute(WireReader& in, Map& map, Arena& arena, int depth = 0) {
  const std::string_view bytes = in.Bytes("Attributes");
  // With room for one more, as what looks at attributes likes to add some.
  if (map.empty()) map.Reserve(arena, in.RunLength() + 1);
  KeyValue& kv = map.items().Add(arena);
  // Key and value, both short, as most are.
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  const size_t n = bytes.size();
  if (n >= 4 && p[0] == 0x0A && p[1] < 0x80 && size_t{p[1]} + 4 <= n) {
    const size_t key = p[1];
    if (p[key + 2] == 0x12 && p[key + 3] < 0x80 && p[key + 3] == n - key - 4) {
      kv.key = {bytes.data() + 2, key};
      DecodeValue({bytes.data() + key + 4, n - key - 4}, kv.value, arena, depth);
      return;
    }
  }
  DecodeKeyValue(bytes, kv, arena, depth);
}
void DecodeResource(std::string_view bytes, Resource& resource, Arena& arena);
void DecodeScope(std::string_view bytes, Scope& scope, Arena& arena);
void DecodeId(std::string_view bytes, TraceId& id);
void DecodeId(std::string_view bytes, SpanId& id);

// Appends to `items` an element for the message field `in` stands on. `name` is the field's name in errors.
template <typename T>
std::string_view NextElement(WireReader& in, Vec<T>& items, Arena& arena, const char* name) {
  std::string_view bytes = in.Bytes(name);
  if (items.empty()) items.Reserve(arena, in.RunLength());
  items.Add(arena);
  return bytes;
}

// Names of the messages and fields of one signal, for errors.
struct TreeNames {
  const char* data;
  const char* resource;
  const char* scope;
  const char* resource_field;
  const char* scope_field;
  const char* deprecated_field;
  const char* record_field;
};

template <typename ScopeX, typename DecodeRecord>
void DecodeScopeX(std::string_view bytes, ScopeX& scope, Arena& arena, const TreeNames& names, DecodeRecord record) {
  WireReader in(bytes, names.scope);
  while (in.Next()) {
    switch (in.field()) {
      case 1: DecodeScope(in.Bytes("Scope"), scope.scope, arena); break;
      case 2: {
        std::string_view element = NextElement(in, scope.records, arena, names.record_field);
        record(element, scope.records.back(), arena);
        break;
      }
      case 3: scope.schema_url = in.Bytes("SchemaUrl"); break;
      default: in.Skip();
    }
  }
}

template <typename ResourceX, typename DecodeRecord>
void DecodeResourceX(std::string_view bytes, ResourceX& resource, Arena& arena, const TreeNames& names,
                     DecodeRecord record) {
  auto deprecated = decltype(resource.scopes)();
  WireReader in(bytes, names.resource);
  while (in.Next()) {
    switch (in.field()) {
      case 1: DecodeResource(in.Bytes("Resource"), resource.resource, arena); break;
      case 2: {
        std::string_view element = NextElement(in, resource.scopes, arena, names.scope_field);
        DecodeScopeX(element, resource.scopes.back(), arena, names, record);
        break;
      }
      case 3: resource.schema_url = in.Bytes("SchemaUrl"); break;
      case 1000: {
        std::string_view element = NextElement(in, deprecated, arena, names.deprecated_field);
        DecodeScopeX(element, deprecated.back(), arena, names, record);
        break;
      }
      default: in.Skip();
    }
  }
  // Senders older than the field's renaming used number 1000 for the same list.
  if (resource.scopes.empty()) resource.scopes = std::move(deprecated);
}

template <typename Data, typename DecodeRecord>
absl::Status DecodeTree(const Buffer& wire, Data& out, const TreeNames& names, DecodeRecord record) {
  if (wire.bytes.size() > UINT32_MAX) return absl::InvalidArgumentError("message larger than 4 GiB");
  try {
    WireReader in(wire.bytes, names.data);
    while (in.Next()) {
      if (in.field() != 1) {
        in.Skip();
        continue;
      }
      std::string_view element = NextElement(in, out.resources, out.arena, names.resource_field);
      DecodeResourceX(element, out.resources.back(), out.arena, names, record);
    }
  } catch (...) {
    return StatusOfWireFailure();
  }
  out.arena.KeepAlive(wire.owner);
  return absl::OkStatus();
}

}  // namespace otelpipe::internal
