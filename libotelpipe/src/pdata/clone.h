// Deep copies of whole trees. Texts stay views into the source's memory, so the caller keeps the source alive.
#pragma once

#include <memory>

#include "otelpipe/pdata/records.h"

namespace otelpipe::internal {

std::unique_ptr<LogsData> CloneData(const LogsData& from);
std::unique_ptr<TracesData> CloneData(const TracesData& from);
std::unique_ptr<MetricsData> CloneData(const MetricsData& from);

}  // namespace otelpipe::internal
