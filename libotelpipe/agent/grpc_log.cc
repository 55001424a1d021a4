#include "grpc_log.h"

#include <dlfcn.h>

#include <mutex>
#include <utility>

#if __has_include(<grpc/support/log.h>)
#include <grpc/support/log.h>
#endif

namespace otelpipe::agent {

#if __has_include(<grpc/support/log.h>)
namespace {

struct Target {
  std::mutex mutex;
  std::shared_ptr<LogSink> sink;
};
// Never destroyed: gRPC's threads may speak until the process ends.
Target& TheTarget() {
  static Target* const target = new Target;
  return *target;
}

void Take(gpr_log_func_args* said) {
  Target& target = TheTarget();
  std::shared_ptr<LogSink> sink;
  {
    const std::lock_guard<std::mutex> lock(target.mutex);
    sink = target.sink;
  }
  const LogLevel level = said->severity == GPR_LOG_SEVERITY_ERROR  ? LogLevel::kWarn
                         : said->severity == GPR_LOG_SEVERITY_INFO ? LogLevel::kInfo
                                                                   : LogLevel::kDebug;
  Logger(std::move(sink), {{"library", "grpc"}}).Log(level, said->message, {}, said->file, said->line);
}

}  // namespace

void RouteGrpcLog(std::shared_ptr<LogSink> sink) {
  {
    Target& target = TheTarget();
    const std::lock_guard<std::mutex> lock(target.mutex);
    target.sink = std::move(sink);
  }
  // Looked up, so that an agent of components that need no gRPC does not load it.
  using Set = void (*)(gpr_log_func);
  static const auto set = reinterpret_cast<Set>(::dlsym(RTLD_DEFAULT, "gpr_set_log_function"));
  if (set != nullptr) set(&Take);
}
#else
void RouteGrpcLog(std::shared_ptr<LogSink>) {}
#endif

}  // namespace otelpipe::agent
