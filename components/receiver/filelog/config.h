// The configuration of the filelog receiver: the keys of files and those of log inputs.
#pragma once

#include "otelpipe/component/config_node.h"
#include "otelpipe/component/fields.h"
#include "shared/stream/file_config.h"
#include "shared/stream/input_config.h"

namespace otelpipe {

struct FilelogConfig : stream::FileConfig, stream::InputConfig {
  FilelogConfig() { id = type = "file_input"; }
  ConfigNode node;  // the whole block, for the places of mistakes
  static void Describe(Fields<FilelogConfig>& f);
};
void DecodeField(const ConfigNode& node, FilelogConfig& out, DecodeContext& context);

}  // namespace otelpipe
