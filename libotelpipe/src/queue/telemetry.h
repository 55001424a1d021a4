// The instruments of a sending queue, named as the reference names them.
#pragma once

#include <cstdint>

#include "otelpipe/component/component.h"

namespace otelpipe {

class QueueTelemetry {
 public:
  // Without metrics in the context nothing is counted. `capacity` < 0: there is no queue.
  void Start(const Context& context, int64_t capacity);
  void Sent(int64_t records) { Add(sent_, records); }
  void SendFailed(int64_t records) { Add(send_failed_, records); }
  void EnqueueFailed(int64_t records) { Add(enqueue_failed_, records); }
  void Size(int64_t size) {
    if (size_ != nullptr) size_->Set(size);
  }

 private:
  static void Add(Counter* counter, int64_t n) {
    if (counter != nullptr) counter->Add(n);
  }
  Counter* sent_ = nullptr;
  Counter* send_failed_ = nullptr;
  Counter* enqueue_failed_ = nullptr;
  Gauge* size_ = nullptr;
};

}  // namespace otelpipe
