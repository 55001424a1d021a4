// HeaderProgram: the operators that make attributes of the lines at the start of a file (`header.metadata_operators`).
//
//   OTELPIPE_ASSIGN_OR_RETURN(auto header, HeaderProgram::Build(*config.header, block, context));
//   OTELPIPE_RETURN_IF_ERROR(header->Start());
//   header->Add(line, arena, attributes);   // what the operators make of the line joins `attributes`, its texts are in `arena`
//   header->Stop();
//
// Loop thread only.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/component/component.h"
#include "otelpipe/operator/program.h"
#include "shared/stream/file_config.h"

namespace otelpipe::stream {

class HeaderProgram {
 public:
  // Errors are the reference's, with places in `block`, the receiver's.
  static absl::StatusOr<std::unique_ptr<HeaderProgram>> Build(const HeaderConfig& config, const ConfigNode& block, const Context& context);
  HeaderProgram(const HeaderProgram&) = delete;

  absl::Status Start() { return program_->Start(); }
  void Stop() { program_->Stop(); }
  void Add(std::string_view line, Arena& arena, Map& attributes);

 private:
  HeaderProgram(std::unique_ptr<OperatorProgram> program, Logger log);
  void Take(Batch batch);

  std::unique_ptr<OperatorProgram> program_;
  Logger log_;
  // Where the attributes go; set while a line is processed.
  Arena* arena_ = nullptr;
  Map* attributes_ = nullptr;
};

}  // namespace otelpipe::stream
