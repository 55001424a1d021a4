// QueueStore: the items of a persistent queue, one key each in the client of a storage extension. Items are OTLP protobuf bytes under their decimal
// index; the order is the order of the indexes. An item is deleted when it is finished, so after a crash everything unfinished is
// still there (at least once).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/component/component.h"

namespace otelpipe {

class QueueStore {
 public:
  explicit QueueStore(std::unique_ptr<StorageClient> client) : client_(std::move(client)) {}
  // Indexes of the items left by the last run, oldest first.
  std::vector<uint64_t> Load();
  absl::StatusOr<uint64_t> Put(const Batch& batch);
  absl::StatusOr<Batch> Get(Signal signal, uint64_t index);
  absl::Status Delete(uint64_t index);

 private:
  std::unique_ptr<StorageClient> client_;
  uint64_t next_ = 0;
};

}  // namespace otelpipe
