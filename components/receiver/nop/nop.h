// Receiver `nop`: never receives anything.
#pragma once

#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

class NopReceiver final : public Receiver {
 public:
  static constexpr std::string_view kType = "nop";
  static constexpr std::string_view kStability = "beta";
  struct Config {
    static void Describe(Fields<Config>&) {}
  };

  NopReceiver(Config, Context) {}
  void SetOutput(Signal, Consumer*) override {}
};

}  // namespace otelpipe
