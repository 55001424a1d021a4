#include "operator/json_parser/json_parser.h"

#include "absl/strings/str_cat.h"
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

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, json_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::JsonParser>());
}
