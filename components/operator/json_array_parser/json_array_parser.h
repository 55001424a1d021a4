// json_array_parser: a JSON array becomes a list, or a map with the names of a header.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/operator/parser.h"

namespace otelpipe {

class JsonArrayParser final : public Parser {
 public:
  static constexpr std::string_view kType = "json_array_parser";
  struct Config : ParserConfig {
    std::string header;
    static void Describe(Fields<Config>& f);
  };
  JsonArrayParser(const Config& config, OperatorContext context);
  absl::Status Init() { return Parser::Init(); }

 protected:
  absl::StatusOr<Value> Parse(const Value& in, Entry& entry) override;

 private:
  std::vector<std::string_view> header_;
};

}  // namespace otelpipe
