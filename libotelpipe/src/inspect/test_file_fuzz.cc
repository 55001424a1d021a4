// Any bytes as a file of tests: refused with places, or read, and then each test has been taken from the file.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "inspect/test_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  static const int file = ::memfd_create("fuzz.yaml", 0);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  const auto read = otelpipe::inspect::ReadTestFile("/proc/self/fd/" + std::to_string(file));
  if (!read.ok()) {
    if (read.status().message().empty()) std::abort();
    return 0;
  }
  for (const otelpipe::inspect::TestCase& test : read->tests) {
    if (test.node.location.line < 1) std::abort();
  }
  return 0;
}
