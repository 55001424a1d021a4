// The texts of the debug exporter, byte for byte those of the reference. Each ends in a line feed, or is empty for no data.
#pragma once

#include <string>

#include "otelpipe/pdata/records.h"

namespace otelpipe::debug_text {

// One block of lines per resource, scope and record with all their members.
std::string Detailed(const LogsData& data);
std::string Detailed(const TracesData& data);
std::string Detailed(const MetricsData& data);

// One line per resource, scope and record.
std::string Normal(const LogsData& data);
std::string Normal(const TracesData& data);
std::string Normal(const MetricsData& data);

// `2006-01-02 15:04:05[.fraction] +0000 UTC`.
void AppendTime(std::string& out, uint64_t unix_nanos);
// `Str(text)`: the kind and the value as text.
void AppendTypedValue(std::string& out, const Value& value);

}  // namespace otelpipe::debug_text
