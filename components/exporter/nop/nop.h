// Exporter `nop`: accepts everything and keeps nothing.
#pragma once

#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

class NopExporter final : public Exporter {
 public:
  static constexpr std::string_view kType = "nop";
  static constexpr std::string_view kStability = "beta";
  struct Config {
    static void Describe(Fields<Config>&) {}
  };

  NopExporter(Config, Context) {}
  void Consume(Batch, Done done) override { done.Finished(absl::OkStatus()); }
};

}  // namespace otelpipe
