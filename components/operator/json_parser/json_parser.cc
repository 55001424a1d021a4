#include "operator/json_parser/json_parser.h"

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/json.h"

namespace otelpipe {

void JsonParser::Config::Describe(Fields<Config>& f) {
  f.InlineBase<ParserConfig>();
  f.Optional("parse_ints", &Config::parse_ints, "Numbers without fraction become integers; otherwise all are doubles.");
}

absl::StatusOr<Value> JsonParser::Parse(const Value& in, Entry& entry) {
  if (!in.is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("type ", A(GoTypeName(in)), " cannot be parsed as JSON"));
  }
  // The reference reads with a streaming decoder when it looks for integers, which stops after the object.
  return ParseJsonObject(in.string(), *entry.arena, {.parse_ints = parse_ints_, .allow_trailing = parse_ints_});
}

absl::Status JsonParser::ParseToAttributes(const Value& in, Entry& entry) {
  OTELPIPE_ASSIGN_OR_RETURN(Value parsed, Parse(in, entry));
  // Keys of an object are different, so only those that were there before need a look.
  Map& attributes = entry.attributes;
  entry.has_attributes = true;
  const uint32_t before = attributes.size();
  attributes.Reserve(*entry.arena, before + parsed.map().size());
  for (const KeyValue& kv : parsed.map()) {
    KeyValue* found = attributes.begin();
    KeyValue* const end = found + before;
    while (found != end && found->key != kv.key) ++found;
    if (found != end) {
      found->value = kv.value;
    } else {
      attributes.Append(*entry.arena, kv.key, kv.value);
    }
  }
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, json_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::JsonParser>());
}
