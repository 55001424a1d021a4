// severity_parser: sets the severity of an entry from a field.
#pragma once

#include <memory>

#include "otelpipe/operator/parser.h"

namespace otelpipe {

class SeverityParser final : public Transformer {
 public:
  static constexpr std::string_view kType = "severity_parser";
  struct Config : TransformerConfig {
    SeverityConfig severity;
    static void Describe(Fields<Config>& f) {
      f.InlineBase<TransformerConfig>();
      f.Inline(&Config::severity);
    }
  };
  SeverityParser(const Config& config, OperatorContext context) : Transformer(config, std::move(context)), config_(config) {}
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override { return reader_->Read(entry); }

 private:
  Config config_;
  std::unique_ptr<EntryReader> reader_;
};

}  // namespace otelpipe
