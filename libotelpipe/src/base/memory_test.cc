#include "otelpipe/base/memory.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace otelpipe::memory {
namespace {

class Root {
 public:
  Root() {
    char name[] = "/tmp/otelpipe-memory-XXXXXX";
    path = mkdtemp(name);
    Write("/proc/meminfo", "MemTotal:       1000 kB\nMemFree: 5 kB\n");
  }
  ~Root() { std::filesystem::remove_all(path); }
  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path + name).parent_path());
    std::ofstream(path + name) << text;
  }
  std::string path;
};

TEST_CASE("This process uses some memory", "[memory_limiter][memory]") {
  CHECK(ResidentBytes() > 100000);
  CHECK(TotalBytes().ok());
  ReleaseFree();
}

TEST_CASE("Without a cgroup limit the machine's memory counts", "[memory_limiter][memory]") {
  const Root root;
  CHECK(*TotalBytes(root.path) == 1024000);
  root.Write("/proc/self/cgroup", "0::/user/x\n");
  root.Write("/sys/fs/cgroup/user/x/memory.max", "max\n");
  CHECK(*TotalBytes(root.path) == 1024000);
}

TEST_CASE("The smallest limit of the cgroup and its parents counts", "[memory_limiter][memory]") {
  const Root root;
  root.Write("/proc/self/cgroup", "0::/user/x\n");
  root.Write("/sys/fs/cgroup/user/x/memory.max", "50000\n");
  CHECK(*TotalBytes(root.path) == 50000);
  root.Write("/sys/fs/cgroup/user/memory.max", "40000\n");
  CHECK(*TotalBytes(root.path) == 40000);
}

TEST_CASE("Version 1 and containers that see only their own part", "[memory_limiter][memory]") {
  const Root root;
  root.Write("/proc/self/cgroup", "5:cpu,memory:/docker/abc\n1:name=systemd:/\n");
  root.Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "30000\n");
  CHECK(*TotalBytes(root.path) == 30000);
  root.Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(*TotalBytes(root.path) == 1024000);
}

TEST_CASE("Without any source the total is an error", "[memory_limiter][memory]") {
  CHECK(absl::IsUnavailable(TotalBytes("/no/such/root").status()));
}

}  // namespace
}  // namespace otelpipe::memory
