// Writes a protobuf message from its last byte to its first, so that the length of a submessage is known when its header is
// written: one pass, no sizes to compute ahead, nothing to move. What does not fit goes on in another piece.
//
//   WireWriter w;
//   size_t mark = w.position();
//   w.String(2, "text");             // fields in descending order
//   w.Fixed64(1, time);
//   w.EndMessage(1, mark);           // header of the message that holds both
//   WireBytes wire = w.Finish();
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "otelpipe/pdata/batch.h"
#include "pdata/wire_reader.h"

namespace otelpipe::internal {

// memcpy for texts, most of which are so short that a call would cost more than the copy.
inline void CopyText(char* to, const char* from, size_t n) {
  if (n > 32) {
    std::memcpy(to, from, n);
  } else if (n >= 16) {
    char head[16], tail[16];
    std::memcpy(head, from, 16);
    std::memcpy(tail, from + n - 16, 16);
    std::memcpy(to, head, 16);
    std::memcpy(to + n - 16, tail, 16);
  } else if (n >= 8) {
    uint64_t head, tail;
    std::memcpy(&head, from, 8);
    std::memcpy(&tail, from + n - 8, 8);
    std::memcpy(to, &head, 8);
    std::memcpy(to + n - 8, &tail, 8);
  } else {
    for (size_t i = 0; i < n; ++i) to[i] = from[i];
  }
}

class WireWriter {
 public:
  WireWriter() = default;
  WireWriter(const WireWriter&) = delete;
  WireWriter& operator=(const WireWriter&) = delete;

  // Bytes written so far.
  size_t position() const { return closed_ + static_cast<size_t>(end_ - p_); }

  // These write the field whatever the value is; the ...IfSet forms leave out zero values.
  void Varint(uint32_t field, uint64_t value) {
    RawVarint(value);
    Tag(field, kVarint);
  }
  void Fixed64(uint32_t field, uint64_t value) {
    Raw(value);
    Tag(field, internal::kFixed64);
  }
  void Fixed32(uint32_t field, uint32_t value) {
    Raw(value);
    Tag(field, internal::kFixed32);
  }
  void Double(uint32_t field, double value) {
    Raw(value);
    Tag(field, internal::kFixed64);
  }
  void String(uint32_t field, std::string_view value) {
    RawBytes(value);
    RawVarint(value.size());
    Tag(field, kLength);
  }
  void VarintIfSet(uint32_t field, uint64_t value) {
    if (value != 0) Varint(field, value);
  }
  // int32 and enums: negative numbers take ten bytes, as protobuf wants it.
  void Int32IfSet(uint32_t field, int32_t value) {
    if (value != 0) Varint(field, static_cast<uint64_t>(int64_t{value}));
  }
  void Fixed64IfSet(uint32_t field, uint64_t value) {
    if (value != 0) Fixed64(field, value);
  }
  void Fixed32IfSet(uint32_t field, uint32_t value) {
    if (value != 0) Fixed32(field, value);
  }
  // Negative zero counts as zero, as the reference compares.
  void DoubleIfSet(uint32_t field, double value) {
    if (value != 0) Double(field, value);
  }
  void StringIfSet(uint32_t field, std::string_view value) {
    if (!value.empty()) String(field, value);
  }
  // Trace and span ids: always written, without bytes when all are zero.
  template <typename Id>
  void WriteId(uint32_t field, const Id& id) {
    if (id.empty()) {
      String(field, {});
    } else {
      String(field, std::string_view(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()));
    }
  }
  // The header of a message whose fields were written since position() was `mark`.
  void EndMessage(uint32_t field, size_t mark) {
    RawVarint(position() - mark);
    Tag(field, kLength);
  }

  void RawVarint(uint64_t value) {
    if (value < 0x80) {
      Need(1);
      *--p_ = static_cast<char>(value);
      return;
    }
    Need(10);
    p_ -= protozero::length_of_varint(value);
    char* out = p_;
    protozero::write_varint(out, value);
  }
  template <typename T>
  void Raw(T value) {
    Need(sizeof(T));
    p_ -= sizeof(T);
    std::memcpy(p_, &value, sizeof(T));
  }

  // The place of the next `n` bytes, for whoever writes them himself: front to back, all of them.
  char* Claim(size_t n) {
    Need(n);
    return p_ -= n;
  }

  // The message. The writer is spent afterwards.
  WireBytes Finish();

 private:
  void Tag(uint32_t field, WireType type) { RawVarint(field << 3 | type); }
  void RawBytes(std::string_view bytes) {
    if (bytes.empty()) return;
    Need(bytes.size());
    p_ -= bytes.size();
    CopyText(p_, bytes.data(), bytes.size());
  }
  void Need(size_t n) {
    if (static_cast<size_t>(p_ - begin_) < n) [[unlikely]] NewPiece(n);
  }
  void NewPiece(size_t n);
  void ClosePiece();

  char* begin_ = nullptr;
  char* p_ = nullptr;  // the last byte written
  char* end_ = nullptr;
  size_t closed_ = 0;  // bytes in finished pieces
  size_t next_size_ = 4 * 1024;
  std::shared_ptr<char[]> piece_;
  WireBytes finished_;  // last part of the message first
};

}  // namespace otelpipe::internal
