// ChunkPool: the buffers that file contents are read into. A chunk is filled by several reads, handed out as a counted reference, and comes back to the
// pool when the last batch that points into it is gone, so memory stays flat however fast files are read.
//
//   ChunkPool pool(256 << 10);
//   std::shared_ptr<Chunk> chunk = pool.Get(0);
//   ssize_t n = pread(fd, chunk->free_begin(), chunk->free_size(), offset);
//   chunk->used += n;
//
// Single threaded, except that chunks may be released on any thread that owns the batch: the free list is locked.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "otelpipe/base/sanitizer.h"

namespace otelpipe::tail {

struct Chunk {
  explicit Chunk(size_t n) : data(new char[n + kPadding]), size(n) {}
  // Readable bytes behind the end, for validators that read whole vectors.
  static constexpr size_t kPadding = 64;
  char* free_begin() { return data.get() + used; }
  size_t free_size() const { return size - used; }

  std::unique_ptr<char[]> data;
  size_t size;
  size_t used = 0;
};

class ChunkPool {
 public:
  explicit ChunkPool(size_t chunk_size, size_t keep = 8) : shared_(std::make_shared<Shared>()) {
    shared_->chunk_size = chunk_size;
    shared_->keep = kAddressSanitizer ? 0 : keep;  // a view into a returned chunk is then reported
  }

  size_t chunk_size() const { return shared_->chunk_size; }

  // An empty chunk of at least `size` bytes; one larger than chunk_size() is not kept afterwards.
  std::shared_ptr<Chunk> Get(size_t size) {
    std::unique_ptr<Chunk> chunk;
    if (size <= shared_->chunk_size) {
      std::lock_guard<std::mutex> lock(shared_->mutex);
      if (!shared_->free.empty()) {
        chunk = std::move(shared_->free.back());
        shared_->free.pop_back();
      }
    }
    if (chunk == nullptr) chunk = std::make_unique<Chunk>(size > shared_->chunk_size ? size : shared_->chunk_size);
    chunk->used = 0;
    // The deleter owns the free list, so chunks may outlive the pool.
    return std::shared_ptr<Chunk>(chunk.release(), [shared = shared_](Chunk* c) { shared->Return(c); });
  }

 private:
  struct Shared {
    void Return(Chunk* c) {
      std::unique_ptr<Chunk> chunk(c);
      std::lock_guard<std::mutex> lock(mutex);
      if (chunk->size == chunk_size && free.size() < keep) free.push_back(std::move(chunk));
    }
    size_t chunk_size = 0;
    size_t keep = 0;
    std::mutex mutex;
    std::vector<std::unique_ptr<Chunk>> free;
  };
  std::shared_ptr<Shared> shared_;
};

}  // namespace otelpipe::tail
