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

Watcher::Changes Watcher::Take() {
  Changes changes;
  changes.look_again = blind_ || look_again_;
  look_again_ = false;
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
      if ((event->mask & IN_MODIFY) == 0 || event->len == 0 || changes.look_again) continue;
      for (const std::string& path : found->second) {
        changes.modified.insert(path == "." ? std::string(event->name) : path.back() == '/' ? path + event->name : path + "/" + event->name);
      }
    }
  }
  return changes;
}

}  // namespace otelpipe::tail
