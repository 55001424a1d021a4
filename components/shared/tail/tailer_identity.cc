// Which file is this? Attaching paths to known files, rotation, copies, forgetting.
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "shared/tail/gzip_reader.h"
#include "shared/tail/tailer.h"

namespace otelpipe::tail {
namespace {

// A file that left the patterns is followed through its handle until it has been quiet for so long.
constexpr int kMissingPolls = 3;
constexpr int64_t kMissingNanos = 2'000'000'000;
// Files remembered although they are not there; the oldest go first.
constexpr size_t kMaxOrphans = 4000;

int64_t MtimeNanos(const struct stat& st) { return st.st_mtim.tv_sec * 1'000'000'000LL + st.st_mtim.tv_nsec; }

std::string ErrnoText(int error) {
  std::string text = std::strerror(error);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

std::string ReadAt(int fd, int64_t offset, size_t n) {
  std::string out(n, '\0');
  size_t got = 0;
  while (got < n) {
    ssize_t r = ::pread(fd, out.data() + got, n - got, offset + static_cast<int64_t>(got));
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) break;
    got += static_cast<size_t>(r);
  }
  out.resize(got);
  return out;
}

// Whether the first `n` bytes of both files agree. Long files are compared in samples: both ends and blocks between.
bool SameStart(int a, int b, int64_t n) {
  constexpr int64_t kEnd = 64 << 10, kBlock = 4 << 10, kBlocks = 16;
  auto same = [&](int64_t at, int64_t length) {
    std::string x = ReadAt(a, at, static_cast<size_t>(length));
    return static_cast<int64_t>(x.size()) == length && x == ReadAt(b, at, static_cast<size_t>(length));
  };
  if (n <= 8 * kEnd) {
    for (int64_t at = 0; at < n; at += kEnd) {
      if (!same(at, std::min(kEnd, n - at))) return false;
    }
    return true;
  }
  if (!same(0, kEnd) || !same(n - kEnd, kEnd)) return false;
  for (int64_t i = 1; i < kBlocks; ++i) {
    if (!same(n / kBlocks * i, kBlock)) return false;
  }
  return true;
}

bool EndsWith(std::string_view s, std::string_view end) {
  return s.size() >= end.size() && s.substr(s.size() - end.size()) == end;
}

std::string Base(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

void Tailer::ReportOnce(TailFile* file, const std::string& path, const char* message, const std::string& error) {
  std::string& last = reported_[path];
  std::string text = std::string(message) + error;
  if (last == text) return;
  last = std::move(text);
  log_.Error(message, {{"error", error}, {"path", path}});
  if (file != nullptr) file->failed = true;
}

bool Tailer::Open(TailFile& file) {
  if (file.fd >= 0) return true;
  int fd = ::open(file.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    ReportOnce(&file, file.path, "Failed to open file", "open " + file.path + ": " + ErrnoText(errno));
    return false;
  }
  struct stat st;
  if (::fstat(fd, &st) != 0 || !(FileKey{st.st_dev, st.st_ino} == file.key)) {
    // Rotated since it was last looked at; the next poll sorts it out.
    ::close(fd);
    return false;
  }
  file.fd = fd;
  ++open_count_;
  if (open_files_metric_ != nullptr) open_files_metric_->Add(1);
  return true;
}

void Tailer::CloseFile(TailFile& file) {
  if (file.fd < 0) return;
  file.Close();
  --open_count_;
  if (open_files_metric_ != nullptr) open_files_metric_->Add(-1);
}

bool Tailer::Attach(const std::string& path) {
  struct stat st;
  if (::stat(path.c_str(), &st) != 0) {
    // A race with rotation is normal; a broken link is reported once.
    struct stat link;
    if (errno != ENOENT || ::lstat(path.c_str(), &link) == 0) {
      ReportOnce(nullptr, path, "Failed to open file", "open " + path + ": " + ErrnoText(errno));
    }
    return false;
  }
  if (!S_ISREG(st.st_mode)) {
    if (!S_ISDIR(st.st_mode)) ReportOnce(nullptr, path, "Failed to open file", path + " is not a regular file");
    return true;  // nothing to wait for
  }
  auto it = by_inode_.find(FileKey{st.st_dev, st.st_ino});
  if (it != by_inode_.end()) {
    FilePtr file = it->second;  // the map may change
    AttachKnown(file, path, st);
    return true;
  }
  if (st.st_size > 0) AttachNew(path, st, path);
  return st.st_size > 0;
}

// A file that had a matching name `from` is called `to` now, which matches no more. It is followed like one that was renamed after it was seen.
void Tailer::AttachMoved(const std::string& from, const std::string& to) {
  if (!options_.finder.Matches(from) || options_.finder.Matches(to)) return;
  struct stat st;
  if (::stat(to.c_str(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0) return;
  auto it = by_inode_.find(FileKey{st.st_dev, st.st_ino});
  if (it == by_inode_.end()) {
    AttachNew(to, st, from);
    it = by_inode_.find(FileKey{st.st_dev, st.st_ino});
    if (it == by_inode_.end()) return;
  } else if (it->second->fd < 0) {
    // Its handle was closed to make room; under the old name it can't be found any more.
    TailFile& file = *it->second;
    std::string shown = std::exchange(file.path, to);
    Open(file);
    file.path = std::move(shown);
  }
  Attend(it->second);
  it->second->seen_leaving = true;
  if (it->second->missing_since_ns == 0) it->second->missing_since_ns = loop_->MonotonicNanos();
}

void Tailer::AttachKnown(const FilePtr& file, const std::string& path, const struct stat& st, bool written) {
  if (file->seen_poll == poll_) {
    if (log_.Enabled(LogLevel::kDebug)) log_.Debug("Skipping duplicate file", {{"path", path}});
    return;  // a second name of the same file
  }
  file->seen_poll = poll_;
  file->missing_polls = 0;
  file->missing_since_ns = 0;
  file->seen_leaving = false;
  if (file->path != path) Rename(*file, path);
  int64_t mtime = MtimeNanos(st);
  if (st.st_size != file->size || mtime != file->mtime_ns || written) {
    file->mtime_ns = mtime;
    file->active_ns = loop_->MonotonicNanos();
    if (!file->is_copy && st.st_size < (file->compressed ? file->base.compressed : file->offset)) {
      Truncated(file, st);
      return;
    }
    if (st.st_size < file->size && !file->compressed) file->unread = file->size - file->offset;
    // Written to and as long as before: perhaps truncated and filled again. The bytes before the offset will tell.
    if (!file->is_copy && !file->compressed && st.st_size == file->size && st.st_size == file->offset) Enqueue(file);
    file->size = st.st_size;
    if (file->is_copy) rechecks_.push_back(file);  // when the poll has seen every file
  }
  if (HasWork(*file)) Enqueue(file);
}

void Tailer::Rename(TailFile& file, const std::string& path) {
  log_.Debug("File has been rotated(moved)", {{"original_path", file.path}, {"rotated_path", path}});
  file.path = path;
  BuildAttributes(file);
  file.save_fingerprint = true;
  MarkDirty(file);
}

Tailer::FilePtr Tailer::NewFile(const std::string& path, const struct stat& st) {
  auto file = std::make_shared<TailFile>();
  file->id = next_id_++;
  file->path = path;
  file->key = {st.st_dev, st.st_ino};
  file->has_inode = true;
  file->size = st.st_size;
  file->mtime_ns = MtimeNanos(st);
  file->seen_poll = poll_;
  file->active_ns = loop_->MonotonicNanos();
  file->header_done = options_.is_header == nullptr;
  file->compressed = options_.compression == TailOptions::Compression::kGzip ||
                     (options_.compression == TailOptions::Compression::kAuto && EndsWith(path, ".gz"));
  files_.emplace(file->id, file);
  by_inode_[file->key] = file;
  return file;
}

void Tailer::AttachNew(const std::string& path, const struct stat& seen, const std::string& shown) {
  int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    ReportOnce(nullptr, path, "Failed to open file", "open " + path + ": " + ErrnoText(errno));
    return;
  }
  struct stat st = seen;
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0 || by_inode_.count({st.st_dev, st.st_ino}) > 0) {
    ::close(fd);
    return;
  }
  std::string start = ReadAt(fd, 0, static_cast<size_t>(options_.fingerprint_size));
  if (start.empty()) {
    ::close(fd);
    return;
  }
  if (FilePtr orphan = FindOrphan(start, st, fd)) {
    Adopt(orphan, shown, st, fd);
    return;
  }
  FilePtr original = FindOriginal(start, st, fd);
  FilePtr file = NewFile(shown, st);
  file->fingerprint = std::move(start);
  file->fd = fd;
  ++open_count_;
  if (open_files_metric_ != nullptr) open_files_metric_->Add(1);
  if (original != nullptr) {
    log_.Debug("Skipping duplicate file", {{"path", path}, {"original_path", original->path}});
    file->is_copy = true;
    file->copy_of = original;
    CloseFile(*file);
    return;
  }
  log_.Info("Started watching file", {{"path", shown}});
  BuildAttributes(*file);
  if (!from_beginning_) {
    if (file->compressed) {
      file->base.compressed = file->acked_base.compressed = st.st_size;
    } else {
      file->offset = file->acked = st.st_size;
      int64_t n = std::min<int64_t>(TailCheck::kSize, file->offset);
      file->check.Set(ReadAt(fd, file->offset - n, static_cast<size_t>(n)));
      file->acked_check = file->check;
    }
  }
  MarkDirty(*file);
  if (HasWork(*file)) fresh_.push_back(file);
}

bool Tailer::TailMatches(const TailFile& file, int fd) const {
  std::string_view check = file.check.view();
  if (file.compressed || check.empty()) return true;
  return ReadAt(fd, file.offset - static_cast<int64_t>(check.size()), check.size()) == check;
}

Tailer::FilePtr Tailer::FindOrphan(const std::string& start, const struct stat& st, int fd) {
  FilePtr best;
  for (const FilePtr& file : orphans_) {
    if (file->forgotten || !file->has_fingerprint_of(start)) continue;
    if (file->compressed ? st.st_size < file->base.compressed : st.st_size < file->offset) continue;
    // A file that shrank is not the continuation of its own old content.
    if (file->key == FileKey{st.st_dev, st.st_ino} && file->deleted) continue;
    if (!TailMatches(*file, fd)) continue;
    auto rank = [&](const FilePtr& f) {
      return std::tuple(f->key.inode == st.st_ino, f->fingerprint.size(), f->offset);
    };
    if (best == nullptr || rank(file) > rank(best)) best = file;
  }
  return best;
}

void Tailer::Adopt(const FilePtr& orphan, const std::string& path, const struct stat& st, int fd) {
  std::erase(orphans_, orphan);
  bool renamed = orphan->path != path;
  if (renamed) {
    log_.Debug("File has been rotated(moved)", {{"original_path", orphan->path}, {"rotated_path", path}});
  }
  CloseFile(*orphan);
  orphan->path = path;
  orphan->key = {st.st_dev, st.st_ino};
  orphan->has_inode = true;
  orphan->deleted = false;
  orphan->fd = fd;
  ++open_count_;
  if (open_files_metric_ != nullptr) open_files_metric_->Add(1);
  orphan->unread = 0;
  orphan->size = st.st_size;
  orphan->mtime_ns = MtimeNanos(st);
  orphan->seen_poll = poll_;
  orphan->missing_polls = 0;
  orphan->missing_since_ns = 0;
  orphan->seen_leaving = false;
  orphan->active_ns = loop_->MonotonicNanos();
  if (options_.is_header == nullptr) orphan->header_done = true;
  by_inode_[orphan->key] = orphan;
  BuildAttributes(*orphan);
  orphan->save_fingerprint = true;
  MarkDirty(*orphan);
  if (HasWork(*orphan)) Enqueue(orphan);
}

Tailer::FilePtr Tailer::FindOriginal(const std::string& start, const struct stat& st, int fd) {
  bool long_enough = static_cast<int64_t>(start.size()) >= options_.fingerprint_size;
  for (auto& [key, file] : by_inode_) {
    if (file->is_copy || file->fingerprint.empty()) continue;
    bool candidate = st.st_size == file->size || (long_enough && st.st_size < file->size);
    if (!candidate || std::memcmp(start.data(), file->fingerprint.data(), std::min(start.size(), file->fingerprint.size())) != 0) {
      continue;
    }
    bool opened = file->fd < 0;
    if (!Open(*file)) continue;
    bool same = SameStart(fd, file->fd, st.st_size);
    if (opened) CloseFile(*file);
    if (same) return file;
  }
  return nullptr;
}

void Tailer::RecheckCopy(const FilePtr& file) {
  FilePtr original = file->copy_of.lock();
  if (original != nullptr && original->has_inode && file->size <= original->size && Open(*file)) {
    bool opened = original->fd < 0;
    bool same = Open(*original) && SameStart(file->fd, original->fd, file->size);
    if (opened) CloseFile(*original);
    CloseFile(*file);
    if (same) return;
  }
  // It goes its own way now, so it is a log of its own, with all that is in it.
  file->is_copy = false;
  file->copy_of.reset();
  log_.Info("Started watching file", {{"path", file->path}});
  BuildAttributes(*file);
  RefreshFingerprint(*file);
  MarkDirty(*file);
  if (HasWork(*file)) fresh_.push_back(file);
}

void Tailer::Truncated(const FilePtr& file, const struct stat& st) {
  log_.Info("File has been rotated(truncated)", {{"path", file->path}});
  if (truncations_metric_ != nullptr) truncations_metric_->Add(1);
  // Unless a copy turns up; told when it is given up. Where the file did not shrink, what was seen behind the offset is new.
  if (!file->compressed && st.st_size < file->size) file->unread = std::max(file->unread, file->size - file->offset);
  int fd = std::exchange(file->fd, -1);
  by_inode_.erase(file->key);
  file->has_inode = false;
  file->deleted = true;  // its content is gone from here; only a copy can bring it back
  file->missing_since_ns = loop_->MonotonicNanos();
  file->missing_polls = 0;
  file->gzip.reset();
  orphans_.push_back(file);
  FilePtr next = NewFile(file->path, st);
  next->fd = fd;
  BuildAttributes(*next);
  RefreshFingerprint(*next);
  MarkDirty(*next);
  MarkDirty(*file);
  if (HasWork(*next)) fresh_.push_back(next);
  // A copy that was made before goes on where the original stood.
  for (auto& [key, copy] : by_inode_) {
    if (!copy->is_copy || copy->copy_of.lock() != file) continue;
    FilePtr old = copy;
    struct stat copy_st;
    if (!Open(*old) || ::fstat(old->fd, &copy_st) != 0) continue;
    if (copy_st.st_size < file->offset || !TailMatches(*file, old->fd)) continue;
    int copy_fd = ::dup(old->fd);
    if (copy_fd < 0) continue;
    std::string path = old->path;
    Forget(old);
    uint64_t seen = file->seen_poll;
    Adopt(file, path, copy_st, copy_fd);
    file->seen_poll = std::max(seen, poll_);
    break;
  }
}

void Tailer::Missing(const FilePtr& file) {
  int64_t now = loop_->MonotonicNanos();
  ++file->missing_polls;
  if (file->missing_since_ns == 0) file->missing_since_ns = now;
  Attend(file);
  struct stat st;
  if (file->fd >= 0 && ::fstat(file->fd, &st) == 0) {
    file->deleted = st.st_nlink == 0;
    if (st.st_size != file->size) {
      file->active_ns = now;
      if (!file->compressed && st.st_size < file->offset) {
        Truncated(file, st);
        return;
      }
      file->size = st.st_size;
    }
    if (file->missing_polls == 1) log_.Debug("Reading lost file", {{"path", file->path}});
    if (HasWork(*file)) Enqueue(file);
    if (file->queued) return;
    // A writer may still hold it open; wait a little after its last sign of life.
    if (file->missing_polls < kMissingPolls || now - std::max(file->active_ns, file->missing_since_ns) < kMissingNanos) return;
    if (file->tail_length > 0) {
      // Nobody will complete this record any more.
      file->tail_since_ns = 0;
      if (options_.force_flush_period > absl::ZeroDuration()) return;
    }
  }
  if (file->queued) return;
  Orphan(file);
}

void Tailer::Orphan(const FilePtr& file) {
  CloseFile(*file);
  file->gzip.reset();
  by_inode_.erase(file->key);
  file->has_inode = false;
  if (file->is_copy) {
    Forget(file);
    return;
  }
  // From now on counted from here.
  file->missing_polls = 0;
  file->missing_since_ns = loop_->MonotonicNanos();
  orphans_.push_back(file);
}

void Tailer::Forget(const FilePtr& file) {
  CloseFile(*file);
  if (file->has_inode) by_inode_.erase(file->key);
  file->has_inode = false;
  file->forgotten = true;
  file->gzip.reset();
  files_.erase(file->id);
  if (file->saved) forgotten_.push_back(file->id);
  reported_.erase(file->path);
}

void Tailer::TrimOrphans() {
  std::vector<FilePtr> gone;
  for (const FilePtr& file : orphans_) {
    // Deleted content comes back as a copy at once or never; everything else is kept.
    if (file->deleted && ++file->missing_polls > kMissingPolls && !file->in_flight()) gone.push_back(file);
  }
  if (orphans_.size() - gone.size() > kMaxOrphans) {
    size_t surplus = orphans_.size() - gone.size() - kMaxOrphans;
    for (const FilePtr& file : orphans_) {
      if (surplus == 0) break;
      if (file->in_flight() || file->deleted) continue;
      gone.push_back(file);
      --surplus;
    }
  }
  for (const FilePtr& file : gone) {
    std::erase(orphans_, file);
    if (file->unread > 0) {
      log_.Warn("a file was truncated before all of it was read", {{"path", file->path}, {"bytes", file->unread}});
      if (unread_metric_ != nullptr) unread_metric_->Add(file->unread);
    }
    Forget(file);
  }
}

std::string_view Tailer::Intern(std::string_view text) { return *interned_.insert(std::string(text)).first; }

void Tailer::BuildAttributes(TailFile& file) {
  constexpr size_t kArenaBytes = 12 << 10;
  if (attributes_arena_ == nullptr || attributes_arena_->bytes_reserved() >= kArenaBytes) attributes_arena_ = std::make_shared<Arena>();
  Arena& arena = *attributes_arena_;
  auto made = std::make_shared<FileAttributes>();
  made->shared = attributes_arena_;
  auto add = [&](std::string_view key, std::string_view text) {
    Value value = Value::Str(Intern(text));
    value.set_tag(kTagFileConstant);
    made->map.Append(arena, key, value);
  };
  if (options_.include_name) add("log.file.name", Base(file.path));
  if (options_.include_path) add("log.file.path", file.path);
  if (options_.include_name_resolved || options_.include_path_resolved) {
    char resolved[PATH_MAX];
    if (::realpath(file.path.c_str(), resolved) != nullptr) {
      if (options_.include_name_resolved) add("log.file.name_resolved", Base(resolved));
      if (options_.include_path_resolved) add("log.file.path_resolved", resolved);
    } else {
      ReportOnce(&file, file.path, "Failed to create reader", "resolve symlinks: lstat " + file.path + ": " + ErrnoText(errno));
    }
  }
  if (options_.include_owner || options_.include_group) {
    struct stat st;
    if (file.fd >= 0 ? ::fstat(file.fd, &st) == 0 : ::stat(file.path.c_str(), &st) == 0) {
      char buffer[4096];
      // An id without a name costs the attribute, not the file.
      if (options_.include_owner) {
        passwd entry, *found = nullptr;
        if (::getpwuid_r(st.st_uid, &entry, buffer, sizeof(buffer), &found) == 0 && found != nullptr) {
          add("log.file.owner.name", found->pw_name);
        } else {
          ReportOnce(&file, file.path, "set attribute",
                     "resolve file owner name: user: unknown userid " + std::to_string(st.st_uid));
        }
      }
      if (options_.include_group) {
        group entry, *found = nullptr;
        if (::getgrgid_r(st.st_gid, &entry, buffer, sizeof(buffer), &found) == 0 && found != nullptr) {
          add("log.file.owner.group.name", found->gr_name);
        } else {
          ReportOnce(&file, file.path, "set attribute",
                     "resolve file group name: group: unknown groupid " + std::to_string(st.st_gid));
        }
      }
    }
  }
  if (file.header_attributes != nullptr) {
    for (const KeyValue& kv : file.header_attributes->map) {
      made->map.Set(arena, arena.Copy(kv.key), Clone(kv.value, arena, true));
    }
  }
  file.attributes = std::move(made);
  struct stat link;
  file.by_link = ::lstat(file.path.c_str(), &link) == 0 && S_ISLNK(link.st_mode);
  new_link_ |= file.by_link;
}

}  // namespace otelpipe::tail
