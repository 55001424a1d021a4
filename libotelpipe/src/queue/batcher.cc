#include "queue/batcher.h"

#include <utility>

#include "otelpipe/pdata/merge.h"

namespace otelpipe {

bool Batcher::Add(Batch batch, std::shared_ptr<Origin> origin, std::vector<Request>& ready) {
  const size_t before = ready.size();
  const bool was_empty = parts_.empty();
  const size_t size = SizeOf(batch);
  parts_.push_back({std::move(batch), std::nullopt, size, std::move(origin)});
  size_ += size;
  const auto max = static_cast<size_t>(config_.max_size);
  while (max > 0 && size_ > max) TakeFront(max, ready);
  if (!parts_.empty() && size_ >= static_cast<size_t>(config_.min_size)) TakeFront(SIZE_MAX, ready);
  return !parts_.empty() && (was_empty || ready.size() > before);
}

void Batcher::Flush(std::vector<Request>& ready) {
  if (!parts_.empty()) TakeFront(SIZE_MAX, ready);
}

void Batcher::TakeFront(size_t limit, std::vector<Request>& ready) {
  std::vector<Batch> pieces;
  Origins origins;
  while (!parts_.empty() && limit > 0) {
    Part& part = parts_.front();
    if (part.size <= limit) {
      limit -= part.size;
      size_ -= part.size;
      pieces.push_back(part.rest ? part.rest->Take(part.size) : std::move(part.batch));
      origins.push_back(std::move(part.origin));
      parts_.pop_front();
      continue;
    }
    if (!part.rest) {
      absl::StatusOr<BatchSplitter> splitter = BatchSplitter::Make(std::move(part.batch), unit_);
      if (!splitter.ok()) {
        size_ -= part.size;
        const std::shared_ptr<Origin> origin = std::move(part.origin);
        parts_.pop_front();
        failed_(origin, splitter.status());
        continue;
      }
      part.rest = *std::move(splitter);
    }
    Batch piece = part.rest->Take(limit, /*or_nothing=*/!pieces.empty());
    if (!piece) break;
    pieces.push_back(std::move(piece));
    size_ -= part.size;
    part.size = part.rest->remaining();
    size_ += part.size;
    if (part.size == 0) {
      origins.push_back(std::move(part.origin));
      parts_.pop_front();
    } else {
      ++part.origin->open;
      origins.push_back(part.origin);
    }
    break;
  }
  if (pieces.empty()) return;
  Request request;
  std::shared_ptr<const ClientInfo> client = pieces.size() == 1 ? pieces[0].client() : nullptr;
  request.batch = MergeBatches(std::move(pieces), [&](size_t i, const absl::Status& status) {
    failed_(origins[i], status);
    origins[i] = nullptr;
  });
  for (auto& origin : origins) {
    if (origin != nullptr) request.origins.push_back(std::move(origin));
  }
  if (!request.batch) return;
  // Joined requests belong to no single client, as in the reference.
  request.batch.set_client(std::move(client));
  ready.push_back(std::move(request));
}

}  // namespace otelpipe
