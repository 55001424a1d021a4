// noop: passes entries on; a named place to route to.
#pragma once

#include "otelpipe/operator/transformer.h"

namespace otelpipe {

class Noop final : public Transformer {
 public:
  static constexpr std::string_view kType = "noop";
  struct Config : TransformerConfig {
    static void Describe(Fields<Config>& f) { f.InlineBase<TransformerConfig>(); }
  };
  Noop(const Config& config, OperatorContext context) : Transformer(config, std::move(context)) {}
  absl::Status Init() { return Transformer::Init(); }
  // `if` and `on_error` are checked when built and have no effect.
  absl::Status Process(Entry& entry) override { return Write(entry); }

 protected:
  absl::Status Transform(Entry&) override { return absl::OkStatus(); }
};

}  // namespace otelpipe
