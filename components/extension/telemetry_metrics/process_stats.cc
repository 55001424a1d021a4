#include "extension/telemetry_metrics/process_stats.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

namespace otelpipe::own_metrics {
namespace {

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  long total = 0, resident = 0;
  const int fields = std::fscanf(file, "%ld %ld", &total, &resident);
  std::fclose(file);
  return fields == 2 ? static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace

std::vector<ProcessSample> ProcessStats::Read(int64_t now) {
  const struct mallinfo2 heap = mallinfo2();
  const auto used = static_cast<double>(heap.uordblks + heap.hblkhd);
  if (used > heap_) heap_growth_ += used - heap_;
  heap_ = used;
  return {
      {"otelcol_process_uptime", "Uptime of the process [alpha]", "s", true, static_cast<double>(now - started_) / 1e9},
      {"otelcol_process_cpu_seconds", "Total CPU user and system time in seconds [alpha]", "s", true, CpuSeconds()},
      {"otelcol_process_memory_rss", "Total physical memory (resident set size) [alpha]", "By", false, ResidentBytes()},
      {"otelcol_process_runtime_heap_alloc_bytes", "Bytes of the heap in use [alpha]", "By", false, used},
      // The allocator does not count what it ever gave out; growth between two looks is the part that can be known.
      {"otelcol_process_runtime_total_alloc_bytes", "Growth of the heap seen so far, in bytes [alpha]", "By", true,
       heap_growth_},
      {"otelcol_process_runtime_total_sys_memory_bytes", "Bytes the allocator holds from the operating system [alpha]",
       "By", false, static_cast<double>(heap.arena + heap.hblkhd)},
  };
}

}  // namespace otelpipe::own_metrics
