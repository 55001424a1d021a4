// Processor `memory_limiter`: refuses data while the process uses too much memory.
#pragma once

#include <memory>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "processor/memory_limiter/limiter.h"

namespace otelpipe {

class MemoryLimiter final : public Processor {
 public:
  static constexpr std::string_view kType = "memory_limiter";
  static constexpr std::string_view kStability = "beta";
  struct Config {
    absl::Duration check_interval;
    uint32_t limit_mib = 0;
    uint32_t spike_limit_mib = 0;
    uint32_t limit_percentage = 0;
    uint32_t spike_limit_percentage = 0;
    absl::Duration min_gc_interval_when_soft_limited = absl::Seconds(10);
    absl::Duration min_gc_interval_when_hard_limited;
    static void Describe(Fields<Config>& f);
  };

  MemoryLimiter(Config config, Context context);
  // Unavailable when percentages are asked for and the total is not known.
  absl::Status Init();
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  void Consume(Batch batch, Done done) override;

  memory::Limiter* limiter() { return limiter_.get(); }

 private:
  Config config_;
  Context context_;
  std::shared_ptr<memory::Limiter> limiter_;  // of all pipelines with this processor
  bool started_ = false;
  uint64_t hard_limit_ = 0;
  uint64_t spike_ = 0;
  uint64_t total_ = 0;  // 0 when percentages are not used
  Counter* accepted_ = nullptr;
  Counter* refused_ = nullptr;
  Counter* incoming_ = nullptr;
  Counter* outgoing_ = nullptr;
};

}  // namespace otelpipe
