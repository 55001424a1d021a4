// filter: drops the entries for which an expression is true.
#pragma once

#include <memory>
#include <random>

#include "otelpipe/operator/expression.h"
#include "otelpipe/operator/transformer.h"

namespace otelpipe {

class Filter final : public Transformer {
 public:
  static constexpr std::string_view kType = "filter";
  struct Config : TransformerConfig {
    std::string expr;
    double drop_ratio = 1.0;
    static void Describe(Fields<Config>& f);
  };
  Filter(const Config& config, OperatorContext context);
  absl::Status Init();
  // `if` and `on_error` are checked when built and have no effect.
  absl::Status Process(Entry& entry) override;

 protected:
  absl::Status Transform(Entry&) override { return absl::OkStatus(); }

 private:
  Config config_;
  std::shared_ptr<const Expression> expression_;
  // Entries out of a thousand that are dropped.
  int drop_per_mille_ = 1000;
  std::minstd_rand random_;
};

}  // namespace otelpipe
