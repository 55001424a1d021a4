// OwnLogs: what the extension that sends the service's own log lines offers to the service; found by dynamic_cast from Extension.
#pragma once

#include <memory>

#include "otelpipe/component/telemetry.h"

namespace otelpipe {

class OwnLogs {
 public:
  virtual ~OwnLogs() = default;
  // Takes lines from any thread, before Start too, and after the extension is gone, when it drops them.
  virtual std::shared_ptr<LogSink> sink() = 0;
};

}  // namespace otelpipe
