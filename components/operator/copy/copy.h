// copy: sets a field to a deep copy of another's value.
#pragma once

#include "otelpipe/operator/transformer.h"

namespace otelpipe {

class CopyOperator final : public Transformer {
 public:
  static constexpr std::string_view kType = "copy";
  struct Config : TransformerConfig {
    FieldPath from;
    FieldPath to;
    static void Describe(Fields<Config>& f);
  };
  CopyOperator(const Config& config, OperatorContext context);
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override;

 private:
  FieldPath from_;
  FieldPath to_;
};

}  // namespace otelpipe
