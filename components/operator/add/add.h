// add: sets a field to a fixed value or to the result of EXPR(...).
#pragma once

#include <memory>

#include "otelpipe/operator/expression.h"
#include "otelpipe/operator/transformer.h"

namespace otelpipe {

class Add final : public Transformer {
 public:
  static constexpr std::string_view kType = "add";
  struct Config : TransformerConfig {
    FieldPath field;
    ConfigNode value;
    static void Describe(Fields<Config>& f);
  };
  Add(const Config& config, OperatorContext context);
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override;

 private:
  Value FromNode(const ConfigNode& node);

  Config config_;
  FieldPath field_;
  Arena arena_;  // of the fixed value's maps and lists; texts are interned
  Value value_;
  bool has_value_ = false;
  std::shared_ptr<const Expression> expression_;
};

}  // namespace otelpipe
