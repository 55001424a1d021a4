#include "queue/store.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "otelpipe/base/status_macros.h"

namespace otelpipe {

std::vector<uint64_t> QueueStore::Load() {
  std::vector<uint64_t> out;
  for (const std::string& key : client_->Keys()) {
    uint64_t index = 0;
    if (absl::SimpleAtoi(key, &index)) out.push_back(index);
  }
  std::sort(out.begin(), out.end());
  if (!out.empty()) next_ = out.back() + 1;
  return out;
}

absl::StatusOr<uint64_t> QueueStore::Put(const Batch& batch) {
  std::string bytes;
  bytes.reserve(batch.wire_size());
  for (const Buffer& b : batch.wire()) bytes.append(b.bytes);
  const uint64_t index = next_++;
  OTELPIPE_RETURN_IF_ERROR(client_->Set(std::to_string(index), bytes));
  return index;
}

absl::StatusOr<Batch> QueueStore::Get(Signal signal, uint64_t index) {
  OTELPIPE_ASSIGN_OR_RETURN(std::string bytes, client_->Get(std::to_string(index)));
  return Batch::FromWire(signal, {Buffer::FromString(std::move(bytes))});
}

absl::Status QueueStore::Delete(uint64_t index) { return client_->Delete(std::to_string(index)); }

}  // namespace otelpipe
