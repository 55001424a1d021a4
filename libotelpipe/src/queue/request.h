// What the queue passes along: what came in, and the requests that are made of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "otelpipe/component/component.h"

namespace otelpipe {

// One batch as it was handed to the queue. It is finished when all requests with parts of it are.
struct Origin {
  Done done;
  int64_t size = 0;    // what it takes of the queue, in the unit of its sizer
  size_t memory = 0;   // bytes it holds in memory
  bool held_back = false;  // queued, but the sender was not told yet
  std::string stored;  // persistent queue: its key
  int open = 1;        // requests not finished, and one while part of it waits to become one
  absl::Status status;  // the first failure
};

using Origins = absl::InlinedVector<std::shared_ptr<Origin>, 1>;

// One request to send, with the origins of its parts; an origin may have parts in several.
struct Request {
  Batch batch;
  Origins origins;
};

}  // namespace otelpipe
