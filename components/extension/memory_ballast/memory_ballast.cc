#include "extension/memory_ballast/memory_ballast.h"

#include "otelpipe/component/register.h"

namespace otelpipe {

void MemoryBallast::Config::Describe(Fields<Config>& f) {
  f.Optional("size_mib", &Config::size_mib, "Accepted, no effect.");
  f.Optional("size_in_percentage", &Config::size_in_percentage, "Accepted, no effect.");
}

absl::Status MemoryBallast::Start(Host&) {
  context_.log.Warn(
      "memory_ballast has no effect: memory is not garbage collected; remove it, or use the memory_limiter processor");
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(extension, memory_ballast, registry) { return registry.AddExtension<otelpipe::MemoryBallast>(); }
