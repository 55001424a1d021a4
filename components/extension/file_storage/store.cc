#include "extension/file_storage/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "extension/file_storage/segment.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::file_storage {
namespace {

namespace fs = std::filesystem;

// Room behind the newest segment that only removals may use: some thousands of them.
constexpr size_t kSpare = 64 << 10;
constexpr int64_t kReserveStep = 256 << 10;
// How much of a damaged file is kept aside.
constexpr size_t kMaxAside = 64 << 20;

bool NoSpace(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

absl::Status Failed(const char* call, const std::string& path, int error) {
  const std::string text = absl::StrCat(call, " ", path, ": ", std::strerror(error));
  return NoSpace(error) ? absl::ResourceExhaustedError(text) : absl::UnavailableError(text);
}
absl::Status Failed(const char* call, const std::string& path) { return Failed(call, path, errno); }

bool ReadAll(int fd, int64_t offset, char* out, size_t n) {
  while (n > 0) {
    ssize_t r = ::pread(fd, out, n, offset);
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) return false;
    out += r, offset += r, n -= static_cast<size_t>(r);
  }
  return true;
}

// Zero or the errno.
int WriteAll(int fd, int64_t offset, std::vector<std::string_view> pieces) {
  constexpr size_t kMost = 64;
  for (size_t first = 0; first < pieces.size();) {
    iovec io[kMost];
    size_t n = 0;
    for (size_t i = first; i < pieces.size() && n < kMost; ++i, ++n) io[n] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
    ssize_t r = ::pwritev(fd, io, static_cast<int>(n), offset);
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) return errno;
    offset += r;
    auto left = static_cast<size_t>(r);
    bool moved = left > 0;
    while (first < pieces.size() && left >= pieces[first].size()) left -= pieces[first++].size(), moved = true;
    if (first < pieces.size()) pieces[first].remove_prefix(left);
    if (!moved) return ENOSPC;
  }
  return 0;
}

// The whole file; blocks the disk cannot give are zeros, which no record is made of.
std::string ReadFile(int fd, size_t size) {
  std::string bytes(size, '\0');
  for (size_t at = 0; at < size;) {
    size_t n = std::min<size_t>(1 << 20, size - at);
    if (!ReadAll(fd, static_cast<int64_t>(at), bytes.data() + at, n)) {
      for (size_t block = at; block < at + n; block += 4096) {
        (void)ReadAll(fd, static_cast<int64_t>(block), bytes.data() + block, std::min<size_t>(4096, at + n - block));
      }
    }
    at += n;
  }
  return bytes;
}

void AppendWrite(std::string& out, WriteKind kind, std::string_view key, std::string_view value) {
  AppendWriteHead(out, kind, key.size(), value.size());
  out += key;
  out += value;
}

}  // namespace

Store::~Store() {
  WritePendingRemovals();
  CloseTail();
  if (read_fd_ >= 0) ::close(read_fd_);
  if (folder_fd_ >= 0) ::close(folder_fd_);
}

std::string Store::PathOf(uint64_t number, const char* extension) const {
  return absl::StrCat(folder_, "/", absl::Dec(number, absl::kZeroPad10), extension);
}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(std::string folder, StoreOptions options,
                                                   const std::function<void(std::string)>& report) {
  std::unique_ptr<Store> store(new Store(std::move(folder), options));
  absl::Status opened = store->OpenFolder();
  if (absl::IsResourceExhausted(opened)) {
    // A full disk passes: the folder is made with the first write then.
    report(std::string(opened.message()));
    return store;
  }
  OTELPIPE_RETURN_IF_ERROR(opened);
  OTELPIPE_RETURN_IF_ERROR(store->Load(report));
  if (::access(store->folder_.c_str(), W_OK) != 0) {
    report(absl::StrCat(store->folder_, " cannot be written (", std::strerror(errno),
                        "): what it holds is used, nothing new can be stored"));
  }
  return store;
}

absl::Status Store::OpenFolder() {
  if (folder_fd_ >= 0) return absl::OkStatus();
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) {
    const int error = errno;  // a read-only file system says so of what exists, too
    struct stat st;
    if (::stat(folder_.c_str(), &st) != 0 || !S_ISDIR(st.st_mode)) return Failed("mkdir", folder_, error);
  }
  int fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("open", folder_);
  const absl::Time limit = absl::Now() + options_.lock_timeout;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      absl::Status status = Failed("flock", folder_);
      ::close(fd);
      return status;
    }
    if (absl::Now() >= limit) {
      ::close(fd);
      return absl::DeadlineExceededError("timeout");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  folder_fd_ = fd;
  return absl::OkStatus();
}

