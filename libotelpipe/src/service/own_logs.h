// Building the extensions of the service's own telemetry, and the sink that gives own log lines to two takers.
#pragma once

#include <memory>

#include "otelpipe/component/telemetry.h"
#include "otelpipe/log_sink.h"

namespace otelpipe {

// Thins out and filters by `settings`, then gives each line to `first` (may be null), which neither filters nor thins out more, and to `second`.
std::shared_ptr<LogSink> MakeTeeSink(const LogSettings& settings, std::shared_ptr<LogSink> first, std::shared_ptr<LogSink> second);

}  // namespace otelpipe
