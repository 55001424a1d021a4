// Compression of whole messages: gzip, zlib, deflate, zstd, snappy, lz4, both ways, bounded.
//
//   Compressor compressor(Compression::kGzip);
//   std::string_view packed = compressor.Compress(body);       // until the next call
//   Decompressor decompressor;
//   OTELPIPE_ASSIGN_OR_RETURN(Buffer plain, decompressor.Decompress(Compression::kGzip, packed, 20 << 20));
//
// Both objects keep their tables and buffers between calls; make one per component. Not thread-safe.
// "zlib" and "deflate" both are zlib streams (RFC 1950), as HTTP has it and the reference reads it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/pdata/arena.h"

namespace otelpipe {

enum class Compression { kNone, kGzip, kZlib, kDeflate, kSnappy, kSnappyFramed, kZstd, kLz4 };

// The names of the configuration: gzip zlib deflate snappy x-snappy-framed zstd lz4 none and "" (none).
// InvalidArgument: `unsupported compression type "br"`.
absl::StatusOr<Compression> ParseCompression(std::string_view name);
// The name as Content-Encoding has it; "" for kNone.
std::string_view CompressionName(Compression kind);
// Lets a Config hold a Compression member.
void DecodeField(const ConfigNode& node, Compression& out, DecodeContext& context);

class Compressor {
 public:
  // `level` in the reference's numbers: gzip, zlib, deflate -2 to 9 (0 and below: the fastest, which is level 1); zstd below 3
  // fastest, 3 default, 6 better, 10 best. Others have no levels.
  // kSnappy writes one raw block, kSnappyFramed the stream format.
  explicit Compressor(Compression kind, int level = 0);
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;

  Compression kind() const;
  // The packed form, valid until the next call or the end of the compressor. Never fails on valid memory; the result is empty
  // only if a library refused, which is a bug.
  std::string_view Compress(std::string_view plain);
  // The same for a message in pieces.
  std::string_view Compress(const std::vector<Buffer>& plain);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(Decompressor&&) noexcept;
  Decompressor& operator=(Decompressor&&) noexcept;

  // The plain form; never more than `limit` bytes. InvalidArgument for damaged input, with the reference's words where it has any;
  // ResourceExhausted when the plain form would be larger than `limit`. kSnappy reads both raw blocks and the stream format.
  absl::StatusOr<Buffer> Decompress(Compression kind, std::string_view packed, size_t limit);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The pieces as one: the piece itself when there is one, else a copy in `scratch`.
std::string_view Flatten(const std::vector<Buffer>& pieces, std::string& scratch);
// A buffer that owns a copy of `text`.
Buffer CopyToBuffer(std::string_view text);

}  // namespace otelpipe
