// What the service is asked to measure: `service.telemetry.metrics.level: detailed` pays for measurements that cost.
#pragma once

#include <string_view>

#include "otelpipe/component/component.h"

namespace otelpipe {

// The service answers this name where it answers those of feature gates.
inline constexpr std::string_view kDetailedMetrics = "service.telemetry.metrics.level=detailed";

inline bool DetailedMetrics(const Context& context) { return context.gate_enabled(kDetailedMetrics); }

}  // namespace otelpipe
