// move: takes a value from one field to another.
#pragma once

#include "otelpipe/operator/transformer.h"

namespace otelpipe {

class Move final : public Transformer {
 public:
  static constexpr std::string_view kType = "move";
  struct Config : TransformerConfig {
    FieldPath from;
    FieldPath to;
    static void Describe(Fields<Config>& f);
  };
  Move(const Config& config, OperatorContext context);
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override;

 private:
  FieldPath from_;
  FieldPath to_;
};

}  // namespace otelpipe
