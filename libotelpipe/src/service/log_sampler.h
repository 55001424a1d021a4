// Sampler: thins out repeated log lines. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "otelpipe/log_sink.h"

namespace otelpipe {

// Lets the first `initial` equal lines of a tick pass, then every `thereafter`-th.
class Sampler {
 public:
  explicit Sampler(const LogSettings::Sampling& settings) : settings_(settings) {}
  bool Pass(LogLevel level, std::string_view message, int64_t now) {
    if (!settings_.enabled) return true;
    const int64_t tick = absl::ToInt64Nanoseconds(settings_.tick);
    if (now - window_start_ >= tick) {
      window_start_ = now;
      counts_.clear();
    }
    const int64_t n = ++counts_[std::string(1, static_cast<char>('0' + static_cast<int>(level))) + std::string(message)];
    if (n <= settings_.initial) return true;
    return settings_.thereafter > 0 && (n - settings_.initial) % settings_.thereafter == 0;
  }

 private:
  const LogSettings::Sampling settings_;
  int64_t window_start_ = 0;
  std::map<std::string, int64_t> counts_;
};

}  // namespace otelpipe
