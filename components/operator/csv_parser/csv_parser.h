// csv_parser: the columns of a CSV row become fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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

 private:
  void SetHeader(std::string_view header);

  Config config_;
  std::string header_text_;  // what header_ was made of
  std::vector<std::string_view> header_;
  std::vector<std::string> fields_;
};

}  // namespace otelpipe
