#include "operator/scope_name_parser/scope_name_parser.h"

#include <vector>

#include "otelpipe/component/register.h"

namespace otelpipe {

absl::Status ScopeNameParser::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  absl::StatusOr<std::unique_ptr<EntryReader>> reader = MakeScopeNameReader(config_.scope_name);
  if (reader.ok()) {
    reader_ = *std::move(reader);
  } else {
    AppendMistakes(errors, reader.status());
  }
  return MistakesToStatus(errors);
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, scope_name_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::ScopeNameParser>());
}
