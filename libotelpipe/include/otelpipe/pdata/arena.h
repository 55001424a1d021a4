// Arena: memory of one batch. Allocation is a pointer bump; everything is freed at once with the arena.
//
//   Arena arena;
//   std::string_view copy = arena.Copy("short lived text");
//   arena.KeepAlive(buffer);          // views into `buffer` stay valid as long as the arena
//
// Only trivially destructible things live in an arena. Not thread-safe: an arena belongs to one batch, and a batch to
// one owner at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "otelpipe/base/sanitizer.h"

namespace otelpipe {

// A reference to bytes and to whatever keeps them alive. Copies share the bytes. Immutable.
struct Buffer {
  std::string_view bytes;
  std::shared_ptr<const void> owner;

  // Takes ownership of `text`.
  static Buffer FromString(std::string text);
};

class Arena {
 public:
  Arena() = default;
  ~Arena() { FreeBlocks(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `size` bytes aligned to `align` (a power of two up to 16). Never null; a failed allocation ends the process, as
  // operator new does in programs without exceptions.
  void* Allocate(size_t size, size_t align = 8) {
    uintptr_t p = (next_ + align - 1) & ~(uintptr_t{align} - 1);
    if (p + size > end_) return AllocateSlow(size, align);
    next_ = p + size;
    return reinterpret_cast<void*>(p);
  }

  template <typename T, typename... Args>
  T* New(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (Allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  }

  // Uninitialised storage for `n` objects.
  template <typename T>
  T* NewArray(size_t n) {
    return static_cast<T*>(Allocate(n * sizeof(T), alignof(T)));
  }

  // A copy of `text` that lives as long as the arena.
  std::string_view Copy(std::string_view text) {
    if (text.empty()) return {};
    char* p = static_cast<char*>(Allocate(text.size(), 1));
    std::memcpy(p, text.data(), text.size());
    return {p, text.size()};
  }

  // Keeps `owner` alive as long as the arena, so that views into its memory may be stored in the batch.
  void KeepAlive(std::shared_ptr<const void> owner) {
    if (owner && (kept_.empty() || kept_.back() != owner)) kept_.push_back(std::move(owner));
  }

  // Bytes taken from the heap, without what KeepAlive holds.
  size_t bytes_reserved() const { return reserved_; }

 private:
  struct Block {
    Block* previous;
    size_t size;
  };
  void* AllocateSlow(size_t size, size_t align);
  void FreeBlocks();

  uintptr_t next_ = 0;
  uintptr_t end_ = 0;
  Block* blocks_ = nullptr;
  size_t reserved_ = 0;
  std::vector<std::shared_ptr<const void>> kept_;
};

// A growable array in an arena. Elements are moved with memcpy when it grows, so T must be trivially destructible and
// hold no pointers into itself. Growing leaves the old storage to the arena.
template <typename T>
class Vec {
 public:
  Vec() = default;
  Vec(const Vec&) = delete;
  Vec& operator=(const Vec&) = delete;
  Vec(Vec&& o) noexcept : data_(o.data_), size_(o.size_), capacity_(o.capacity_) { o.Forget(); }
  Vec& operator=(Vec&& o) noexcept {
    data_ = o.data_, size_ = o.size_, capacity_ = o.capacity_;
    if (&o != this) o.Forget();
    return *this;
  }

  uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }

  // Appends a value-initialised element. The reference is valid until the next Add.
  T& Add(Arena& arena) {
    if (size_ == capacity_) Reserve(arena, capacity_ == 0 ? kFirst : capacity_ * 2);
    return *new (data_ + size_++) T();
  }
  void Reserve(Arena& arena, uint32_t n) {
    if (n <= capacity_) return;
    T* grown = arena.NewArray<T>(n);
    if (size_ > 0) std::memcpy(static_cast<void*>(grown), static_cast<const void*>(data_), size_ * sizeof(T));
    if (capacity_ > 0) OTELPIPE_POISON(data_, capacity_ * sizeof(T));  // references to elements end here
    data_ = grown;
    capacity_ = n;
  }
  // Removes element `i`, keeping the order of the others.
  void Erase(size_t i) {
    std::memmove(static_cast<void*>(data_ + i), static_cast<const void*>(data_ + i + 1), (size_ - i - 1) * sizeof(T));
    --size_;
  }
  // Keeps the elements for which `keep(element)` is true, in order. Returns how many were removed.
  template <typename F>
  size_t Filter(F keep) {
    uint32_t out = 0;
    for (uint32_t i = 0; i < size_; ++i) {
      if (!keep(data_[i])) continue;
      if (out != i) std::memcpy(static_cast<void*>(data_ + out), static_cast<const void*>(data_ + i), sizeof(T));
      ++out;
    }
    size_t removed = size_ - out;
    size_ = out;
    return removed;
  }
  void Truncate(size_t n) { size_ = static_cast<uint32_t>(n < size_ ? n : size_); }
  void Clear() { size_ = 0; }

 private:
  static constexpr uint32_t kFirst = sizeof(T) > 64 ? 2 : 4;
  void Forget() { data_ = nullptr, size_ = 0, capacity_ = 0; }
  T* data_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace otelpipe
