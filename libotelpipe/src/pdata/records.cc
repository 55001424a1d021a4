#include "otelpipe/pdata/records.h"

namespace otelpipe {

std::string_view SignalName(Signal signal) {
  switch (signal) {
    case Signal::kTraces: return "traces";
    case Signal::kMetrics: return "metrics";
    case Signal::kLogs: return "logs";
  }
  return "";
}

}  // namespace otelpipe
