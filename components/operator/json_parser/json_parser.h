// json_parser: a JSON object becomes fields.
#pragma once

#include "otelpipe/operator/parser.h"

namespace otelpipe {

class JsonParser final : public Parser {
 public:
  static constexpr std::string_view kType = "json_parser";
  struct Config : ParserConfig {
    bool parse_ints = false;
    static void Describe(Fields<Config>& f);
  };
  JsonParser(const Config& config, OperatorContext context)
      : Parser(config, std::move(context)), parse_ints_(config.parse_ints) {}
  absl::Status Init() { return Parser::Init(); }

 protected:
  absl::StatusOr<Value> Parse(const Value& in, Entry& entry) override;
  absl::Status ParseToAttributes(const Value& in, Entry& entry) override;

 private:
  bool parse_ints_;
};

}  // namespace otelpipe
