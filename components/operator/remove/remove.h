// remove: deletes a field, or a whole root.
#pragma once

#include "otelpipe/operator/transformer.h"

namespace otelpipe {

class Remove final : public Transformer {
 public:
  static constexpr std::string_view kType = "remove";
  struct Config : TransformerConfig {
    RootableFieldPath field;
    static void Describe(Fields<Config>& f);
  };
  Remove(const Config& config, OperatorContext context);
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override;

 private:
  FieldPath field_;
};

}  // namespace otelpipe
