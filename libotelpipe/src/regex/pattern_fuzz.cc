// Compares the scanner with RE2. Input: a pattern, a line end, a subject.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "otelpipe/regex/pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using otelpipe::regex::Pattern;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = input.find('\n');
  if (line == std::string_view::npos || line > 300) return 0;
  const auto pattern = Pattern::Compile(input.substr(0, line));
  if (!pattern.ok()) return 0;
  const std::string_view subject = input.substr(line + 1);
  (*pattern)->Replace(subject, "<$1$n>");
  if (!(*pattern)->uses_scanner()) return 0;
  std::vector<std::string_view> scanned((*pattern)->capture_count());
  std::vector<std::string_view> expected((*pattern)->capture_count());
  const bool matched = (*pattern)->Match(subject, scanned.data());
  if (matched != (*pattern)->MatchAtWithRe2ForTest(subject, 0, expected.data())) std::abort();
  if (!matched) return 0;
  for (size_t i = 0; i < scanned.size(); ++i) {
    if (scanned[i].data() != expected[i].data() || scanned[i].size() != expected[i].size()) {
      std::abort();
    }
  }
  return 0;
}
