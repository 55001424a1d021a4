#include "operator/expr/json_value.h"

#include <simdjson.h>


namespace otelpipe::expr {
namespace {

std::string_view Text(std::string_view s, Arena& arena) { return arena.Copy(s); }

Value Convert(const simdjson::dom::element& e, Arena& arena) {
  using simdjson::dom::element_type;
  switch (e.type()) {
    case element_type::OBJECT: {
      Map* map = arena.New<Map>();
      for (const auto& field : simdjson::dom::object(e)) map->Set(arena, Text(field.key, arena), Convert(field.value, arena));
      return Value::OfMap(map);
    }
    case element_type::ARRAY: {
      List* list = arena.New<List>();
      for (const auto& item : simdjson::dom::array(e)) {
        Value v = Convert(item, arena);
        list->Add(arena) = v;
      }
      return Value::OfList(list);
    }
    case element_type::STRING: return Value::Str(Text(std::string_view(e), arena));
    case element_type::BOOL: return Value::Bool(bool(e));
    case element_type::INT64: return Value::Double(static_cast<double>(int64_t(e)));
    case element_type::UINT64: return Value::Double(static_cast<double>(uint64_t(e)));
    case element_type::DOUBLE: return Value::Double(double(e));
    case element_type::NULL_VALUE: return Value();
  }
  return Value();
}

}  // namespace

absl::Status JsonToValue(std::string_view json, Arena& arena, Value& out) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element root;
  const simdjson::error_code error = parser.parse(json.data(), json.size()).get(root);
  if (error != simdjson::SUCCESS) {
    return absl::InvalidArgumentError(json.empty() || error == simdjson::EMPTY ? "unexpected end of JSON input"
                                                                               : simdjson::error_message(error));
  }
  out = Convert(root, arena);
  return absl::OkStatus();
}

}  // namespace otelpipe::expr
