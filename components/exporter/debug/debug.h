// Exporter `debug`: shows what it takes, in the collector's log or on standard output. Type `logging`, its name of old, is
// accepted with the keys of its time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/exporter_counters.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

// Lets the first messages of a text through in each second, then every n-th. Texts share 4096 counters by their hash, so memory is
// bounded; two texts that collide thin each other out, as in the reference.
class MessageSampler {
 public:
  MessageSampler(int64_t initial, int64_t thereafter) : initial_(initial), thereafter_(thereafter) {}
  bool Take(std::string_view text, int64_t now_nanos);

 private:
  struct Bucket {
    int64_t reset_at = INT64_MIN;
    int64_t count = 0;
  };
  int64_t initial_;
  int64_t thereafter_;
  std::vector<Bucket> buckets_;  // made at first use
};

class DebugExporter : public Exporter {
 public:
  static constexpr std::string_view kType = "debug";
  static constexpr std::string_view kStability = "alpha";
  struct Config {
    std::string verbosity = "basic";
    int64_t sampling_initial = 2;
    int64_t sampling_thereafter = 1;
    bool use_internal_logger = true;
    std::vector<std::string> output_paths = {"stdout"};
    static void Describe(Fields<Config>& f);
  };

  DebugExporter(Config config, Context context);
  ~DebugExporter() override;
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  void Consume(Batch batch, Done done) override;

 private:
  struct Output {
    int fd;
    bool owned;
  };
  enum class Verbosity { kBasic, kNormal, kDetailed };

  template <typename Data>
  void Show(std::string_view title, const Data& data, std::vector<LogField> fields);
  void Emit(std::string_view message, std::vector<LogField> fields);
  void CloseOutputs();

  Config config_;
  Context context_;
  Verbosity verbosity_;
  ExporterCounters counters_;
  MessageSampler sampler_;
  std::vector<Output> outputs_;
};

// The exporter under its old name.
class LoggingExporter final : public DebugExporter {
 public:
  static constexpr std::string_view kType = "logging";
  static constexpr std::string_view kStability = "deprecated";
  struct Config {
    std::string verbosity;
    std::string loglevel;
    int64_t sampling_initial = 2;
    int64_t sampling_thereafter = 1;
    static void Describe(Fields<Config>& f);
  };

  LoggingExporter(Config config, Context context);

 private:
  static DebugExporter::Config Translate(const Config& config);
};

}  // namespace otelpipe
