#include "shared/compression/compression.h"

#include <catch2/catch.hpp>
#include <random>

namespace otelpipe {
namespace {

constexpr Compression kAll[] = {Compression::kGzip,   Compression::kZlib,         Compression::kDeflate, Compression::kZstd,
                                Compression::kSnappy, Compression::kSnappyFramed, Compression::kLz4};

std::string Text(size_t size) {
  std::string text;
  while (text.size() < size) text += "line " + std::to_string(text.size() * 7919 % 10007) + " of a log\n";
  text.resize(size);
  return text;
}

TEST_CASE("what is packed unpacks to the same bytes", "[shared][compression]") {
  Decompressor decompressor;
  for (Compression kind : kAll) {
    Compressor compressor(kind);
    for (size_t size : {0, 1, 10, 1000, 70000, 1000000}) {
      const std::string plain = Text(size);
      const std::string packed(compressor.Compress(plain));
      INFO(CompressionName(kind) << " " << size);
      absl::StatusOr<Buffer> back = decompressor.Decompress(kind, packed, size);
      REQUIRE(back.ok());
      CHECK(back->bytes == plain);
      if (size >= 70000) CHECK(packed.size() < size / 2);
    }
  }
}

TEST_CASE("pieces pack to the same bytes as the whole", "[shared][compression]") {
  const std::string plain = Text(5000);
  Compressor one(Compression::kGzip);
  Compressor two(Compression::kGzip);
  std::vector<Buffer> pieces = {CopyToBuffer(plain.substr(0, 100)), CopyToBuffer(""), CopyToBuffer(plain.substr(100))};
  CHECK(std::string(one.Compress(plain)) == std::string(two.Compress(pieces)));
}

TEST_CASE("a plain form beyond the limit is refused", "[shared][compression]") {
  // Guarantees: a bomb costs no more memory than the limit, and says so.
  Decompressor decompressor;
  const std::string zeros(4 << 20, '\0');
  for (Compression kind : kAll) {
    INFO(CompressionName(kind));
    Compressor compressor(kind);
    const std::string packed(compressor.Compress(zeros));
    CHECK(absl::IsResourceExhausted(decompressor.Decompress(kind, packed, 1 << 20).status()));
    CHECK(decompressor.Decompress(kind, packed, zeros.size()).ok());
    CHECK(absl::IsResourceExhausted(decompressor.Decompress(kind, packed, zeros.size() - 1).status()));
  }
}

TEST_CASE("damaged and cut input is an error, never a crash", "[shared][compression]") {
  Decompressor decompressor;
  std::mt19937 random(7);
  for (Compression kind : kAll) {
    INFO(CompressionName(kind));
    Compressor compressor(kind);
    const std::string packed(compressor.Compress(Text(3000)));
    for (size_t n : {packed.size() - 1, packed.size() / 2, size_t{3}}) {
      CHECK_FALSE(decompressor.Decompress(kind, packed.substr(0, n), 1 << 20).ok());
    }
    for (int i = 0; i < 300; ++i) {
      std::string bad = packed;
      bad[random() % bad.size()] ^= static_cast<char>(1 + random() % 255);
      absl::StatusOr<Buffer> out = decompressor.Decompress(kind, bad, 1 << 20);
      if (out.ok()) CHECK(out->bytes.size() <= 1 << 20);
    }
  }
}

TEST_CASE("errors carry the reference's words", "[shared][compression]") {
  Decompressor d;
  const auto message = [&](Compression kind, std::string_view in) {
    const absl::Status status = d.Decompress(kind, in, 1000).status();
    return std::string(status.message().data(), status.message().size());
  };
  CHECK(message(Compression::kZlib, "not a zlib stream") == "zlib: invalid header");
  CHECK(message(Compression::kGzip, "not a gzip stream") == "gzip: invalid header");
  CHECK(message(Compression::kZstd, "not a zstd stream") == "invalid input: magic number mismatch");
  CHECK(message(Compression::kLz4, "not an lz4 stream") == "lz4: bad magic number");
  CHECK(message(Compression::kSnappy, "not snappy \xff\xff") == "snappy: corrupt input");
}

TEST_CASE("several gzip members are one text", "[shared][compression]") {
  Compressor c(Compression::kGzip);
  std::string both(c.Compress("one "));
  both += c.Compress("two");
  Decompressor d;
  absl::StatusOr<Buffer> out = d.Decompress(Compression::kGzip, both, 100);
  REQUIRE(out.ok());
  CHECK(out->bytes == "one two");
  CHECK_FALSE(d.Decompress(Compression::kGzip, both + "trailing", 100).ok());
}

TEST_CASE("names parse and print", "[shared][compression]") {
  for (Compression kind : kAll) CHECK(*ParseCompression(CompressionName(kind)) == kind);
  CHECK(*ParseCompression("none") == Compression::kNone);
  CHECK(*ParseCompression("") == Compression::kNone);
  CHECK(ParseCompression("br").status().message() == "unsupported compression type \"br\"");
}

}  // namespace
}  // namespace otelpipe
