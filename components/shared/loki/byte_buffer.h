// ByteBuffer: bytes that grow at the end, for writers of the hot path. Unlike std::string it hands out room to write into
// without filling it first, and keeps its memory over Clear.
//
//   ByteBuffer out;
//   out.Append("{\"body\":");
//   out.AppendJson(text);          // "a\u003cb", with the quotes
//   Use(out.view());
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace otelpipe::loki {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&& o) noexcept { *this = std::move(o); }
  ByteBuffer& operator=(ByteBuffer&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    std::swap(capacity_, o.capacity_);
    return *this;
  }
  ~ByteBuffer() { std::free(data_); }

  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  char* data() { return data_; }
  const char* data() const { return data_; }
  std::string_view view() const { return {data_, size_}; }
  std::string_view view(size_t from) const { return {data_ + from, size_ - from}; }

  // Room for `n` more bytes behind the end. Valid until the buffer grows. Commit says how many were written.
  char* Room(size_t n) {
    if (capacity_ - size_ < n) Grow(n);
    return data_ + size_;
  }
  void Commit(size_t n) { size_ += n; }

  void Append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(Room(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void Append(char c) {
    *Room(1) = c;
    ++size_;
  }
  void AppendDecimal(int64_t value);
  // Base 128, little end first, as protobuf has it.
  void AppendVarint(uint64_t value) {
    char* p = Room(10);
    while (value >= 0x80) {
      *p++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *p++ = static_cast<char>(value);
    size_ = static_cast<size_t>(p - data_);
  }
  // A JSON string with its quotes, escaped as the reference does: " \ < > &, control characters, U+2028, U+2029; each bad byte of
  // UTF-8 becomes \ufffd.
  void AppendJson(std::string_view text) {
    Append('"');
    AppendEscaped(text);
    Append('"');
  }
  // The same without the quotes.
  void AppendEscaped(std::string_view text);
  // The bytes from `begin` to `end` of what is here already, once more.
  void AppendAgain(size_t begin, size_t end);

  // Cuts back to a size that the buffer had before.
  void Truncate(size_t size) { size_ = size; }
  char back() const { return data_[size_ - 1]; }
  char& back() { return data_[size_ - 1]; }
  void Clear() { size_ = 0; }
  // Clears, and gives the memory back when it is more than `keep`.
  void Reset(size_t keep) {
    size_ = 0;
    if (capacity_ > keep) {
      std::free(data_);
      data_ = nullptr;
      capacity_ = 0;
    }
  }

 private:
  void Grow(size_t n);

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

inline size_t VarintSize(uint64_t value) {
  size_t n = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++n;
  }
  return n;
}
inline char* WriteVarint(char* p, uint64_t value) {
  while (value >= 0x80) {
    *p++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *p++ = static_cast<char>(value);
  return p;
}

}  // namespace otelpipe::loki
