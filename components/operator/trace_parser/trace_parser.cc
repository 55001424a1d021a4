#include "operator/trace_parser/trace_parser.h"

#include <vector>

#include "otelpipe/component/register.h"

namespace otelpipe {

absl::Status TraceParser::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  absl::StatusOr<std::unique_ptr<EntryReader>> reader = MakeTraceReader(config_.trace);
  if (reader.ok()) {
    reader_ = *std::move(reader);
  } else {
    AppendMistakes(errors, reader.status());
  }
  return MistakesToStatus(errors);
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, trace_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::TraceParser>());
}
