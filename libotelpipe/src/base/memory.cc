#include "otelpipe/base/memory.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <malloc.h>
#include <optional>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "absl/status/status.h"

namespace otelpipe::memory {
namespace {

std::optional<std::string> ReadAll(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::optional<uint64_t> Number(std::string_view text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
  uint64_t value = 0;
  auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc()) return std::nullopt;
  return value;
}

// The smallest limit in `file` of the folder `path` below `mount` and of all folders above it. In a container with its own view of the
// hierarchy the path may not exist; the folders above it do.
std::optional<uint64_t> SmallestLimit(const std::string& mount, std::string path, const std::string& file) {
  std::optional<uint64_t> smallest;
  for (;;) {
    if (auto text = ReadAll(mount + (path == "/" ? "" : path) + "/" + file)) {
      // Version 2 says "max" for none.
      if (auto limit = Number(*text); limit.has_value() && (!smallest || *limit < *smallest)) smallest = limit;
    }
    const size_t slash = path.rfind('/');
    if (path.empty() || path == "/" || slash == std::string::npos) return smallest;
    path.resize(slash);
  }
}

std::optional<uint64_t> CgroupLimit(const std::string& root) {
  const auto text = ReadAll(root + "/proc/self/cgroup");
  if (!text) return std::nullopt;
  std::optional<uint64_t> v2;
  std::optional<uint64_t> v1;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    // number:controllers:path
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string controllers = "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
    const std::string path(line.substr(second + 1));
    if (controllers == ",,") v2 = SmallestLimit(root + "/sys/fs/cgroup", path, "memory.max");
    if (controllers.find(",memory,") != std::string::npos) {
      v1 = SmallestLimit(root + "/sys/fs/cgroup/memory", path, "memory.limit_in_bytes");
    }
  }
  return v2 ? v2 : v1;
}

}  // namespace

uint64_t ResidentBytes() {
  // size resident shared ... in pages
  const auto text = ReadAll("/proc/self/statm");
  if (!text) return 0;
  const size_t blank = text->find(' ');
  if (blank == std::string::npos) return 0;
  return Number(std::string_view(*text).substr(blank + 1)).value_or(0) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

absl::StatusOr<uint64_t> TotalBytes(const std::string& root) {
  std::optional<uint64_t> machine;
  if (const auto text = ReadAll(root + "/proc/meminfo")) {
    constexpr std::string_view kKey = "MemTotal:";
    const size_t at = text->find(kKey);
    if (at != std::string::npos) machine = Number(std::string_view(*text).substr(at + kKey.size()));
    if (machine) *machine *= 1024;
  }
  // A cgroup without a limit of its own shows a number no machine has.
  const std::optional<uint64_t> cgroup = CgroupLimit(root);
  if (cgroup && *cgroup > 0 && (!machine || *cgroup < *machine)) return *cgroup;
  if (machine) return *machine;
  return absl::UnavailableError("failed to get total memory: neither a cgroup limit nor /proc/meminfo can be read");
}

void ReleaseFree() { malloc_trim(0); }

}  // namespace otelpipe::memory
