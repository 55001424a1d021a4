// gzip by libdeflate, with the buffers kept between calls.
//
//   GzipWriter writer(1);
//   std::string packed = std::string(writer.Pack(body));
//   GzipReader reader;
//   std::string_view plain;
//   if (!reader.Unpack(packed, &plain)) ...   // damaged, or larger than the limit
//
// One object per thread. A returned view lives until the next call on the same object.
#pragma once

#include <libdeflate.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace otelpipe::bench {

class GzipWriter {
 public:
  explicit GzipWriter(int level);
  std::string_view Pack(std::string_view plain);
  // The most bytes Pack can need for so many bytes of input.
  size_t Bound(size_t plain_size);
  // Packs into memory of at least Bound(plain.size()) bytes; returns the packed size.
  size_t PackInto(std::string_view plain, char* out, size_t capacity);

 private:
  std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor_;
  std::string buffer_;
};

class GzipReader {
 public:
  explicit GzipReader(size_t limit = size_t{1} << 30);
  bool Unpack(std::string_view packed, std::string_view* plain);

 private:
  const size_t limit_;
  std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> decompressor_;
  std::string buffer_;
};

}  // namespace otelpipe::bench
