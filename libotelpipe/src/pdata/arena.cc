#include "otelpipe/pdata/arena.h"

#include <algorithm>
#include <new>
#include <string>

#include "otelpipe/base/sanitizer.h"

namespace otelpipe {
namespace {

// Blocks stay under glibc's threshold for mmap (128 KiB), so a block of a finished batch is the next batch's block without a
// system call and without fresh zero pages.
constexpr size_t kFirstBlock = 4 * 1024;
constexpr size_t kLargestBlock = 64 * 1024;

}  // namespace

Buffer Buffer::FromString(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  std::string_view bytes = *owner;
  return {bytes, std::move(owner)};
}

void* Arena::AllocateSlow(size_t size, size_t align) {
  // Under the address sanitizer each request is an allocation of its own, and next_ stays at end_, so every request comes here.
  constexpr bool kExact = kAddressSanitizer;
  auto add_block = [this](size_t total) {
    auto* block = static_cast<Block*>(::operator new(total));
    block->size = total;
    reserved_ += total;
    return block;
  };
  if (kExact) {
    Block* block = add_block(sizeof(Block) + size);  // the largest alignment is that of operator new
    block->previous = blocks_;
    blocks_ = block;
    return block + 1;
  }
  size_t needed = sizeof(Block) + size + align;
  size_t next_size = blocks_ == nullptr ? kFirstBlock : std::clamp(reserved_, kFirstBlock, kLargestBlock);
  if (needed > next_size / 2 && blocks_ != nullptr && end_ - next_ >= 512) {
    // A large request gets a block of its own behind the current one, whose rest stays in use.
    Block* block = add_block(needed);
    block->previous = blocks_->previous;
    blocks_->previous = block;
    uintptr_t p = reinterpret_cast<uintptr_t>(block + 1);
    return reinterpret_cast<void*>((p + align - 1) & ~(uintptr_t{align} - 1));
  }
  Block* block = add_block(std::max(needed, next_size));
  block->previous = blocks_;
  blocks_ = block;
  next_ = reinterpret_cast<uintptr_t>(block + 1);
  end_ = reinterpret_cast<uintptr_t>(block) + block->size;
  uintptr_t p = (next_ + align - 1) & ~(uintptr_t{align} - 1);
  next_ = p + size;
  return reinterpret_cast<void*>(p);
}

void Arena::FreeBlocks() {
  while (blocks_ != nullptr) {
    Block* previous = blocks_->previous;
    ::operator delete(blocks_);
    blocks_ = previous;
  }
}

}  // namespace otelpipe
