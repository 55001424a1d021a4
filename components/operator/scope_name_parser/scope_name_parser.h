// scope_name_parser: sets the scope name of an entry from fields.
#pragma once

#include <memory>
#include <utility>

#include "otelpipe/operator/parser.h"

namespace otelpipe {

class ScopeNameParser final : public Transformer {
 public:
  static constexpr std::string_view kType = "scope_name_parser";
  struct Config : TransformerConfig {
    ScopeNameConfig scope_name;
    static void Describe(Fields<Config>& f) {
      f.InlineBase<TransformerConfig>();
      f.Inline(&Config::scope_name);
    }
  };
  ScopeNameParser(const Config& config, OperatorContext context) : Transformer(config, std::move(context)), config_(config) {}
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override { return reader_->Read(entry); }

 private:
  Config config_;
  std::unique_ptr<EntryReader> reader_;
};

}  // namespace otelpipe
