#include "extension/file_storage/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::file_storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "OTPSEG1\n";
constexpr uint32_t kMaxRecord = 1u << 30;
constexpr uint8_t kSet = 1, kDelete = 2, kClear = 3;
constexpr size_t kWriteHeader = 9;

absl::Status Failed(const char* call, const std::string& path, int error = errno) {
  return absl::UnavailableError(absl::StrCat(call, " ", path, ": ", std::strerror(error)));
}

void AppendU32(std::string& out, uint32_t v) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(v >> (8 * i) & 0xFF);
}
uint32_t ReadU32(const char* p) {
  uint32_t v = 0;
  for (int i = 3; i >= 0; --i) v = v << 8 | static_cast<unsigned char>(p[i]);
  return v;
}

bool ReadAll(int fd, int64_t offset, char* out, size_t n) {
  while (n > 0) {
    ssize_t r = ::pread(fd, out, n, offset);
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) return false;
    out += r, offset += r, n -= static_cast<size_t>(r);
  }
  return true;
}
bool WriteAll(int fd, int64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t r = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(r));
    offset += r;
  }
  return true;
}

void AppendWrite(std::string& out, uint8_t kind, std::string_view key, std::string_view value) {
  out += static_cast<char>(kind);
  AppendU32(out, static_cast<uint32_t>(key.size()));
  AppendU32(out, static_cast<uint32_t>(value.size()));
  out += key;
  out += value;
}

}  // namespace

uint32_t Crc32c(std::string_view bytes, uint32_t crc) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? c >> 1 ^ 0x82F63B78u : c >> 1;
      t[i] = c;
    }
    return t;
  }();
  crc = ~crc;
  for (char b : bytes) crc = table[(crc ^ static_cast<unsigned char>(b)) & 0xFF] ^ crc >> 8;
  return ~crc;
}

std::string ClientName(ComponentKind kind, const ComponentId& id, std::string_view name) {
  std::string raw = absl::StrCat(A(KindName(kind)), "_", id.type, "_", id.name);
  if (!name.empty()) absl::StrAppend(&raw, "_", A(name));
  std::string out;
  for (size_t i = 0; i < raw.size();) {
    unsigned char b = static_cast<unsigned char>(raw[i]);
    if ((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '.' || b == '-' || b == '_') {
      out += raw[i++];
      continue;
    }
    // The code point in at least four digits, as the reference names its files.
    uint32_t c = b;
    size_t extra = b >= 0xF0 ? 3 : b >= 0xE0 ? 2 : b >= 0xC0 ? 1 : 0;
    if (extra > 0 && i + extra < raw.size()) {
      c = b & (0x3Fu >> extra);
      for (size_t k = 1; k <= extra; ++k) c = c << 6 | (static_cast<unsigned char>(raw[i + k]) & 0x3F);
      i += extra;
    }
    ++i;
    char hex[16];
    std::snprintf(hex, sizeof(hex), "~%04X", c);
    out += hex;
  }
  return out;
}

Store::~Store() {
  for (auto& [number, segment] : segments_) {
    if (segment.fd >= 0) ::close(segment.fd);
  }
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

std::string Store::PathOf(uint64_t number, const char* extension) const {
  return absl::StrCat(folder_, "/", absl::Dec(number, absl::kZeroPad10), extension);
}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(std::string folder, StoreOptions options,
                                                   const std::function<void(std::string)>& report) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return Failed("mkdir", folder);
  std::unique_ptr<Store> store(new Store(std::move(folder), options));
  OTELPIPE_RETURN_IF_ERROR(store->Lock());
  OTELPIPE_RETURN_IF_ERROR(store->Load(report));
  return store;
}

absl::Status Store::Lock() {
  std::string path = folder_ + "/lock";
  lock_fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd_ < 0) return Failed("open", path);
  absl::Time limit = absl::Now() + options_.lock_timeout;
  while (::flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return Failed("flock", path);
    if (absl::Now() >= limit) return absl::DeadlineExceededError("timeout");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return absl::OkStatus();
}

absl::Status Store::Load(const std::function<void(std::string)>& report) {
  std::vector<uint64_t> numbers;
  std::error_code ec;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, ec)) {
    std::string name = entry.path().filename().string();
    if (name.size() > 4 && name.substr(name.size() - 4) == ".tmp") {
      fs::remove(entry.path(), ec);  // of a compaction that did not get to its rename
    } else if (name.size() > 4 && name.substr(name.size() - 4) == ".seg") {
      uint64_t number = 0;
      std::from_chars(name.data(), name.data() + name.size() - 4, number);
      if (number > 0) numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  for (uint64_t number : numbers) OTELPIPE_RETURN_IF_ERROR(LoadSegment(number, report));
  if (segments_.empty()) return NewSegment(1);
  return absl::OkStatus();
}

absl::Status Store::LoadSegment(uint64_t number, const std::function<void(std::string)>& report) {
  std::string path = PathOf(number, ".seg");
  Segment& segment = segments_[number];
  segment.fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (segment.fd < 0) return Failed("open", path);
  struct stat st;
  if (::fstat(segment.fd, &st) != 0) return Failed("stat", path);
  int64_t good = 0;
  char header[8];
  if (st.st_size >= 8 && ReadAll(segment.fd, 0, header, 8) && std::string_view(header, 8) == kMagic) {
    good = 8;
    std::string body;
    while (good + 8 <= st.st_size && ReadAll(segment.fd, good, header, 8)) {
      uint32_t length = ReadU32(header);
      if (length > kMaxRecord || good + 8 + length > st.st_size) break;
      body.resize(length);
      if (!ReadAll(segment.fd, good + 8, body.data(), length) || Crc32c(body) != ReadU32(header + 4)) break;
      if (!Index(number, good + 8, body)) break;
      good += 8 + length;
    }
  }
  if (good < st.st_size) {
    // The rest is kept for whoever wants to look; the segment goes on behind its readable front.
    std::string rest(static_cast<size_t>(st.st_size - good), '\0');
    std::string aside = PathOf(number, ".damaged");
    int fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
      if (ReadAll(segment.fd, good, rest.data(), rest.size())) (void)WriteAll(fd, 0, rest);
      ::close(fd);
    }
    report(absl::StrCat(path, ": ", st.st_size - good, " bytes behind offset ", good, " are torn or damaged; set aside as ", aside));
    if (::ftruncate(segment.fd, good) != 0) return Failed("truncate", path);
  }
  if (good == 0) {
    if (!WriteAll(segment.fd, 0, kMagic)) return Failed("write", path);
    good = 8;
  }
  segment.size = good;
  total_ += good;
  return absl::OkStatus();
}

