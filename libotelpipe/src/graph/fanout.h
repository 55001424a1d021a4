// FanOut: gives one batch to several consumers, as the reference's fan-out does: those that change batches first, each with a handle of its
// own (Batch copies on the first edit), then the readers; one after the other, errors joined.
#pragma once

#include <memory>
#include <vector>

#include "otelpipe/component/component.h"

namespace otelpipe {

class FanOut final : public Consumer {
 public:
  explicit FanOut(std::vector<Consumer*> consumers);
  void Consume(Batch batch, Done done) override;
  // Only when every consumer does: otherwise the changing ones get copies.
  bool mutates() const override { return mutates_; }

 private:
  std::vector<Consumer*> consumers_;
  bool mutates_ = false;
};

}  // namespace otelpipe
