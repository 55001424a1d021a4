// key_value_parser: `a=1 b="two words"` becomes fields.
#pragma once

#include <string>
#include <string_view>

#include "otelpipe/operator/parser.h"

namespace otelpipe {

class KeyValueParser final : public Parser {
 public:
  static constexpr std::string_view kType = "key_value_parser";
  struct Config : ParserConfig {
    std::string delimiter = "=";
    std::string pair_delimiter = " ";
    static void Describe(Fields<Config>& f);
  };
  KeyValueParser(const Config& config, OperatorContext context);
  absl::Status Init();

 protected:
  absl::StatusOr<Value> Parse(const Value& in, Entry& entry) override;

 private:
  // Adds one pair, already without quotes; appends to `faults` when it has no delimiter.
  void AddPair(std::string_view pair, Map& map, Arena& arena, std::string& faults) const;

  std::string delimiter_;
  std::string pair_delimiter_;
};

}  // namespace otelpipe
