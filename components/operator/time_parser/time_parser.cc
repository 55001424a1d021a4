#include "operator/time_parser/time_parser.h"

#include <utility>
#include <vector>

#include "otelpipe/component/register.h"

namespace otelpipe {

absl::Status TimeParser::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  absl::StatusOr<std::unique_ptr<EntryReader>> reader = MakeTimeReader(config_.time, context());
  if (reader.ok()) {
    reader_ = *std::move(reader);
  } else {
    AppendMistakes(errors, reader.status());
  }
  return MistakesToStatus(errors);
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, time_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::TimeParser>());
}
