// unquote: takes the quotes off a Go literal.
#pragma once

#include <string>
#include <string_view>

#include "otelpipe/operator/transformer.h"

namespace otelpipe {

// The text of a literal in double quotes (with escapes), back quotes (raw) or single quotes (one character); false when `text` is
// not exactly one.
bool UnquoteGo(std::string_view text, std::string& out);

class Unquote final : public Transformer {
 public:
  static constexpr std::string_view kType = "unquote";
  struct Config : TransformerConfig {
    FieldPath field;
    static void Describe(Fields<Config>& f);
  };
  Unquote(const Config& config, OperatorContext context);
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override;

 private:
  FieldPath field_;
};

}  // namespace otelpipe
