#include "pdata/wire_writer.h"

#include <algorithm>

namespace otelpipe::internal {
namespace {

// As the arena's blocks: under the allocator's threshold for mmap, with room for its bookkeeping.
constexpr size_t kLargestPiece = 64 * 1024 - 64;

}  // namespace

void WireWriter::ClosePiece() {
  if (p_ != end_) {
    closed_ += static_cast<size_t>(end_ - p_);
    finished_.push_back({std::string_view(p_, static_cast<size_t>(end_ - p_)), std::move(piece_)});
  }
  piece_.reset();
  begin_ = p_ = end_ = nullptr;
}

void WireWriter::NewPiece(size_t n) {
  ClosePiece();
  size_t size = std::max(n, next_size_);
  next_size_ = std::min(next_size_ * 2, kLargestPiece);
  piece_ = std::make_shared_for_overwrite<char[]>(size);
  begin_ = piece_.get();
  p_ = end_ = begin_ + size;
}

WireBytes WireWriter::Finish() {
  ClosePiece();
  std::reverse(finished_.begin(), finished_.end());
  return std::move(finished_);
}

}  // namespace otelpipe::internal
