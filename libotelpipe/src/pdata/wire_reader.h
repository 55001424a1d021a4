// Reads the fields of one protobuf message in a contiguous buffer, with the errors of the reference's generated decoders.
//
// Failures throw: WireError from here, protozero's exceptions from its varint decoder. They never leave the room; the public
// functions turn them into statuses (see StatusOfWireFailure). Broken input is rare, so the hot loops carry no checks of results.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "protozero/varint.hpp"

namespace otelpipe::internal {

struct WireError {
  std::string text;
};

[[noreturn]] void ThrowWireError(std::string text);
[[noreturn]] void ThrowWrongType(uint32_t wire_type, const char* field_name);
[[noreturn]] void ThrowIllegalTag(const char* message, uint64_t tag);

// Call inside a catch block.
absl::Status StatusOfWireFailure();

enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLength = 2, kStartGroup = 3, kEndGroup = 4, kFixed32 = 5 };

class WireReader {
 public:
  // `message` is the name used in errors.
  WireReader(std::string_view bytes, const char* message)
      : p_(bytes.data()), end_(bytes.data() + bytes.size()), message_(message) {}

  // Moves to the next field; false at the end. Its value must then be read or skipped.
  bool Next() {
    if (p_ == end_) return false;
    uint64_t tag = RawVarint();
    type_ = static_cast<uint32_t>(tag & 7);
    field_ = static_cast<uint32_t>(tag >> 3);
    if (type_ == kEndGroup || static_cast<int32_t>(field_) <= 0) ThrowIllegalTag(message_, tag);
    return true;
  }
  uint32_t field() const { return field_; }
  uint32_t type() const { return type_; }

  uint64_t Varint(const char* name) {
    Expect(kVarint, name);
    return RawVarint();
  }
  uint64_t Fixed64(const char* name) {
    Expect(internal::kFixed64, name);
    return Raw<uint64_t>();
  }
  uint32_t Fixed32(const char* name) {
    Expect(internal::kFixed32, name);
    return Raw<uint32_t>();
  }
  double Double(const char* name) {
    Expect(internal::kFixed64, name);
    return Raw<double>();
  }
  std::string_view Bytes(const char* name) {
    Expect(kLength, name);
    return RawBytes();
  }
  void Skip();

  // How many fields with the current number follow back to back, including the current one, whose Bytes() have been read. A
  // hint to reserve space by: it is 1 for tags of more than one byte and stops at broken bytes.
  uint32_t RunLength() const {
    char tag = static_cast<char>(field_ << 3 | kLength);
    uint32_t n = 1;
    const char* p = p_;
    while (end_ - p >= 2 && *p == tag && field_ < 16) {
      uint64_t size = static_cast<unsigned char>(p[1]);
      p += 2;
      if (size >= 0x80) {
        size &= 0x7F;
        for (int shift = 7;; shift += 7) {
          if (p == end_ || shift > 28) return n;
          uint64_t b = static_cast<unsigned char>(*p++);
          size |= (b & 0x7F) << shift;
          if (b < 0x80) break;
        }
      }
      if (size > static_cast<uint64_t>(end_ - p)) return n;
      p += size;
      ++n;
    }
    return n;
  }

  // Numbers without a tag, inside packed fields. `done()` tells when the field is used up.
  bool done() const { return p_ == end_; }
  size_t left() const { return static_cast<size_t>(end_ - p_); }
  uint64_t RawVarint() {
    if (p_ != end_ && static_cast<signed char>(*p_) >= 0) return static_cast<unsigned char>(*p_++);
    const char* p = p_;  // so that p_ itself may live in a register
    const uint64_t value = protozero::decode_varint(&p, end_);
    p_ = p;
    return value;
  }
  template <typename T>
  T Raw() {
    if (static_cast<size_t>(end_ - p_) < sizeof(T)) ThrowWireError("unexpected EOF");
    T value;
    std::memcpy(&value, p_, sizeof(T));  // little endian, as the wire
    p_ += sizeof(T);
    return value;
  }

 private:
  void Expect(uint32_t type, const char* name) {
    if (type_ != type) [[unlikely]] ThrowWrongType(type_, name);
  }
  std::string_view RawBytes();

  const char* p_;
  const char* end_;
  const char* message_;
  uint32_t field_ = 0;
  uint32_t type_ = 0;
};

inline std::string_view WireReader::RawBytes() {
  uint64_t size = RawVarint();
  if (size > static_cast<uint64_t>(end_ - p_)) [[unlikely]] {
    ThrowWireError(size > uint64_t{INT64_MAX} ? "proto: negative length found during unmarshaling" : "unexpected EOF");
  }
  std::string_view bytes(p_, size);
  p_ += size;
  return bytes;
}

}  // namespace otelpipe::internal
