// Any bytes as YAML, then expanded with a variable whose content is the same bytes. Nothing may crash, hang or grow without bound.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/expand.h"
#include "config/merge.h"
#include "config/yaml_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using otelpipe::internal::SourceText;
  if (size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto tree = otelpipe::internal::ReadYaml(text, "fuzz.yaml");
  if (!tree.ok()) return 0;
  otelpipe::internal::SplitKeys(*tree);
  otelpipe::ConfigNode merged = *tree;
  otelpipe::internal::MergeInto(merged, *tree, true);
  std::vector<otelpipe::ConfigError> errors;
  int fetches = 0;
  otelpipe::internal::Expand(
      merged,
      [&](const otelpipe::internal::Uri& uri) -> absl::StatusOr<SourceText> {
        if (++fetches > 20) return absl::InvalidArgumentError("enough");
        return SourceText{uri.scheme == "yaml" ? uri.opaque : std::string(text), ""};
      },
      errors);
  (void)merged.ToYaml();
  return 0;
}
