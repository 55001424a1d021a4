// The exporter `console` of the service's own telemetry: log records and metrics as indented JSON on standard output, in the shape of the reference's SDK.
#pragma once

#include <string>
#include <string_view>

#include "otelpipe/pdata/records.h"

namespace otelpipe::own_telemetry {

// One object per record.
std::string LogsAsJson(const LogsData& data);
// One object for all.
std::string MetricsAsJson(const MetricsData& data);

// Writes all of `text` to standard output; errors have nobody to be told to.
void WriteToConsole(std::string_view text);

}  // namespace otelpipe::own_telemetry
