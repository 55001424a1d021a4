// ProcessStats: what the process uses, as samples of the service's own metrics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace otelpipe::own_metrics {

struct ProcessSample {
  std::string name, help, unit;
  bool counter;
  double value;
};

class ProcessStats {
 public:
  // `started` is the monotonic clock when the service began.
  explicit ProcessStats(int64_t started) : started_(started) {}
  // Reads the counters of the operating system and of the allocator.
  std::vector<ProcessSample> Read(int64_t now);

 private:
  int64_t started_;
  double heap_ = 0;
  double heap_growth_ = 0;
};

}  // namespace otelpipe::own_metrics
