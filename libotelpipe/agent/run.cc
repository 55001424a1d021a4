// `otelpipe --config ...`: a service under the control of signals. SIGTERM and SIGINT stop it in order, SIGHUP reads the configuration again.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "commands.h"
#include "grpc_log.h"
#include "memory.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/config.h"
#include "otelpipe/log_sink.h"
#include "otelpipe/service.h"
#include "otelpipe/version.h"

namespace otelpipe::agent {
namespace {

// A little less than the 30 s that Kubernetes gives a pod by default.
constexpr absl::Duration kStopLimit = absl::Seconds(25);

class Runner {
 public:
  Runner(const Options& options, const Registry& registry) : options_(options), registry_(registry) {
    // Blocked here, before any thread exists, so that only sigwait sees them.
    sigemptyset(&signals_);
    for (int s : {SIGTERM, SIGINT, SIGHUP, SIGUSR2}) sigaddset(&signals_, s);
  }

  int Run() {
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes is an error of the write, not the end
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    absl::StatusOr<Config> config = Load();
    if (!config.ok()) return Fail(S(config.status().message()));
    running_ = *std::move(config);
    absl::Status status = StartService(running_);
    if (!status.ok()) return Fail(S(status.message()));
    ReleaseStartupMemory();
    while (true) {
      int signal = 0;
      sigwait(&signals_, &signal);
      if (signal == SIGUSR2) {  // from the watcher: a fatal error
        StopService();
        return 0;
      }
      Logger(sink_, {}).Info("Received signal from OS", {{"signal", signal == SIGTERM  ? "terminated"
                                                                    : signal == SIGINT ? "interrupt"
                                                                                       : "hangup"}});
      if (signal != SIGHUP) {
        StopService();
        return 0;
      }
      if (int code = Reload(); code != 0) return code;
    }
  }

 private:
  absl::StatusOr<Config> Load() const {
    return LoadConfig(options_);
  }

  ServiceOptions MakeServiceOptions() {
    ServiceOptions service;
    service.gates = options_.gates;
    service.strict = options_.strict;
    service.default_metrics_reader = true;
    service.make_log_sink = [this](const LogSettings& settings) -> absl::StatusOr<std::shared_ptr<LogSink>> {
      absl::StatusOr<std::shared_ptr<LogSink>> sink = MakeFileSink(settings);
      if (!sink.ok()) return sink;
      sink_ = *sink;
      RouteGrpcLog(sink_);
      return sink;
    };
    return service;
  }

  absl::Status StartService(Config config) {
    absl::StatusOr<std::unique_ptr<Service>> made = Service::Create(std::move(config), registry_, MakeServiceOptions());
    if (!made.ok()) return absl::InvalidArgumentError(absl::StrCat("invalid configuration:\n", made.status().message()));
    service_ = *std::move(made);
    absl::Status status = service_->Start();
    if (!status.ok()) {
      service_.reset();
      return status;
    }
    watcher_ = std::thread([service = service_.get()] {
      if (!service->WaitForStop().ok()) ::kill(::getpid(), SIGUSR2);
    });
    return absl::OkStatus();
  }

  void StopService() {
    const ShutdownReport report = service_->Shutdown(kStopLimit);
    for (const std::string& name : report.unfinished) {
      Logger(sink_, {}).Error("Component did not stop in time", {{"component", name}});
    }
    watcher_.join();
    service_.reset();
  }

  // The old service keeps running when the new configuration is not valid. The reference ends there.
  int Reload() {
    Logger log(sink_, {});
    absl::StatusOr<Config> config = Load();
    absl::Status status = config.status();
    if (status.ok()) {
      std::string errors;
      for (const ConfigError& e : Validate(*config, registry_, MakeServiceOptions())) {
        if (!e.warning) absl::StrAppend(&errors, errors.empty() ? "" : "\n", e.ToString());
      }
      if (!errors.empty()) status = absl::InvalidArgumentError(errors);
    }
    if (!status.ok()) {
      log.Error("The new configuration is not valid, the old one stays in force", {{"error", status}});
      return 0;
    }
    log.Warn("Config updated, restart service");
    StopService();
    status = StartService(*config);
    if (status.ok()) {
      running_ = *std::move(config);
      return 0;
    }
    // Valid, and yet a port is taken or a directory is missing: better the old one than none.
    log.Error("The new configuration does not start, going back to the old one", {{"error", status}});
    status = StartService(running_);
    return status.ok() ? 0 : Fail(S(status.message()));
  }

  const Options& options_;
  const Registry& registry_;
  sigset_t signals_;
  std::shared_ptr<LogSink> sink_;
  Config running_;  // to go back to
  std::unique_ptr<Service> service_;
  std::thread watcher_;
};

}  // namespace

int RunCommand(const Options& options, const Registry& registry) { return Runner(options, registry).Run(); }

int Fail(std::string_view text) {
  const std::string time = absl::FormatTime("%Y/%m/%d %H:%M:%S", absl::Now(), absl::LocalTimeZone());
  std::fprintf(stderr, "%s", absl::StrCat("Error: ", A(text), "\n", time, " collector server run finished with error: ",
                                          A(text), "\n")
                                 .c_str());
  return 1;
}

}  // namespace otelpipe::agent
