// Counting: counts the records of every batch on its way to another consumer. A pair of them stands around each
// processor that edits batches in place, for otelcol_processor_incoming_items and otelcol_processor_outgoing_items;
// processors that hold batches count by themselves.
#pragma once

#include <utility>

#include "otelpipe/component/component.h"

namespace otelpipe {

class Counting final : public Consumer {
 public:
  Counting(Counter* items, Consumer* next) : items_(items), next_(next) {}
  void Consume(Batch batch, Done done) override {
    items_->Add(static_cast<int64_t>(batch.records()));
    next_->Consume(std::move(batch), std::move(done));
  }
  bool mutates() const override { return next_->mutates(); }

 private:
  Counter* const items_;
  Consumer* const next_;
};

}  // namespace otelpipe
