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

// Follows files through their renamings.
class Moves {
 public:
  void From(uint32_t cookie, const std::string& path) { open_[cookie] = path; }
  void To(uint32_t cookie, const std::string& path) {
    Gone(path);  // it replaces what was there
    auto from = open_.find(cookie);
    if (from == open_.end()) return;
    auto earlier = at_.find(from->second);
    if (earlier == at_.end()) {
      at_[path] = moves_.size();
      moves_.emplace_back(from->second, path);
    } else {
      const size_t index = earlier->second;
      at_.erase(earlier);
      at_[path] = index;
      moves_[index].second = path;
    }
    open_.erase(from);
  }
  void Gone(const std::string& path) {
    auto found = at_.find(path);
    if (found == at_.end()) return;
    moves_[found->second].second.clear();
    at_.erase(found);
  }
  std::vector<std::pair<std::string, std::string>> Take() {
    for (const auto& [cookie, path] : open_) Gone(path);  // moved to where nobody watches
    std::erase_if(moves_, [](const auto& move) { return move.second.empty(); });
    return std::move(moves_);
  }

 private:
  std::unordered_map<uint32_t, std::string> open_;  // by cookie: the first half of a renaming
  std::unordered_map<std::string, size_t> at_;      // present name -> place in moves_
  std::vector<std::pair<std::string, std::string>> moves_;
};

}  // namespace

Watcher::Changes Watcher::Take() {
  Changes changes;
  changes.look_again = blind_ || look_again_;
  look_again_ = false;
  Moves moves;
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
        const uint32_t change = event->mask & (IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_MODIFY);
        if (change == 0 || (change == IN_MODIFY && changes.look_again)) continue;
        std::string path = PathIn(directory, event->name);
        if (change == IN_MOVED_FROM) moves.From(event->cookie, path);
        if (change == IN_MOVED_TO) moves.To(event->cookie, path);
        if (change == IN_DELETE) moves.Gone(path);
        if (change == IN_MODIFY) changes.modified.insert(std::move(path));
      }
    }
  }
  changes.moved = moves.Take();
  return changes;
}

}  // namespace otelpipe::tail
