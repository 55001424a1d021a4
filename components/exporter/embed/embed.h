// Exporter `embed`: shows each batch to the program that embeds the service, through the function given to Service::SetTap. Without one
// batches are taken and forgotten.
#pragma once

#include <functional>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

class EmbedExporter final : public Exporter, public TapTarget {
 public:
  static constexpr std::string_view kType = "embed";
  static constexpr bool kOnePerId = true;
  struct Config {
    static void Describe(Fields<Config>&) {}
  };

  EmbedExporter(Config, Context) {}

  void SetTap(std::function<void(const Batch&)> tap) override { tap_ = std::move(tap); }
  void Consume(Batch batch, Done done) override {
    if (tap_) tap_(batch);
    done.Finished(absl::OkStatus());
  }

 private:
  std::function<void(const Batch&)> tap_;
};

}  // namespace otelpipe
