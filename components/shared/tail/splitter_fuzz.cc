// Any bytes, cut in any of the ways, whole and in two reads: tokens lie in the input, in order and no longer than the limit, a full buffer always moves on, and
// for lines it does not matter how the bytes arrived.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "shared/tail/splitter.h"

namespace {

using otelpipe::tail::Encoding;
using otelpipe::tail::Splitter;
using otelpipe::tail::SplitterOptions;
using otelpipe::tail::Token;

constexpr size_t kMax = 48;

size_t Split(const Splitter& splitter, std::string_view data, bool at_end, std::vector<std::string>& out) {
  std::vector<Token> tokens;
  const size_t used = splitter.Split(data, at_end, tokens);
  if (used > data.size() || (data.size() >= kMax && used == 0)) std::abort();
  size_t last = 0;
  for (const Token& token : tokens) {
    if (token.start < last || token.begin < token.start || token.length > kMax || token.begin + token.length > used) std::abort();
    last = token.start;
    out.emplace_back(data.substr(token.begin, token.length));
  }
  return used;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < 2) return 0;
  SplitterOptions options;
  options.max_size = kMax;
  options.trim_leading = (bytes[0] & 16) != 0;
  options.trim_trailing = (bytes[0] & 32) != 0;
  options.omit_pattern = (bytes[0] & 64) != 0;
  const int mode = bytes[0] & 7;
  if (mode == 1) options.line_start_pattern = "^S[a-z]*";
  if (mode == 2) options.line_end_pattern = "E+$";
  if (mode == 3) options.line_start_pattern = "x*";
  if (mode == 4) options.line_end_pattern = "x*";
  if (mode == 5) options.encoding = *Encoding::Find("utf-16le");
  if (mode == 6) options.encoding = *Encoding::Find("nop");
  auto splitter = Splitter::Create(options);
  if (!splitter.ok()) std::abort();
  const std::string_view data(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  std::vector<std::string> whole, parts;
  const size_t used = Split(*splitter, data, true, whole);
  const size_t first = data.empty() ? 0 : bytes[1] % data.size();
  const size_t begun = Split(*splitter, data.substr(0, first), false, parts);
  const size_t then = Split(*splitter, data.substr(begun), true, parts);
  const bool lines = mode == 0 || mode == 7;
  // A cut before the end of the line is known leaves an empty piece when the line ends right there.
  if (lines && data.size() < kMax && (whole != parts || begun + then != used)) std::abort();
  std::vector<Token> rest;
  splitter->Flush(data.substr(used), rest);
  return 0;
}
