// Packed bodies from anywhere: never more than the limit comes out, and what we pack unpacks to the same.
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "shared/compression/compression.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using otelpipe::Compression;
  constexpr Compression kKinds[] = {Compression::kGzip,   Compression::kZlib,         Compression::kDeflate,
                                    Compression::kSnappy, Compression::kSnappyFramed, Compression::kZstd,
                                    Compression::kLz4};
  constexpr size_t kLimit = 1 << 20;
  if (size < 1) return 0;
  static auto* const decompressor = new otelpipe::Decompressor;
  const Compression kind = kKinds[data[0] % std::size(kKinds)];
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const absl::StatusOr<otelpipe::Buffer> plain = decompressor->Decompress(kind, bytes, kLimit);
  if (plain.ok() && plain->bytes.size() > kLimit) std::abort();
  otelpipe::Compressor compressor(kind, data[0] / std::size(kKinds));
  const std::string packed(compressor.Compress(bytes));
  const absl::StatusOr<otelpipe::Buffer> back = decompressor->Decompress(kind, packed, size);
  if (!back.ok() || back->bytes != bytes) std::abort();
  // What was too large by one byte is refused.
  if (bytes.size() > 1 && decompressor->Decompress(kind, packed, bytes.size() - 1).ok()) std::abort();
  return 0;
}
