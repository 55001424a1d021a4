// Lines of container runtimes: taken apart by hand they must be what the reference's patterns find.
#include <re2/re2.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "operator/container/cri_line.h"

namespace {

// Bytes instead of characters: each byte that is no UTF-8 is a character of its own to the reference.
const re2::RE2& Grammar(const char* text) { return *new re2::RE2(text, re2::RE2::Latin1); }

void Check(std::string_view text, otelpipe::container::CriKind kind, const re2::RE2& grammar) {
  otelpipe::container::CriLine line;
  const bool found = otelpipe::container::ParseCriLine(text, kind, line);
  re2::StringPiece parts[5];
  const bool wanted = grammar.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), re2::RE2::UNANCHORED, parts, 5);
  if (found != wanted) std::abort();
  if (!found) return;
  const std::string_view got[] = {line.time, line.stream, line.tag, line.log};
  for (int i = 0; i < 4; ++i) {
    if (got[i] != std::string_view(parts[i + 1].data(), parts[i + 1].size())) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using otelpipe::container::CriKind;
  static const re2::RE2& crio = Grammar("^([^ Z]+) (stdout|stderr) ([^ ]*) ?(.*)$");
  static const re2::RE2& containerd = Grammar("^([^ ^Z]+Z) (stdout|stderr) ([^ ]*) ?(.*)$");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Check(text, CriKind::kCrio, crio);
  Check(text, CriKind::kContainerd, containerd);
  return 0;
}
