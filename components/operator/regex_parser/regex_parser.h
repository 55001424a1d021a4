// regex_parser: the named groups of a regular expression become fields.
//
// A text that all lines of a file share (kTagFileConstant: its path) is matched once; what was captured is remembered by its address.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/operator/parser.h"

namespace otelpipe {

class RegexParser final : public Parser {
 public:
  static constexpr std::string_view kType = "regex_parser";
  struct CacheConfig {
    uint32_t size = 0;
    static void Describe(Fields<CacheConfig>& f);
  };
  struct Config : ParserConfig {
    std::string regex;
    CacheConfig cache;
    static void Describe(Fields<Config>& f);
  };
  RegexParser(const Config& config, OperatorContext context);
  ~RegexParser() override;
  absl::Status Init();

 protected:
  absl::StatusOr<Value> Parse(const Value& in, Entry& entry) override;
  absl::Status ParseToAttributes(const Value& in, Entry& entry) override;

 private:
  struct Matcher;  // the pattern and its captures
  struct Remembered {
    const char* data = nullptr;
    size_t size = 0;
    bool matched = false;
    std::vector<Value> values;
  };
  // The value of each group in order of groups_, or an error.
  absl::StatusOr<const Value*> Match(const Value& in);
  const Value* MatchText(const Value& in);

  static constexpr size_t kRemembered = 128;
  Config config_;
  std::unique_ptr<Matcher> matcher_;
  std::vector<Remembered> remembered_;
};

}  // namespace otelpipe
