#include "extension/memory_ballast/memory_ballast.h"

#include "otelpipe/component/register.h"

namespace otelpipe {

void MemoryBallast::Config::Describe(Fields<Config>& f) {
  f.Optional("size_mib", &Config::size_mib, "Accepted, no effect.");
  f.Optional("size_in_percentage", &Config::size_in_percentage, "Accepted, no effect.");
}

}  // namespace otelpipe

OTELPIPE_REGISTER(extension, memory_ballast, registry) { return registry.AddExtension<otelpipe::MemoryBallast>(); }
