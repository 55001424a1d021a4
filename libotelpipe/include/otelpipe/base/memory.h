// What this process uses and may use, read from /proc and the cgroup file system.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace otelpipe::memory {

// Resident bytes of this process. 0 when /proc cannot be read.
uint64_t ResidentBytes();

// The memory this process may use: the smallest limit of its cgroups (version 2, then 1), otherwise the machine's memory.
// `root` stands for "/" in tests. Unavailable when not even /proc/meminfo can be read.
absl::StatusOr<uint64_t> TotalBytes(const std::string& root = "");

// Gives free memory of the allocator back to the system.
void ReleaseFree();

}  // namespace otelpipe::memory
