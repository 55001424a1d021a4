#include "extension/file_storage/segment.h"

#include <cstring>

#include "extension/file_storage/crc32c.h"

namespace otelpipe::file_storage {
namespace {

constexpr std::string_view kMagic1 = "OTPSEG1\n";
constexpr std::string_view kMagic2 = "OTPSEG2\n";
constexpr size_t kRecordHead1 = 8;

void AppendU32(std::string& out, uint32_t v) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(v >> (8 * i) & 0xFF);
}
uint32_t ReadU32(const char* p) {
  uint32_t v = 0;
  for (int i = 3; i >= 0; --i) v = v << 8 | static_cast<unsigned char>(p[i]);
  return v;
}

uint32_t StartCrc(uint32_t mark, int64_t offset, uint32_t length) {
  std::string seed;
  AppendU32(seed, mark);
  AppendU32(seed, static_cast<uint32_t>(offset));
  AppendU32(seed, static_cast<uint32_t>(offset >> 32));
  AppendU32(seed, length);
  return Crc32c(seed);
}

// Reads one file in one of the formats.
class Scanner {
 public:
  Scanner(std::string_view bytes, int format) : bytes_(bytes), format_(format) {
    at_ = format == 1 ? kMagic1.size() : kSegmentHead;
    if (format == 2 && bytes.size() >= kSegmentHead && bytes.substr(0, 8) == kMagic2 &&
        Crc32c(bytes.substr(0, 12)) == ReadU32(bytes.data() + 12)) {
      mark_ = ReadU32(bytes.data() + 8);
      know_mark_ = true;
    }
  }

  ScanResult Run(const std::function<void(int64_t, std::string_view)>& take, std::string* damaged) {
    ScanResult out;
    // A file shorter than its head is one that was just being made.
    if (bytes_.size() < at_) {
      Skip(out, 0, bytes_.size(), damaged);
      return out;
    }
    while (at_ < bytes_.size()) {
      if (std::string_view body = RecordAt(at_); !body.empty()) {
        Take(out, body, take);
        continue;
      }
      const size_t begin = at_;
      std::string_view body;
      while (body.empty() && NextCandidate()) body = RecordAt(at_);
      if (body.empty()) at_ = bytes_.size();
      Skip(out, begin, at_, damaged);
      if (!body.empty()) Take(out, body, take);
    }
    out.mark = mark_;
    if (out.records > 0 || know_mark_) out.format = format_;
    return out;
  }

 private:
  size_t head() const { return format_ == 1 ? kRecordHead1 : kRecordHead; }

  void Take(ScanResult& out, std::string_view body, const std::function<void(int64_t, std::string_view)>& take) {
    if (format_ == 2 && !know_mark_) {
      mark_ = ReadU32(bytes_.data() + at_);
      know_mark_ = true;
    }
    ++out.records;
    take(static_cast<int64_t>(at_ + head()), body);
    at_ += head() + body.size();
  }

  void Skip(ScanResult& out, size_t begin, size_t end, std::string* damaged) {
    if (begin == end) return;
    ++out.skipped;
    out.skipped_bytes += static_cast<int64_t>(end - begin);
    if (end == bytes_.size()) out.torn_at = static_cast<int64_t>(begin);
    if (damaged != nullptr) damaged->append(bytes_.substr(begin, end - begin));
  }

  // Moves to the next place where a record could begin.
  bool NextCandidate() {
    if (++at_ + head() > bytes_.size()) return false;
    if (format_ == 1 || !know_mark_) return true;
    std::string mark;
    AppendU32(mark, mark_);
    const void* found = ::memmem(bytes_.data() + at_, bytes_.size() - at_, mark.data(), mark.size());
    if (found == nullptr) return false;
    at_ = static_cast<size_t>(static_cast<const char*>(found) - bytes_.data());
    return at_ + head() <= bytes_.size();
  }

  // The body of the record at `at`, empty when there is no good one.
  std::string_view RecordAt(size_t at) const {
    if (at + head() > bytes_.size()) return {};
    const char* p = bytes_.data() + at;
    uint32_t length = 0, crc = 0, sum = 0;
    if (format_ == 1) {
      length = ReadU32(p);
      crc = ReadU32(p + 4);
    } else {
      const uint32_t mark = ReadU32(p);
      if (know_mark_ && mark != mark_) return {};
      length = ReadU32(p + 4);
      crc = ReadU32(p + 8);
      sum = StartCrc(mark, static_cast<int64_t>(at), length);
    }
    if (length < kWriteHead || length > kMaxBody || length > bytes_.size() - at - head()) return {};
    const std::string_view body = bytes_.substr(at + head(), length);
    // The form first: it is cheap and refuses nearly everything.
    if (!ForEachWrite(body, [](const WriteView&) {}) || Crc32c(body, sum) != crc) return {};
    return body;
  }

  std::string_view bytes_;
  int format_;
  size_t at_ = 0;
  uint32_t mark_ = 0;
  bool know_mark_ = false;
};

}  // namespace

void AppendWriteHead(std::string& out, WriteKind kind, size_t key_size, size_t value_size) {
  out += static_cast<char>(kind);
  AppendU32(out, static_cast<uint32_t>(key_size));
  AppendU32(out, static_cast<uint32_t>(value_size));
}

std::string EncodeSegmentHead(uint32_t mark) {
  std::string out(kMagic2);
  AppendU32(out, mark);
  AppendU32(out, Crc32c(out));
  return out;
}

std::string EncodeRecordHead(uint32_t mark, int64_t offset, const std::vector<std::string_view>& body) {
  size_t length = 0;
  for (std::string_view piece : body) length += piece.size();
  uint32_t crc = StartCrc(mark, offset, static_cast<uint32_t>(length));
  for (std::string_view piece : body) crc = Crc32c(piece, crc);
  std::string out;
  AppendU32(out, mark);
  AppendU32(out, static_cast<uint32_t>(length));
  AppendU32(out, crc);
  return out;
}

bool ForEachWrite(std::string_view body, const std::function<void(const WriteView&)>& write) {
  // Looked through before anything is taken, so that a record counts as a whole.
  for (int pass = 0; pass < 2; ++pass) {
    size_t at = 0;
    while (at < body.size()) {
      if (body.size() - at < kWriteHead) return false;
      const auto kind = static_cast<uint8_t>(body[at]);
      const uint64_t key = ReadU32(body.data() + at + 1), value = ReadU32(body.data() + at + 5);
      const uint64_t cost = kWriteHead + key + value;
      if (kind < 1 || kind > 3 || cost > body.size() - at) return false;
      if (pass == 1) {
        write({static_cast<WriteKind>(kind), body.substr(at + kWriteHead, key), body.substr(at + kWriteHead + key, value),
               at + kWriteHead + key});
      }
      at += cost;
    }
  }
  return true;
}

ScanResult ScanSegment(std::string_view bytes, const std::function<void(int64_t, std::string_view)>& take,
                       std::string* damaged_bytes) {
  if (bytes.substr(0, kMagic1.size()) == kMagic1) return Scanner(bytes, 1).Run(take, damaged_bytes);
  ScanResult out = Scanner(bytes, 2).Run(take, damaged_bytes);
  if (out.format != 0) return out;
  // Neither head nor a record of format 2: perhaps a file of format 1 with a damaged head.
  std::string damaged;
  ScanResult old = Scanner(bytes, 1).Run(take, &damaged);
  if (old.records == 0) return out;
  if (damaged_bytes != nullptr) *damaged_bytes = std::move(damaged);
  return old;
}

}  // namespace otelpipe::file_storage
