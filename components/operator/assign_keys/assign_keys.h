// assign_keys: a list becomes a map with the given keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/operator/transformer.h"

namespace otelpipe {

class AssignKeys final : public Transformer {
 public:
  static constexpr std::string_view kType = "assign_keys";
  struct Config : TransformerConfig {
    FieldPath field;
    std::vector<std::string> keys;
    static void Describe(Fields<Config>& f);
  };
  AssignKeys(const Config& config, OperatorContext context);
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override;

 private:
  FieldPath field_;
  std::vector<std::string_view> keys_;
};

}  // namespace otelpipe
