#include "shared/attraction/literal.h"

#include "otelpipe/base/status_macros.h"

namespace otelpipe::attraction {

absl::StatusOr<Value> ToValue(const ConfigNode& node, Arena& arena) {
  switch (node.kind) {
    case ConfigNode::Kind::kNull:
      return Value();
    case ConfigNode::Kind::kBool:
      return Value::Bool(node.boolean);
    case ConfigNode::Kind::kInt:
      return Value::Int(node.integer);
    case ConfigNode::Kind::kFloat:
      return Value::Double(node.number);
    case ConfigNode::Kind::kString:
      return Value::Str(arena.Copy(node.text));
    case ConfigNode::Kind::kTimestamp:
      return absl::InvalidArgumentError("<Invalid value type time.Time>");
    case ConfigNode::Kind::kList: {
      List* list = arena.New<List>();
      for (const ConfigNode& item : node.items) {
        OTELPIPE_ASSIGN_OR_RETURN(Value value, ToValue(item, arena));
        list->Add(arena) = value;
      }
      return Value::OfList(list);
    }
    case ConfigNode::Kind::kMap: {
      Map* map = arena.New<Map>();
      for (const ConfigNode::Entry& entry : node.entries) {
        OTELPIPE_ASSIGN_OR_RETURN(Value value, ToValue(entry.value, arena));
        map->Set(arena, arena.Copy(entry.key), value);
      }
      return Value::OfMap(map);
    }
  }
  return Value();
}

}  // namespace otelpipe::attraction
