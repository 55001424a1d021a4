// Compares the scanner with RE2. Input: a pattern, a line end, a subject. The whole match and every group, from the beginning and from each of the first
// characters, whether there is a match at all, and what replacing all matches makes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/regex/pattern.h"

namespace {

using otelpipe::regex::Pattern;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CompareAt(const Pattern& pattern, std::string_view subject, size_t start) {
  std::vector<std::string_view> scanned(pattern.capture_count()), expected(pattern.capture_count());
  const bool matched = pattern.MatchAt(subject, start, scanned.data());
  Require(matched == pattern.MatchAtWithRe2ForTest(subject, start, expected.data()));
  for (size_t i = 0; matched && i < scanned.size(); ++i) {
    Require(scanned[i].data() == expected[i].data() && scanned[i].size() == expected[i].size());
  }
  if (start == 0) Require(pattern.PartialMatch(subject) == matched);
}

// Bytes of the character at the head of `text`; each byte that is no UTF-8 is one.
size_t Width(std::string_view text) {
  const auto at = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto more = [&](size_t i) { return (at(i) & 0xC0) == 0x80; };
  const unsigned c = at(0);
  if (c >= 0xC2 && c <= 0xDF && more(1)) return 2;
  if (c >= 0xE0 && c <= 0xEF && more(1) && more(2)) {
    if ((c == 0xE0 && at(1) < 0xA0) || (c == 0xED && at(1) > 0x9F)) return 1;
    return 3;
  }
  if (c >= 0xF0 && c <= 0xF4 && more(1) && more(2) && more(3)) {
    if ((c == 0xF0 && at(1) < 0x90) || (c == 0xF4 && at(1) > 0x8F)) return 1;
    return 4;
  }
  return 1;
}

// All matches that do not overlap, by RE2; an empty one right behind another does not count.
std::string Replaced(const Pattern& pattern, std::string_view subject) {
  std::vector<std::string_view> captures(pattern.capture_count());
  std::string out;
  size_t copied = 0, search = 0;
  bool any = false;
  while (search <= subject.size() && pattern.MatchAtWithRe2ForTest(subject, search, captures.data())) {
    const size_t from = static_cast<size_t>(captures[0].data() - subject.data()), to = from + captures[0].size();
    out += subject.substr(copied, from - copied);
    if (!(any && from == to && from == copied)) {
      out += '<';
      if (captures.size() > 1) out += captures[1].data() == nullptr ? std::string_view() : captures[1];
      out += "$>";
    }
    any = true;
    copied = to;
    search = to > from ? to : to + (to < subject.size() ? Width(subject.substr(to)) : 1);
  }
  return out + std::string(subject.substr(copied));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = input.find('\n');
  if (line == std::string_view::npos || line > 300 || size > 2000) return 0;
  const auto pattern = Pattern::Compile(input.substr(0, line));
  if (!pattern.ok()) {
    Require(pattern.status().message().rfind("error parsing regexp: ", 0) == 0);
    return 0;
  }
  const std::string_view subject = input.substr(line + 1);
  Require((*pattern)->Replace(subject, "<${1}$$>") == Replaced(**pattern, subject));
  size_t start = 0;
  for (int i = 0; i < 4 && start <= subject.size(); ++i) {
    CompareAt(**pattern, subject, start);
    start += start < subject.size() ? Width(subject.substr(start)) : 1;
  }
  return 0;
}
