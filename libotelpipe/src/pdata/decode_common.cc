#include "pdata/decode_common.h"

#include <algorithm>

namespace otelpipe::internal {
namespace {

void DecodeEntityRef(std::string_view bytes, EntityRef& ref, Arena& arena) {
  WireReader in(bytes, "EntityRef");
  while (in.Next()) {
    switch (in.field()) {
      case 1: ref.schema_url = in.Bytes("SchemaUrl"); break;
      case 2: ref.type = in.Bytes("Type"); break;
      case 3: ref.id_keys.Add(arena) = in.Bytes("IdKeys"); break;
      case 4: ref.description_keys.Add(arena) = in.Bytes("DescriptionKeys"); break;
      default: in.Skip();
    }
  }
}

// ArrayValue and KeyValueList are new each time their member occurs: the reference's decoder does not merge members of a oneof.
Value DecodeList(std::string_view bytes, Arena& arena, int depth) {
  List* list = arena.New<List>();
  WireReader in(bytes, "ArrayValue");
  while (in.Next()) {
    if (in.field() != 1) {
      in.Skip();
      continue;
    }
    std::string_view element = NextElement(in, *list, arena, "Values");
    DecodeValue(element, list->back(), arena, depth + 1);
  }
  return Value::OfList(list);
}

Value DecodeMap(std::string_view bytes, Arena& arena, int depth) {
  Map* map = arena.New<Map>();
  WireReader in(bytes, "KeyValueList");
  while (in.Next()) {
    if (in.field() != 1) {
      in.Skip();
    } else {
      DecodeAttribute(in, *map, arena, depth + 1);
    }
  }
  return Value::OfMap(map);
}

template <typename Id>
void CopyId(std::string_view bytes, Id& id, const char* error) {
  if (bytes.empty()) {
    id = Id();
  } else if (bytes.size() == id.bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  } else {
    ThrowWireError(error);
  }
}

}  // namespace

void DecodeAnyValue(std::string_view bytes, Value& value, Arena& arena, int depth) {
  if (depth > kMaxValueDepth) ThrowWireError("proto: values are nested too deeply");
  WireReader in(bytes, "AnyValue");
  while (in.Next()) {
    switch (in.field()) {
      case 1: value = Value::Str(in.Bytes("StringValue")); break;
      case 2: value = Value::Bool(in.Varint("BoolValue") != 0); break;
      case 3: value = Value::Int(static_cast<int64_t>(in.Varint("IntValue"))); break;
      case 4: value = Value::Double(in.Double("DoubleValue")); break;
      case 5: value = DecodeList(in.Bytes("ArrayValue"), arena, depth); break;
      case 6: value = DecodeMap(in.Bytes("KvlistValue"), arena, depth); break;
      case 7: value = Value::Bytes(in.Bytes("BytesValue")); break;
      default: in.Skip();
    }
  }
}

void DecodeKeyValue(std::string_view bytes, KeyValue& kv, Arena& arena, int depth) {
  WireReader pair(bytes, "KeyValue");
  while (pair.Next()) {
    switch (pair.field()) {
      case 1: kv.key = pair.Bytes("Key"); break;
      case 2: DecodeValue(pair.Bytes("Value"), kv.value, arena, depth); break;
      default: pair.Skip();
    }
  }
}

void DecodeResource(std::string_view bytes, Resource& resource, Arena& arena) {
  WireReader in(bytes, "Resource");
  while (in.Next()) {
    switch (in.field()) {
      case 1: DecodeAttribute(in, resource.attributes, arena); break;
      case 2: resource.dropped_attributes_count = static_cast<uint32_t>(in.Varint("DroppedAttributesCount")); break;
      case 3: {
        std::string_view element = NextElement(in, resource.entity_refs, arena, "EntityRefs");
        DecodeEntityRef(element, resource.entity_refs.back(), arena);
        break;
      }
      default: in.Skip();
    }
  }
}

void DecodeScope(std::string_view bytes, Scope& scope, Arena& arena) {
  WireReader in(bytes, "InstrumentationScope");
  while (in.Next()) {
    switch (in.field()) {
      case 1: scope.name = in.Bytes("Name"); break;
      case 2: scope.version = in.Bytes("Version"); break;
      case 3: DecodeAttribute(in, scope.attributes, arena); break;
      case 4: scope.dropped_attributes_count = static_cast<uint32_t>(in.Varint("DroppedAttributesCount")); break;
      default: in.Skip();
    }
  }
}

void DecodeId(std::string_view bytes, TraceId& id) { CopyId(bytes, id, "unmarshal: invalid TraceID length"); }
void DecodeId(std::string_view bytes, SpanId& id) { CopyId(bytes, id, "unmarshal: invalid SpanID length"); }

}  // namespace otelpipe::internal
