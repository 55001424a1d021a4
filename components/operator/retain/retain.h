// retain: keeps only the listed fields of the roots they are in.
#pragma once

#include <vector>

#include "otelpipe/operator/transformer.h"

namespace otelpipe {

class Retain final : public Transformer {
 public:
  static constexpr std::string_view kType = "retain";
  struct Config : TransformerConfig {
    std::vector<FieldPath> fields;
    static void Describe(Fields<Config>& f);
  };
  Retain(const Config& config, OperatorContext context);
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override;

 private:
  std::vector<FieldPath> fields_;
  bool body_ = false;
  bool attributes_ = false;
  bool resource_ = false;
};

}  // namespace otelpipe
