#include "shared/tail/watcher.h"

#include <sys/inotify.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace otelpipe::tail {
namespace {

constexpr uint32_t kNames = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;
constexpr uint32_t kEvents = kNames | IN_MODIFY | IN_ONLYDIR;

// Kinds of file systems that report every change of this machine and are changed by nobody else.
constexpr uint32_t kLocal[] = {0xEF53 /* ext */, 0x58465342 /* xfs */, 0x9123683E /* btrfs */, 0x01021994 /* tmpfs */,
                               0x794C7630 /* overlay */, 0x2FC12FC1 /* zfs */, 0xF2F52010 /* f2fs */};

}  // namespace

Watcher::Watcher() : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) { blind_ = fd_ < 0; }

Watcher::~Watcher() {
  if (fd_ >= 0) ::close(fd_);
}

bool Watcher::Trusted(const std::string& directory) const {
  struct statfs fs;
  if (::statfs(directory.c_str(), &fs) != 0) return false;
  return std::find(std::begin(kLocal), std::end(kLocal), static_cast<uint32_t>(fs.f_type)) != std::end(kLocal);
}

void Watcher::Watch(const std::vector<std::string>& directories) {
  if (fd_ < 0) return;
  blind_ = false;
  std::unordered_set<std::string> wanted(directories.begin(), directories.end());
  for (auto it = by_path_.begin(); it != by_path_.end();) {
    if (wanted.count(it->first) > 0) {
      ++it;
      continue;
    }
    std::vector<std::string>& paths = by_watch_[it->second];
    std::erase(paths, it->first);
    if (paths.empty()) {
      ::inotify_rm_watch(fd_, it->second);
      by_watch_.erase(it->second);
    }
    it = by_path_.erase(it);
  }
  for (const std::string& path : wanted) {
    if (by_path_.count(path) > 0) continue;
    int watch = Trusted(path) ? ::inotify_add_watch(fd_, path.c_str(), kEvents) : -1;
    if (watch < 0) {
      blind_ = true;  // a directory that is not there yet, or one that can't be watched: look each time
      continue;
    }
    by_path_[path] = watch;
    by_watch_[watch].push_back(path);
    look_again_ = true;
  }
}

std::string Watcher::PathIn(const std::string& directory, const char* name) {
  if (directory == ".") return name;
  return directory.back() == '/' ? directory + name : directory + "/" + name;
}

namespace {

// Follows files through their renamings. `modified` has the names that were written to, as long as the file that was has the name.
class Moves {
 public:
  explicit Moves(std::unordered_set<std::string>& modified) : modified_(modified) {}
  void Created(const std::string& path) { modified_.erase(path); }
  void From(uint32_t cookie, const std::string& path) { open_[cookie] = path; }
  void To(uint32_t cookie, const std::string& path) {
    auto from = open_.find(cookie);
    if (at_.count(path) > 0) Leave(path);  // it replaces a file that was moved there
    modified_.erase(path);
    if (from == open_.end()) return;
    const size_t index = Leave(from->second);
    files_[index].to = path;
    at_[path] = index;
    open_.erase(from);
  }
  void Gone(const std::string& path) { Leave(path); }
  void Take(Watcher::Changes& changes) {
    for (const auto& [cookie, path] : open_) Leave(path);  // moved to where nobody watches
    for (File& file : files_) {
      if (file.to.empty()) {
        changes.gone.push_back({std::move(file.from), file.rank, file.written});
      } else {
        changes.moved.emplace_back(std::move(file.from), std::move(file.to));
      }
    }
    changes.left = std::move(left_);
  }

 private:
  struct File {
    std::string from, to;  // `to` empty: nowhere
    int rank;
    bool written;
  };
  // The file that has the name `path` has it no more.
  size_t Leave(const std::string& path) {
    const bool written = modified_.erase(path) > 0;
    auto earlier = at_.find(path);
    if (earlier == at_.end()) {
      files_.push_back({path, "", left_[path]++, written});
      return files_.size() - 1;
    }
    const size_t index = earlier->second;
    at_.erase(earlier);
    files_[index].to.clear();
    files_[index].written |= written;
    return index;
  }

  std::unordered_set<std::string>& modified_;
  std::unordered_map<uint32_t, std::string> open_;  // by cookie: the first half of a renaming
  std::unordered_map<std::string, size_t> at_;      // present name of a moved file -> place in files_
  std::unordered_map<std::string, int> left_;       // how many files left a name
  std::vector<File> files_;                         // that left a name
};

}  // namespace

Watcher::Changes Watcher::Take() {
  Changes changes;
  changes.look_again = blind_ || look_again_;
  look_again_ = false;
  Moves moves(changes.modified);
  alignas(inotify_event) char buffer[16 << 10];
  while (fd_ >= 0) {
    ssize_t n = ::read(fd_, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    for (ssize_t at = 0; at < n;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event)) + event->len;
      if ((event->mask & (kNames | IN_Q_OVERFLOW | IN_IGNORED | IN_UNMOUNT)) != 0) changes.look_again = true;
      auto found = by_watch_.find(event->wd);
      if (found == by_watch_.end()) continue;
      if ((event->mask & IN_IGNORED) != 0) {
        for (const std::string& path : found->second) by_path_.erase(path);
        by_watch_.erase(found);
        continue;
      }
      if (event->len == 0 || (event->mask & IN_ISDIR) != 0) continue;
      for (const std::string& directory : found->second) {
        const uint32_t change = event->mask & (IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_MODIFY);
        if (change == 0) continue;
        std::string path = PathIn(directory, event->name);
        if (change == IN_CREATE) moves.Created(path);
        if (change == IN_MOVED_FROM) moves.From(event->cookie, path);
        if (change == IN_MOVED_TO) moves.To(event->cookie, path);
        if (change == IN_DELETE) moves.Gone(path);
        if (change == IN_MODIFY) changes.modified.insert(std::move(path));
      }
    }
  }
  moves.Take(changes);
  return changes;
}

}  // namespace otelpipe::tail