absl::Status Store::NewSegment(uint64_t number) {
  std::string path = PathOf(number, ".seg");
  Segment segment;
  segment.fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (segment.fd < 0) return Failed("open", path);
  if (!WriteAll(segment.fd, 0, kMagic)) {
    ::close(segment.fd);
    return Failed("write", path);
  }
  segment.size = static_cast<int64_t>(kMagic.size());
  total_ += segment.size;
  segments_[number] = segment;
  return absl::OkStatus();
}

absl::Status Store::SyncFolder() const {
  int fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("open", folder_);
  int r = ::fsync(fd);
  int error = errno;
  ::close(fd);
  return r == 0 ? absl::OkStatus() : Failed("fsync", folder_, error);
}

void Store::Put(std::string key, Place place) {
  Drop(key);
  live_ += place.cost;
  segments_[place.segment].live += place.cost;
  index_.emplace(std::move(key), place);
}

void Store::Drop(const std::string& key) {
  auto it = index_.find(key);
  if (it == index_.end()) return;
  live_ -= it->second.cost;
  segments_[it->second.segment].live -= it->second.cost;
  index_.erase(it);
}

// The oldest segments without anything live can go: what they delete is in themselves or gone.
void Store::DropDeadSegments() {
  while (segments_.size() > 1 && segments_.begin()->second.live == 0) {
    auto& [number, segment] = *segments_.begin();
    ::close(segment.fd);
    ::unlink(PathOf(number, ".seg").c_str());
    total_ -= segment.size;
    segments_.erase(segments_.begin());
  }
}

bool Store::Index(uint64_t segment, int64_t body_offset, std::string_view body) {
  // Looked through before anything is taken, so that a record counts as a whole.
  for (int pass = 0; pass < 2; ++pass) {
    size_t at = 0;
    while (at < body.size()) {
      if (body.size() - at < kWriteHeader) return false;
      auto kind = static_cast<uint8_t>(body[at]);
      uint64_t key_length = ReadU32(body.data() + at + 1), value_length = ReadU32(body.data() + at + 5);
      uint64_t cost = kWriteHeader + key_length + value_length;
      if (kind < kSet || kind > kClear || cost > body.size() - at) return false;
      if (pass == 1 && kind == kClear) {
        index_.clear();
        live_ = 0;
        for (auto& [other, state] : segments_) state.live = 0;
      } else if (pass == 1) {
        std::string key(body.substr(at + kWriteHeader, key_length));
        if (kind == kSet) {
          Put(std::move(key), {segment, body_offset + static_cast<int64_t>(at + kWriteHeader + key_length),
                               static_cast<uint32_t>(value_length), static_cast<uint32_t>(cost)});
        } else {
          Drop(key);
        }
      }
      at += cost;
    }
  }
  return true;
}

