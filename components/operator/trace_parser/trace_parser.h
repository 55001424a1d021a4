// trace_parser: sets trace ids of an entry from fields.
#pragma once

#include <memory>
#include <utility>

#include "otelpipe/operator/parser.h"

namespace otelpipe {

class TraceParser final : public Transformer {
 public:
  static constexpr std::string_view kType = "trace_parser";
  struct Config : TransformerConfig {
    TraceConfig trace;
    static void Describe(Fields<Config>& f) {
      f.InlineBase<TransformerConfig>();
      f.Inline(&Config::trace);
    }
  };
  TraceParser(const Config& config, OperatorContext context) : Transformer(config, std::move(context)), config_(config) {}
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override { return reader_->Read(entry); }

 private:
  Config config_;
  std::unique_ptr<EntryReader> reader_;
};

}  // namespace otelpipe
