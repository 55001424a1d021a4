// csv_parser: the columns of a CSV row become fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/operator/key_shape.h"
#include "otelpipe/operator/parser.h"

namespace otelpipe {

class CsvParser final : public Parser {
 public:
  static constexpr std::string_view kType = "csv_parser";
  struct Config : ParserConfig {
    std::string header;
    std::string header_attribute;
    std::string delimiter;
    std::string header_delimiter;
    bool lazy_quotes = false;
    bool ignore_quotes = false;
    static void Describe(Fields<Config>& f);
  };
  CsvParser(const Config& config, OperatorContext context);
  absl::Status Init();
  absl::Status Process(Entry& entry) override;

 protected:
  absl::StatusOr<Value> Parse(const Value& in, Entry& entry) override;
  absl::Status ParseToAttributes(const Value& in, Entry& entry) override;

 private:
  void SetHeader(std::string_view header);
  // Fills fields_, one for each name of the header; they live in `arena` or in the input.
  absl::Status Split(const Value& in, Arena& arena);

  Config config_;
  std::string header_text_;  // what header_ was made of
  std::vector<std::string_view> header_;
  bool repeated_names_ = false;
  KeyShape shape_;  // of attributes without any of the header's names
  std::vector<std::string_view> fields_;
  std::vector<std::string> row_;
};

}  // namespace otelpipe