absl::Status Store::AppendRecord(Segment& segment, std::string_view body, int64_t& body_offset) const {
  std::string record;
  record.reserve(body.size() + 8);
  AppendU32(record, static_cast<uint32_t>(body.size()));
  AppendU32(record, Crc32c(body));
  record += body;
  if (!WriteAll(segment.fd, segment.size, record)) {
    int error = errno;
    // What was half written must not be taken for a record's start later.
    (void)!::ftruncate(segment.fd, segment.size);
    return Failed("write", folder_, error);
  }
  body_offset = segment.size + 8;
  segment.size += static_cast<int64_t>(record.size());
  return absl::OkStatus();
}

absl::StatusOr<std::string> Store::Get(std::string_view key) {
  auto it = index_.find(key);
  if (it == index_.end()) return absl::NotFoundError(absl::StrCat("no value for key ", A(key)));
  const Place& place = it->second;
  std::string value(place.length, '\0');
  if (!ReadAll(segments_[place.segment].fd, place.offset, value.data(), value.size())) {
    return Failed("read", PathOf(place.segment, ".seg"));
  }
  return value;
}

absl::Status Store::Set(std::string_view key, std::string_view value) {
  return Apply({Write{std::string(key), std::string(value), false}});
}

absl::Status Store::Delete(std::string_view key) {
  if (index_.find(key) == index_.end()) return absl::OkStatus();
  return Apply({Write{std::string(key), "", true}});
}

absl::Status Store::Apply(const std::vector<Write>& writes) {
  std::string body;
  for (const Write& w : writes) {
    if (w.key.size() + w.value.size() + body.size() + kWriteHeader > kMaxRecord) {
      return absl::InvalidArgumentError("a write of more than 1 GiB");
    }
    AppendWrite(body, w.remove ? kDelete : kSet, w.key, w.remove ? std::string_view() : std::string_view(w.value));
  }
  if (body.empty()) return absl::OkStatus();
  auto& [number, segment] = *segments_.rbegin();
  int64_t before = segment.size;
  int64_t body_offset = 0;
  OTELPIPE_RETURN_IF_ERROR(AppendRecord(segment, body, body_offset));
  if (options_.fsync && ::fdatasync(segment.fd) != 0) return Failed("fsync", folder_);
  total_ += segment.size - before;
  Index(number, body_offset, body);
  if (segment.size > options_.segment_size) OTELPIPE_RETURN_IF_ERROR(NewSegment(number + 1));
  DropDeadSegments();
  if (total_ > options_.compact_above && live_ < total_ / 4) return Compact();
  return absl::OkStatus();
}

absl::Status Store::Compact() {
  uint64_t number = segments_.rbegin()->first + 1;
  std::string path = PathOf(number, ".seg"), temporary = PathOf(number, ".tmp");
  Segment next;
  next.fd = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (next.fd < 0) return Failed("open", temporary);
  auto give_up = [&](absl::Status status) {
    ::close(next.fd);
    ::unlink(temporary.c_str());
    return status;
  };
  if (!WriteAll(next.fd, 0, kMagic)) return give_up(Failed("write", temporary));
  next.size = static_cast<int64_t>(kMagic.size());
  std::map<std::string, Place, std::less<>> places;
  // Older segments may survive a crash; this makes them void.
  std::string clear;
  AppendWrite(clear, kClear, "", "");
  int64_t ignored = 0;
  absl::Status cleared = AppendRecord(next, clear, ignored);
  if (!cleared.ok()) return give_up(cleared);
  for (const auto& [key, place] : index_) {
    absl::StatusOr<std::string> value = Get(key);
    if (!value.ok()) return give_up(value.status());
    std::string body;
    AppendWrite(body, kSet, key, *value);
    int64_t offset = 0;
    absl::Status appended = AppendRecord(next, body, offset);
    if (!appended.ok()) return give_up(appended);
    places[key] = {number, offset + static_cast<int64_t>(kWriteHeader + key.size()), place.length, place.cost};
  }
  if (::fsync(next.fd) != 0) return give_up(Failed("fsync", temporary));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up(Failed("rename", temporary));
  // The old segments go only when the new name is on the disk.
  absl::Status synced = SyncFolder();
  index_ = std::move(places);
  for (auto& [old, segment] : segments_) {
    ::close(segment.fd);
    if (synced.ok()) ::unlink(PathOf(old, ".seg").c_str());
  }
  segments_.clear();
  total_ = next.size;
  next.live = live_;
  segments_[number] = next;
  return synced;
}

std::vector<std::string> Store::Keys() {
  std::vector<std::string> keys;
  keys.reserve(index_.size());
  for (const auto& [key, place] : index_) keys.push_back(key);
  return keys;
}

absl::StatusOr<std::string> Store::Directory() {
  std::string path = folder_ + "/data";
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Failed("mkdir", path);
  return path;
}

}  // namespace otelpipe::file_storage
