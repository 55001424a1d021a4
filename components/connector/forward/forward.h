// Connector `forward`: passes batches of one pipeline on to others of the same signal, unchanged.
#pragma once

#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

class ForwardConnector final : public Connector {
 public:
  static constexpr std::string_view kType = "forward";
  static constexpr std::string_view kStability = "beta";
  struct Config {
    static void Describe(Fields<Config>&) {}
  };

  ForwardConnector(Config, Context) {}
  void SetOutput(Signal, Consumer* next) override { next_ = next; }
  void Consume(Batch batch, Done done) override { next_->Consume(std::move(batch), std::move(done)); }
  bool mutates() const override { return next_ != nullptr && next_->mutates(); }

 private:
  Consumer* next_ = nullptr;
};

}  // namespace otelpipe
