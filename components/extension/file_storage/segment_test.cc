#include "extension/file_storage/segment.h"

#include <catch2/catch.hpp>
#include <random>

#include "extension/file_storage/crc32c.h"

namespace otelpipe::file_storage {
namespace {

std::string Body(std::string_view key, std::string_view value) {
  std::string body;
  AppendWriteHead(body, WriteKind::kSet, key.size(), value.size());
  return body.append(key).append(value);
}

struct File {
  std::string bytes = EncodeSegmentHead(0x12345678);
  std::vector<size_t> begins;
  void Add(std::string_view body) {
    begins.push_back(bytes.size());
    bytes += EncodeRecordHead(0x12345678, static_cast<int64_t>(bytes.size()), {body});
    bytes += body;
  }
};

std::vector<std::string> Keys(std::string_view bytes, ScanResult* result = nullptr) {
  std::vector<std::string> keys;
  ScanResult found = ScanSegment(bytes, [&](int64_t at, std::string_view body) {
    CHECK(bytes.substr(static_cast<size_t>(at), body.size()) == body);
    ForEachWrite(body, [&](const WriteView& w) { keys.emplace_back(w.key); });
  });
  if (result != nullptr) *result = found;
  return keys;
}

File Numbered(int n) {
  File file;
  for (int i = 0; i < n; ++i) file.Add(Body(std::to_string(i), std::string(20, 'v')));
  return file;
}

void AppendU32(std::string& out, uint32_t v) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(v >> (8 * i) & 0xFF);
}

}  // namespace

TEST_CASE("A flipped byte costs the record it is in and no other", "[extension][file_storage]") {
  const File file = Numbered(10);
  for (size_t at = kSegmentHead; at < file.bytes.size(); ++at) {
    std::string damaged = file.bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    ScanResult found;
    const std::vector<std::string> keys = Keys(damaged, &found);
    CHECK(keys.size() == 9);
    CHECK(found.skipped == 1);
    CHECK((found.torn_at >= 0) == (at >= file.begins.back()));
  }
}

TEST_CASE("A damaged head costs nothing", "[extension][file_storage]") {
  const File file = Numbered(5);
  for (size_t at = 0; at < kSegmentHead; ++at) {
    std::string damaged = file.bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    CHECK(Keys(damaged).size() == 5);
  }
}

TEST_CASE("A torn file gives what is whole", "[extension][file_storage]") {
  const File file = Numbered(5);
  for (size_t size = 0; size <= file.bytes.size(); ++size) {
    size_t whole = 0;
    for (size_t i = 0; i < file.begins.size(); ++i) {
      if (size >= (i + 1 < file.begins.size() ? file.begins[i + 1] : file.bytes.size())) ++whole;
    }
    CHECK(Keys(std::string_view(file.bytes).substr(0, size)).size() == whole);
  }
}

TEST_CASE("A copy of records inside a value is never taken for records", "[extension][file_storage]") {
  File file;
  file.Add(Body("outer", Numbered(3).bytes));
  file.Add(Body("next", "x"));
  std::string damaged = file.bytes;
  damaged[file.begins[0] + kRecordHead + kWriteHead] = 'O';
  CHECK(Keys(damaged) == std::vector<std::string>{"next"});
}

TEST_CASE("Files of format 1 are read, behind damage too", "[extension][file_storage]") {
  std::string bytes = "OTPSEG1\n";
  for (std::string key : {"a", "b", "c"}) {
    const std::string body = Body(key, "value");
    AppendU32(bytes, static_cast<uint32_t>(body.size()));
    AppendU32(bytes, Crc32c(body));
    bytes += body;
  }
  CHECK(Keys(bytes) == std::vector<std::string>{"a", "b", "c"});
  std::string damaged = bytes;
  damaged[40] = '!';
  CHECK(Keys(damaged) == std::vector<std::string>{"a", "c"});
  damaged = bytes;
  damaged[0] = 'o';
  CHECK(Keys(damaged) == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("The sum is CRC32C, in one part or several", "[extension][file_storage]") {
  CHECK(Crc32c("123456789") == 0xE3069283u);
  CHECK(Crc32c("6789", Crc32c("12345")) == 0xE3069283u);
  CHECK(Crc32c("0123456789abcdefghij", 0) == Crc32c("89abcdefghij", Crc32c("01234567")));
}

}  // namespace otelpipe::file_storage
