#include "shared/compression/snappy_stream.h"

#include <snappy.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace otelpipe::internal {
namespace {

constexpr std::string_view kIdentifier("\xff\x06\x00\x00sNaPpY", 10);
constexpr size_t kMaxChunk = 65536;
enum ChunkType : uint8_t { kCompressed = 0x00, kPlain = 0x01, kFirstSkippable = 0x80 };

// CRC-32C (Castagnoli), reflected, a byte at a time: framed snappy is rare and small.
constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0x82f63b78u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kTable = MakeTable();

uint32_t MaskedCrc(std::string_view data) {
  uint32_t crc = 0xffffffffu;
  for (char c : data) crc = kTable[(crc ^ static_cast<uint8_t>(c)) & 0xff] ^ (crc >> 8);
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

void AppendLittle(uint32_t value, int bytes, std::string& out) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}
uint32_t ReadLittle(std::string_view data, int bytes) {
  uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= uint32_t{static_cast<uint8_t>(data[i])} << (8 * i);
  return value;
}

absl::Status Corrupt() { return absl::InvalidArgumentError("snappy: corrupt input"); }

}  // namespace

bool IsSnappyStream(std::string_view packed) { return packed.substr(0, kIdentifier.size()) == kIdentifier; }

void WriteSnappyStream(std::string_view plain, std::string& out) {
  out.append(kIdentifier);
  std::string block;
  while (!plain.empty()) {
    const std::string_view chunk = plain.substr(0, kMaxChunk);
    plain.remove_prefix(chunk.size());
    snappy::Compress(chunk.data(), chunk.size(), &block);
    const bool packed = block.size() < chunk.size() - chunk.size() / 8;  // less than an eighth won: not worth unpacking
    const std::string_view body = packed ? std::string_view(block) : chunk;
    out.push_back(static_cast<char>(packed ? kCompressed : kPlain));
    AppendLittle(static_cast<uint32_t>(body.size() + 4), 3, out);
    AppendLittle(MaskedCrc(chunk), 4, out);
    out.append(body);
  }
}

absl::Status ReadSnappyStream(std::string_view packed, size_t limit, std::string& out) {
  if (!IsSnappyStream(packed)) return Corrupt();
  std::string block;
  while (!packed.empty()) {
    if (packed.size() < 4) return absl::InvalidArgumentError("unexpected EOF");
    const uint8_t type = static_cast<uint8_t>(packed[0]);
    const size_t length = ReadLittle(packed.substr(1), 3);
    packed.remove_prefix(4);
    if (packed.size() < length) return absl::InvalidArgumentError("unexpected EOF");
    std::string_view body = packed.substr(0, length);
    packed.remove_prefix(length);
    if (type == kCompressed || type == kPlain) {
      if (body.size() < 4) return Corrupt();
      const uint32_t crc = ReadLittle(body, 4);
      body.remove_prefix(4);
      std::string_view plain = body;
      if (type == kCompressed) {
        size_t size = 0;
        if (!snappy::GetUncompressedLength(body.data(), body.size(), &size) || size > kMaxChunk) return Corrupt();
        block.resize(size);
        if (!snappy::RawUncompress(body.data(), body.size(), block.data())) return Corrupt();
        plain = block;
      } else if (plain.size() > kMaxChunk) {
        return Corrupt();
      }
      if (MaskedCrc(plain) != crc) return Corrupt();
      if (out.size() + plain.size() > limit) return absl::ResourceExhaustedError("plain form is too large");
      out.append(plain);
    } else if (type == 0xff) {
      if (body != kIdentifier.substr(4)) return Corrupt();
    } else if (type < kFirstSkippable) {
      return Corrupt();  // reserved, not skippable
    }
  }
  return absl::OkStatus();
}

}  // namespace otelpipe::internal