absl::Status Store::Load(const std::function<void(std::string)>& report) {
  std::vector<uint64_t> numbers;
  std::error_code ec;
  fs::directory_iterator entries(folder_, ec);
  if (ec) return absl::UnavailableError(absl::StrCat("open ", folder_, ": ", ec.message()));
  for (; entries != fs::directory_iterator(); entries.increment(ec)) {
    const std::string name = entries->path().filename().string();
    if (name.size() > 4 && name.substr(name.size() - 4) == ".tmp") {
      std::error_code ignored;
      fs::remove(entries->path(), ignored);  // of a compaction that did not get to its rename
    } else if (name.size() > 4 && name.substr(name.size() - 4) == ".seg") {
      uint64_t number = 0;
      std::from_chars(name.data(), name.data() + name.size() - 4, number);
      if (number > 0) numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  for (uint64_t number : numbers) LoadSegment(number, report);
  // Writing goes on in a segment of its own: nothing is ever appended to a file that another run has written.
  if (!numbers.empty()) next_number_ = numbers.back() + 1;
  DropDeadSegments();
  return absl::OkStatus();
}

void Store::LoadSegment(uint64_t number, const std::function<void(std::string)>& report) {
  const std::string path = PathOf(number, ".seg");
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat st;
  if (fd < 0 || ::fstat(fd, &st) != 0) {
    report(absl::StrCat(path, " cannot be read: ", std::strerror(errno)));
    if (fd >= 0) ::close(fd);
    return;
  }
  const std::string bytes = ReadFile(fd, static_cast<size_t>(st.st_size));
  ::close(fd);
  Segment& segment = segments_[number];
  segment.size = st.st_size;
  total_ += segment.size;
  std::string damaged;
  const ScanResult found = ScanSegment(bytes, [&](int64_t at, std::string_view body) { Index(number, at, body); }, &damaged);
  if (found.skipped == 0) return;
  const std::string aside = PathOf(number, ".damaged");
  struct stat known;
  if (::stat(aside.c_str(), &known) == 0 && known.st_size == static_cast<int64_t>(std::min(damaged.size(), kMaxAside))) return;
  damaged_ += found.skipped_bytes;
  bool saved = false;
  if (int out = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); out >= 0) {
    saved = WriteAll(out, 0, {std::string_view(damaged).substr(0, kMaxAside)}) == 0;
    ::close(out);
    if (!saved) ::unlink(aside.c_str());
  }
  report(absl::StrCat(path, ": ", found.skipped_bytes, " bytes in ", found.skipped,
                      found.skipped == 1 ? " place are torn or damaged" : " places are torn or damaged",
                      saved ? absl::StrCat(", kept as ", aside) : std::string(), "; ", found.records,
                      found.records == 1 ? " record of this file is used" : " records of this file are used"));
  // A torn end needs no second look.
  if (saved && found.torn_at >= 0 && found.skipped == 1 && ::truncate(path.c_str(), found.torn_at) == 0) {
    total_ -= segment.size - found.torn_at;
    segment.size = found.torn_at;
  }
}

absl::StatusOr<Store::Tail> Store::NewTail(const std::string& path) {
  Tail tail;
  tail.fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (tail.fd < 0) return Failed("open", path);
  tail.mark = static_cast<uint32_t>(std::random_device{}());
  const std::string head = EncodeSegmentHead(tail.mark);
  if (int error = WriteAll(tail.fd, 0, {head}); error != 0) {
    ::close(tail.fd);
    ::unlink(path.c_str());
    return Failed("write", path, error);
  }
  tail.size = tail.reserved = static_cast<int64_t>(head.size());
  return tail;
}

absl::Status Store::EnsureTail() {
  OTELPIPE_RETURN_IF_ERROR(OpenFolder());
  if (tail_number_ != 0 && tail_.size <= options_.segment_size) return absl::OkStatus();
  absl::StatusOr<Tail> next = NewTail(PathOf(next_number_, ".seg"));
  if (!next.ok()) {
    // On a full disk the old one may still have room.
    return tail_number_ != 0 ? absl::OkStatus() : next.status();
  }
  CloseTail();
  tail_ = *next;
  tail_number_ = next_number_++;
  segments_[tail_number_].size = tail_.size;
  total_ += tail_.size;
  if (options_.fsync) return SyncFolder();
  return absl::OkStatus();
}

void Store::CloseTail() {
  if (tail_.fd < 0) return;
  if (tail_.reserved > tail_.size) (void)!::ftruncate(tail_.fd, tail_.size);  // gives back what was reserved
  ::close(tail_.fd);
  tail_ = Tail();
  tail_number_ = 0;
}

// False when the disk has no room for so much.
bool Store::Reserve(size_t bytes, size_t spare) {
  const int64_t need = tail_.size + static_cast<int64_t>(bytes + spare);
  if (!can_reserve_ || tail_.reserved >= need) return true;
  for (int64_t end : {need + kReserveStep, need}) {
    if (::fallocate(tail_.fd, FALLOC_FL_KEEP_SIZE, tail_.reserved, end - tail_.reserved) == 0) {
      tail_.reserved = end;
      return true;
    }
    if (errno != ENOSPC && errno != EDQUOT) {
      can_reserve_ = false;  // this file system cannot; writing will show
      return true;
    }
  }
  return false;
}

absl::StatusOr<int64_t> Store::AppendTo(Tail& tail, const Pieces& body, const std::string& name) {
  const std::string head = EncodeRecordHead(tail.mark, tail.size, body);
  Pieces all;
  all.reserve(body.size() + 1);
  all.push_back(head);
  all.insert(all.end(), body.begin(), body.end());
  size_t size = 0;
  for (std::string_view piece : all) size += piece.size();
  tail.error = WriteAll(tail.fd, tail.size, std::move(all));
  if (tail.error != 0) {
    // What was half written must not stand before the next record.
    if (::ftruncate(tail.fd, tail.size) == 0) tail.reserved = tail.size;
    return Failed("write", name, tail.error);
  }
  const int64_t body_offset = tail.size + static_cast<int64_t>(kRecordHead);
  tail.size += static_cast<int64_t>(size);
  tail.reserved = std::max(tail.reserved, tail.size);
  return body_offset;
}

absl::StatusOr<int64_t> Store::Append(const Pieces& body, bool only_removes) {
  size_t size = kRecordHead;
  for (std::string_view piece : body) size += piece.size();
  if (size > kMaxBody) return absl::InvalidArgumentError("a write of more than 1 GiB");
  OTELPIPE_RETURN_IF_ERROR(EnsureTail());
  if (!Reserve(size, only_removes ? 0 : kSpare) && !only_removes) {
    return Failed("write", PathOf(tail_number_, ".seg"), ENOSPC);
  }
  absl::StatusOr<int64_t> at = AppendTo(tail_, body, PathOf(tail_number_, ".seg"));
  if (!at.ok() && tail_.error == EFBIG && tail_.size > static_cast<int64_t>(kSegmentHead)) {
    // A limit of file sizes: another file may hold it.
    CloseTail();
    OTELPIPE_RETURN_IF_ERROR(EnsureTail());
    at = AppendTo(tail_, body, PathOf(tail_number_, ".seg"));
  }
  OTELPIPE_RETURN_IF_ERROR(at.status());
  Segment& segment = segments_[tail_number_];
  total_ += tail_.size - segment.size;
  segment.size = tail_.size;
  if (options_.fsync && !only_removes && ::fdatasync(tail_.fd) != 0) {
    // Nobody knows what is on the disk now: this file is not written any more.
    absl::Status status = Failed("fsync", PathOf(tail_number_, ".seg"));
    CloseTail();
    return status;
  }
  return *at;
}

absl::Status Store::SyncFolder() const {
  return ::fsync(folder_fd_) == 0 ? absl::OkStatus() : Failed("fsync", folder_);
}

void Store::Put(std::string_view key, Place place) {
  auto it = index_.find(key);
  if (it != index_.end()) {
    live_ -= it->second.cost;
    segments_[it->second.segment].live -= it->second.cost;
    it->second = place;
  } else {
    index_.emplace(std::string(key), place);
  }
  live_ += place.cost;
  segments_[place.segment].live += place.cost;
}

bool Store::Forget(std::string_view key) {
  auto it = index_.find(key);
  if (it == index_.end()) return false;
  live_ -= it->second.cost;
  segments_[it->second.segment].live -= it->second.cost;
  index_.erase(it);
  return true;
}

void Store::Index(uint64_t segment, int64_t body_offset, std::string_view body) {
  ForEachWrite(body, [&](const WriteView& write) {
    switch (write.kind) {
      case WriteKind::kClear:
        index_.clear();
        live_ = 0;
        for (auto& [other, state] : segments_) state.live = 0;
        break;
      case WriteKind::kDelete: Forget(write.key); break;
      case WriteKind::kSet:
        Put(write.key, {segment, body_offset + static_cast<int64_t>(write.value_offset), static_cast<uint32_t>(write.value.size()),
                        static_cast<uint32_t>(kWriteHead + write.key.size() + write.value.size()), Crc32c(write.value)});
    }
  });
}

absl::StatusOr<std::string> Store::Get(std::string_view key) {
  auto it = index_.find(key);
  if (it == index_.end()) return absl::NotFoundError(absl::StrCat("no value for key ", A(key)));
  const Place& place = it->second;
  const std::string path = PathOf(place.segment, ".seg");
  int fd = place.segment == tail_number_ ? tail_.fd : -1;
  if (fd < 0) {
    if (read_number_ != place.segment || read_fd_ < 0) {
      if (read_fd_ >= 0) ::close(read_fd_);
      read_fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      if (read_fd_ < 0) return Failed("open", path);
      read_number_ = place.segment;
    }
    fd = read_fd_;
  }
  std::string value(place.length, '\0');
  if (!ReadAll(fd, place.offset, value.data(), value.size())) return Failed("read", path);
  if (Crc32c(value) != place.crc) return absl::DataLossError(absl::StrCat("the value at ", place.offset, " of ", path, " is damaged"));
  return value;
}

absl::Status Store::Set(std::string_view key, std::string_view value) { return SetPieces(key, {value}); }

absl::Status Store::SetPieces(std::string_view key, const std::vector<std::string_view>& value) {
  WritePendingRemovals();
  OTELPIPE_RETURN_IF_ERROR(AppendSet(key, value));
  Tidy();
  return absl::OkStatus();
}

absl::Status Store::AppendSet(std::string_view key, const Pieces& value) {
  size_t size = 0;
  for (std::string_view piece : value) size += piece.size();
  if (size + key.size() > kMaxBody - 64) return absl::InvalidArgumentError("a write of more than 1 GiB");
  std::string head;
  AppendWriteHead(head, WriteKind::kSet, key.size(), size);
  head += key;
  Pieces body = {head};
  body.insert(body.end(), value.begin(), value.end());
  OTELPIPE_ASSIGN_OR_RETURN(const int64_t at, Append(body, false));
  uint32_t crc = 0;
  for (std::string_view piece : value) crc = Crc32c(piece, crc);
  Put(key, {tail_number_, at + static_cast<int64_t>(head.size()), static_cast<uint32_t>(size),
            static_cast<uint32_t>(head.size() + size), crc});
  return absl::OkStatus();
}

absl::Status Store::Delete(std::string_view key) {
  std::string name(key);
  if (!Forget(name)) return absl::OkStatus();
  pending_removals_.push_back(std::move(name));
  WritePendingRemovals();
  Tidy();
  return absl::OkStatus();
}

void Store::WritePendingRemovals() {
  if (pending_removals_.empty()) return;
  std::string body;
  for (const std::string& key : pending_removals_) {
    // What was written again since is not to be removed.
    if (index_.find(key) == index_.end()) AppendWrite(body, WriteKind::kDelete, key, "");
  }
  if (body.empty() || Append({body}, true).ok()) pending_removals_.clear();
}

absl::Status Store::Apply(const std::vector<Write>& writes) {
  std::string body;
  bool only_removes = true;
  for (const Write& w : writes) {
    if (w.key.size() + w.value.size() + body.size() + kWriteHead > kMaxBody) {
      return absl::InvalidArgumentError("a write of more than 1 GiB");
    }
    AppendWrite(body, w.remove ? WriteKind::kDelete : WriteKind::kSet, w.key,
                w.remove ? std::string_view() : std::string_view(w.value));
    only_removes = only_removes && w.remove;
  }
  if (only_removes) {
    for (const Write& w : writes) {
      if (Forget(w.key)) pending_removals_.push_back(w.key);
    }
    WritePendingRemovals();
    Tidy();
    return absl::OkStatus();
  }
  WritePendingRemovals();
  OTELPIPE_ASSIGN_OR_RETURN(const int64_t at, Append({body}, false));
  Index(tail_number_, at, body);
  Tidy();
  return absl::OkStatus();
}

void Store::Tidy() {
  DropDeadSegments();
  if (total_ <= options_.compact_above || live_ >= total_ / 4 || total_ < clean_again_at_) return;
  // What was asked for is stored; that there is no room to tidy up is no reason to refuse it.
  if (!CleanOldest().ok()) clean_again_at_ = total_ + (1 << 20);
}

// The oldest segments without anything live can go: what they delete is in themselves or gone.
void Store::DropDeadSegments() {
  while (!segments_.empty() && segments_.begin()->second.live == 0 && segments_.begin()->first != tail_number_) {
    const auto& [number, segment] = *segments_.begin();
    if (read_number_ == number && read_fd_ >= 0) {
      ::close(read_fd_);
      read_fd_ = -1;
    }
    ::unlink(PathOf(number, ".seg").c_str());
    total_ -= segment.size;
    segments_.erase(segments_.begin());
  }
}

absl::Status Store::CleanOldest() {
  const uint64_t oldest = segments_.begin()->first;
  if (oldest == tail_number_) return absl::OkStatus();
  std::vector<std::string> keys;
  for (const auto& [key, place] : index_) {
    if (place.segment == oldest) keys.push_back(key);
  }
  for (const std::string& key : keys) {
    absl::StatusOr<std::string> value = Get(key);
    OTELPIPE_RETURN_IF_ERROR(value.status());
    OTELPIPE_RETURN_IF_ERROR(AppendSet(key, {*value}));
  }
  // It was on the disk for long, so it must be there again before its old place goes.
  if (::fdatasync(tail_.fd) != 0) return Failed("fsync", PathOf(tail_number_, ".seg"));
  OTELPIPE_RETURN_IF_ERROR(SyncFolder());
  DropDeadSegments();
  return absl::OkStatus();
}

absl::Status Store::Compact() {
  OTELPIPE_RETURN_IF_ERROR(OpenFolder());
  const uint64_t number = next_number_;
  const std::string path = PathOf(number, ".seg"), temporary = PathOf(number, ".tmp");
  OTELPIPE_ASSIGN_OR_RETURN(Tail next, NewTail(temporary));
  auto give_up = [&](absl::Status status) {
    ::close(next.fd);
    ::unlink(temporary.c_str());
    return status;
  };
  std::map<std::string, Place, std::less<>> places;
  // Older segments may survive a crash; this makes them void.
  std::string clear;
  AppendWrite(clear, WriteKind::kClear, "", "");
  absl::StatusOr<int64_t> at = AppendTo(next, {clear}, temporary);
  if (!at.ok()) return give_up(at.status());
  for (const auto& [key, place] : index_) {
    absl::StatusOr<std::string> value = Get(key);
    if (!value.ok()) return give_up(value.status());
    std::string body;
    AppendWrite(body, WriteKind::kSet, key, *value);
    at = AppendTo(next, {body}, temporary);
    if (!at.ok()) return give_up(at.status());
    places[key] = {number, *at + static_cast<int64_t>(kWriteHead + key.size()), place.length, place.cost, place.crc};
  }
  if (::fsync(next.fd) != 0) return give_up(Failed("fsync", temporary));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up(Failed("rename", temporary));
  // The old segments go only when the new name is on the disk.
  absl::Status synced = SyncFolder();
  CloseTail();
  if (read_fd_ >= 0) ::close(read_fd_);
  read_fd_ = -1;
  if (synced.ok()) {
    for (auto& [old, segment] : segments_) ::unlink(PathOf(old, ".seg").c_str());
  }
  index_ = std::move(places);
  pending_removals_.clear();
  segments_.clear();
  segments_[number] = {next.size, live_};
  total_ = next.size;
  tail_ = next;
  tail_number_ = number;
  next_number_ = number + 1;
  return synced;
}

std::vector<std::string> Store::Keys() {
  std::vector<std::string> keys;
  keys.reserve(index_.size());
  for (const auto& [key, place] : index_) keys.push_back(key);
  return keys;
}

absl::StatusOr<std::string> Store::Directory() {
  const std::string path = folder_ + "/data";
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Failed("mkdir", path);
  return path;
}

}  // namespace otelpipe::file_storage
