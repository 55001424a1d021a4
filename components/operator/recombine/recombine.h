// recombine: joins entries that belong together (a stack trace, a line that a runtime cut in parts) into one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "otelpipe/operator/transformer.h"

namespace otelpipe {

class PartJoiner;

class Recombine final : public Transformer {
 public:
  static constexpr std::string_view kType = "recombine";
  struct Config : TransformerConfig {
    FieldPath combine_field;
    std::string is_first_entry;
    std::string is_last_entry;
    std::string combine_with = "\n";
    int64_t max_batch_size = 1000;
    int64_t max_unmatched_batch_size = 100;
    ByteSize max_log_size;
    int64_t max_sources = 1000;
    FieldPath source_identifier;
    std::string overwrite_with = "oldest";
    absl::Duration force_flush_period = absl::Seconds(5);
    static void Describe(Fields<Config>& f);
  };
  Recombine(const Config& config, OperatorContext context);
  ~Recombine() override;
  absl::Status Init();

  // `if` is checked when built and has no effect.
  absl::Status Process(Entry& entry) override;
  void EndOfBatch() override;
  void Stop() override;

 protected:
  absl::Status Transform(Entry&) override { return absl::OkStatus(); }

 private:
  Config config_;
  bool match_is_first_ = false;
  std::shared_ptr<const Expression> match_;
  std::unique_ptr<PartJoiner> joiner_;
};

}  // namespace otelpipe
