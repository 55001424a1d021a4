#include "common/gzip.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace otelpipe::bench {

GzipWriter::GzipWriter(int level)
    : compressor_(libdeflate_alloc_compressor(level), &libdeflate_free_compressor) {}

size_t GzipWriter::Bound(size_t plain_size) {
  return libdeflate_gzip_compress_bound(compressor_.get(), plain_size);
}

size_t GzipWriter::PackInto(std::string_view plain, char* out, size_t capacity) {
  return libdeflate_gzip_compress(compressor_.get(), plain.data(), plain.size(), out, capacity);
}

std::string_view GzipWriter::Pack(std::string_view plain) {
  const size_t bound = Bound(plain.size());
  if (buffer_.size() < bound) buffer_.resize(bound);
  return {buffer_.data(), PackInto(plain, buffer_.data(), buffer_.size())};
}

GzipReader::GzipReader(size_t limit)
    : limit_(limit),
      decompressor_(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor) {}

bool GzipReader::Unpack(std::string_view packed, std::string_view* plain) {
  if (packed.size() < 18) return false;
  // The last four bytes of a one-member gzip file are its plain size modulo 2^32. It is only a
  // first guess: a sender may write several members, or lie.
  uint32_t guess = 0;
  std::memcpy(&guess, packed.data() + packed.size() - 4, 4);
  size_t capacity = std::min(limit_, std::max<size_t>(guess, 64));
  size_t filled = 0;
  while (!packed.empty()) {
    if (buffer_.size() < filled + capacity) buffer_.resize(filled + capacity);
    size_t used = 0;
    size_t made = 0;
    const libdeflate_result result = libdeflate_gzip_decompress_ex(
        decompressor_.get(), packed.data(), packed.size(), buffer_.data() + filled,
        buffer_.size() - filled, &used, &made);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (buffer_.size() >= limit_) return false;
      capacity = std::min(limit_ - filled, std::max<size_t>(capacity * 2, 4096));
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) return false;
    filled += made;
    packed.remove_prefix(used);
  }
  *plain = {buffer_.data(), filled};
  return true;
}

}  // namespace otelpipe::bench
