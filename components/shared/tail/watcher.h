// Watcher: tells which directories changed since last asked, by inotify, so that quiet files cost nothing.
//
//   watcher.Watch(directories);               // after each full look
//   Watcher::Changes c = watcher.Take();      // never blocks
//   if (c.look_again) ... full look ...; else for (path : c.modified) ...
//
// It only ever saves work: where inotify can't be trusted (network file systems, too many directories) look_again is always true. Not thread-safe.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace otelpipe::tail {

class Watcher {
 public:
  Watcher();
  ~Watcher();
  Watcher(const Watcher&) = delete;

  // A file that had this name and was removed, replaced or moved out of sight since the last Take.
  struct Gone {
    std::string name;  // the one it had first
    int rank = 0;      // how many files left this name before it
    bool written = false;
  };
  struct Changes {
    bool look_again = false;                   // names came or went, or nothing is known
    std::unordered_set<std::string> modified;  // paths as the walk spells them
    std::vector<Gone> gone;
    std::unordered_map<std::string, int> left;  // how many files left a name, whether they are gone or have another
    // Files that were renamed, from and to the name they have now, in the order of their first renaming. What left the watched directories is not in it.
    std::vector<std::pair<std::string, std::string>> moved;
  };
  Changes Take();
  // Watches exactly these directories. A new one asks for another look, since files may have come before the watch.
  void Watch(const std::vector<std::string>& directories);
  size_t watched() const { return by_path_.size(); }

 private:
  bool Trusted(const std::string& directory) const;
  static std::string PathIn(const std::string& directory, const char* name);

  int fd_ = -1;
  bool blind_ = false;
  bool look_again_ = true;
  std::unordered_map<std::string, int> by_path_;
  // One watch may stand for several spellings of a directory.
  std::unordered_map<int, std::vector<std::string>> by_watch_;
};

}  // namespace otelpipe::tail
