// flatten: moves the entries of a map one level up.
#pragma once

#include "otelpipe/operator/transformer.h"

namespace otelpipe {

class Flatten final : public Transformer {
 public:
  static constexpr std::string_view kType = "flatten";
  struct Config : TransformerConfig {
    FieldPath field;
    static void Describe(Fields<Config>& f);
  };
  Flatten(const Config& config, OperatorContext context);
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override;

 private:
  FieldPath field_;
  FieldPath parent_;
};

}  // namespace otelpipe
