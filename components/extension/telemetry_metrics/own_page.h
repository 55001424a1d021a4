// The page of the service's own metrics in one reader's manner of naming.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extension/telemetry_metrics/process_stats.h"
#include "otelpipe/component/telemetry.h"
#include "shared/exposition/page.h"

namespace otelpipe::own_metrics {

// The scope of the process's own numbers.
inline constexpr std::string_view kProcessScope = "go.opentelemetry.io/collector/service";

// How a reader names things. The plain struct is what a reader that was written down starts from.
struct ReaderOptions {
  bool with_scope = true;
  bool with_units = true;
  bool with_type_suffix = true;                                      // `_total`
  std::vector<std::pair<std::string, std::string>> resource_labels;  // on every series
};

// True for the metrics that this level (basic, normal, detailed) shows.
bool ShownAtLevel(std::string_view name, std::string_view level);

// The whole page: `samples` and `process` renamed, `target_info` made of `resource`. Counters that never counted are
// left out, as the reference creates them at the first event; a counter of failures shows once its counter of successes
// has counted.
std::string OwnPage(const std::vector<MetricSample>& samples, const std::vector<ProcessSample>& process,
                    const std::vector<std::pair<std::string, std::string>>& resource, std::string_view level,
                    const ReaderOptions& options);

}  // namespace otelpipe::own_metrics
