// The value of an attribute becomes a part of a path: whatever it is, the file stays below the fixed beginning.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/file/file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  for (const std::string_view prefix : {"/var/log/", "/var/log/a_", "out/", "p_"}) {
    const std::string path = otelpipe::FileExporter::GroupPath(prefix, value, ".json");
    const std::string_view folder = prefix.substr(0, prefix.rfind('/') + 1);
    if (!std::string_view(path).starts_with(folder)) std::abort();
    std::string_view rest = std::string_view(path).substr(folder.size());
    while (!rest.empty()) {
      const size_t slash = std::min(rest.find('/'), rest.size());
      if (rest.substr(0, slash) == "..") std::abort();
      rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
  }
  return 0;
}
