#include "operator/severity_parser/severity_parser.h"

#include <utility>
#include <vector>

#include "otelpipe/component/register.h"

namespace otelpipe {

absl::Status SeverityParser::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  absl::StatusOr<std::unique_ptr<EntryReader>> reader = MakeSeverityReader(config_.severity);
  if (reader.ok()) {
    reader_ = *std::move(reader);
  } else {
    AppendMistakes(errors, reader.status());
  }
  return MistakesToStatus(errors);
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, severity_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::SeverityParser>());
}
