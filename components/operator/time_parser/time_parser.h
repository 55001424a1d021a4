// time_parser: sets the time of an entry from a field.
#pragma once

#include <memory>

#include "otelpipe/operator/parser.h"

namespace otelpipe {

class TimeParser final : public Transformer {
 public:
  static constexpr std::string_view kType = "time_parser";
  struct Config : TransformerConfig {
    TimeConfig time;
    static void Describe(Fields<Config>& f) {
      f.InlineBase<TransformerConfig>();
      f.Inline(&Config::time);
    }
  };
  TimeParser(const Config& config, OperatorContext context) : Transformer(config, std::move(context)), config_(config) {}
  absl::Status Init();

 protected:
  absl::Status Transform(Entry& entry) override { return reader_->Read(entry); }

 private:
  Config config_;
  std::unique_ptr<EntryReader> reader_;
};

}  // namespace otelpipe
