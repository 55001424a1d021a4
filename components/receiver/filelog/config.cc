#include "receiver/filelog/config.h"

namespace otelpipe {

void FilelogConfig::Describe(Fields<FilelogConfig>& f) {
  f.InlineBase<stream::FileConfig>();
  f.InlineBase<stream::InputConfig>();
}

void DecodeField(const ConfigNode& node, FilelogConfig& out, DecodeContext& context) {
  out.node = node;
  internal::DecodeTable(node, TableOf<FilelogConfig>(), &out, context);
}

}  // namespace otelpipe
