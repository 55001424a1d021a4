// Expressions. The first byte chooses: a text as it is, over an entry made from the bytes before its last line end, which must be refused with words or
// give the same twice, as a condition and when explained; or bytes as the random decisions of the reference evaluator's trees, whose text must give
// what that evaluator gives.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "operator/expr/reference_check.h"

namespace {

[[noreturn]] void Stop(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace otelpipe::expr::testing;
  if (size < 2 || size > 4096) return 0;
  const bool tree = data[0] % 2 == 1;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  size_t at = 0;
  std::string_view decisions = rest;
  std::string_view text;
  if (!tree) {
    const size_t line = rest.rfind('\n');
    text = line == std::string_view::npos ? rest : rest.substr(line + 1);
    decisions = line == std::string_view::npos ? std::string_view() : rest.substr(0, line);
  }
  const Choices choices = [&](uint32_t n) { return at < decisions.size() ? static_cast<unsigned char>(decisions[at++]) % n : 0; };
  if (tree) {
    const std::string difference = FindDisagreement(choices);
    if (!difference.empty()) Stop(difference);
    return 0;
  }
  std::string why;
  if (!AgreesWithItself(std::string(text), RandomEntry(choices), why)) Stop(std::string(text) + "\n  " + why);
  return 0;
}
