// A pattern and a path, parted by a newline: matching ends soon, and a pattern without special characters matches the path it spells.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "shared/tail/glob.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using otelpipe::tail::Glob;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const size_t line = text.find('\n');
  if (size > 2000 || line == std::string_view::npos) return 0;
  const std::string_view pattern = text.substr(0, line), path = text.substr(line + 1);
  auto glob = Glob::Compile(pattern);
  if (!glob.ok()) return 0;
  const bool hit = glob->Matches(path);
  const bool plain = pattern.find_first_of("*?[]{},\\") == std::string_view::npos;
  // Spelled in its cleaned form: no empty, `.` or `..` steps.
  const std::string steps = "/" + std::string(pattern) + "/";
  const bool clean = steps.find("/./") == std::string::npos && steps.find("/../") == std::string::npos &&
                     pattern.find("//") == std::string_view::npos && !pattern.empty() && pattern.back() != '/';
  if (plain && clean) {
    if (!glob->Matches(pattern)) std::abort();
    if (path == pattern && !hit) std::abort();
  }
  return 0;
}
