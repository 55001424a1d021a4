// The format of a store's segment files, and reading one that may be damaged anywhere.
//
//   std::string record = EncodeRecordHead(mark, offset, body);  // then the body
//   ScanResult found = ScanSegment(bytes, [&](int64_t at, std::string_view body) { ... });
//
// Format 2: "OTPSEG2\n", u32 mark, u32 CRC32C of these 12 bytes; then records: u32 mark, u32 length of the body, u32 CRC32C, body. The mark is a random
// number of the file. The CRC is over mark, offset of the record, length and body, so a copy of a record inside of a value, or at another place, is none.
// Format 1 (read only): "OTPSEG1\n"; records: u32 length, u32 CRC32C of the body, body.
// A body is one or more writes: u8 kind (1 set, 2 delete, 3 forget all before), u32 key length, u32 value length, key, value. Little-endian.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace otelpipe::file_storage {

enum class WriteKind : uint8_t { kSet = 1, kDelete = 2, kClear = 3 };

constexpr size_t kWriteHead = 9;
constexpr size_t kSegmentHead = 16;
constexpr size_t kRecordHead = 12;
constexpr uint32_t kMaxBody = 1u << 30;

// The first bytes of a write; key and value follow.
void AppendWriteHead(std::string& out, WriteKind kind, size_t key_size, size_t value_size);
std::string EncodeSegmentHead(uint32_t mark);
// The head of the record at `offset` of the file, for a body that is given in pieces.
std::string EncodeRecordHead(uint32_t mark, int64_t offset, const std::vector<std::string_view>& body);

// Calls `write` for each write of a well-formed body, with the offset of the value in the body. False, without any call, for another body.
struct WriteView {
  WriteKind kind;
  std::string_view key;
  std::string_view value;
  size_t value_offset;
};
bool ForEachWrite(std::string_view body, const std::function<void(const WriteView&)>& write);

struct ScanResult {
  int format = 0;           // 1 or 2; 0 when nothing was recognised
  uint32_t mark = 0;        // format 2
  size_t records = 0;       // good ones
  size_t skipped = 0;       // damaged stretches
  int64_t skipped_bytes = 0;
  int64_t torn_at = -1;     // where the damage begins that reaches to the end of the file, or -1
};

// Reads all good records in their order. Behind damage it goes on with the next good record.
ScanResult ScanSegment(std::string_view bytes, const std::function<void(int64_t body_offset, std::string_view body)>& take,
                       std::string* damaged_bytes = nullptr);

}  // namespace otelpipe::file_storage
