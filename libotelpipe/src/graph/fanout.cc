#include "graph/fanout.h"

#include <algorithm>

namespace otelpipe {

FanOut::FanOut(std::vector<Consumer*> consumers) : consumers_(std::move(consumers)) {
  std::stable_partition(consumers_.begin(), consumers_.end(), [](Consumer* c) { return c->mutates(); });
  mutates_ = std::all_of(consumers_.begin(), consumers_.end(), [](Consumer* c) { return c->mutates(); });
}

void FanOut::Consume(Batch batch, Done done) {
  std::vector<Done> parts = Done::Split(std::move(done), consumers_.size());
  for (size_t i = 0; i + 1 < consumers_.size(); ++i) consumers_[i]->Consume(batch.Share(), std::move(parts[i]));
  consumers_.back()->Consume(std::move(batch), std::move(parts.back()));
}

}  // namespace otelpipe
