// regex_replace: replaces the matches of a regular expression in a text.
#pragma once

#include <memory>
#include <string>

#include "otelpipe/operator/transformer.h"

namespace otelpipe {

class RegexReplace final : public Transformer {
 public:
  static constexpr std::string_view kType = "regex_replace";
  struct Config : TransformerConfig {
    FieldPath field;
    std::string regex;
    std::string regex_name;
    std::string replace_with;
    static void Describe(Fields<Config>& f);
  };
  RegexReplace(const Config& config, OperatorContext context);
  ~RegexReplace() override;
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override;

 private:
  struct Replacer;
  Config config_;
  FieldPath field_;
  std::unique_ptr<Replacer> replacer_;
};

}  // namespace otelpipe
