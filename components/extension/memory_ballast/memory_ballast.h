// memory_ballast: accepted so that older configurations run; there is no garbage collector that a ballast could calm.
#pragma once

#include <cstdint>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

// Allocates nothing. The service notes where the configuration has it.
class MemoryBallast final : public Extension {
 public:
  static constexpr std::string_view kType = "memory_ballast";
  static constexpr std::string_view kStability = "deprecated";
  struct Config {
    uint64_t size_mib = 0;
    uint64_t size_in_percentage = 0;
    static void Describe(Fields<Config>& f);
  };

  MemoryBallast(Config, Context) {}
};

}  // namespace otelpipe
