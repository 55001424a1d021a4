// TailFile: what is known about one file: its identity, how far it was read, how far the reading was acknowledged.
//
// A file is its content and its inode together. The content is known by its first bytes (fingerprint) and by the few bytes before the position read
// to (tail check), so a truncated and refilled file is noticed even when it is longer than before.
//
// Positions. `offset` is where the next read begins: everything before was handed to the sink. `acked` trails behind: everything before was delivered or
// dropped on purpose. Slices between the two are in flight, in order; only `acked` is ever saved. For compressed files positions count decompressed bytes.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/operator/entry.h"
#include "otelpipe/pdata/arena.h"
#include "otelpipe/pdata/value.h"

namespace otelpipe::tail {

class GzipReader;

struct FileKey {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileKey&) const = default;
};
struct FileKeyHash {
  size_t operator()(const FileKey& k) const { return std::hash<uint64_t>{}(k.inode * 1000003u ^ k.device); }
};

// The last bytes before a position.
struct TailCheck {
  static constexpr size_t kSize = 32;
  std::array<char, kSize> bytes{};
  uint8_t length = 0;

  std::string_view view() const { return {bytes.data(), length}; }
  void Set(std::string_view last) {
    if (last.size() > kSize) last = last.substr(last.size() - kSize);
    std::memcpy(bytes.data(), last.data(), last.size());
    length = static_cast<uint8_t>(last.size());
  }
  // Goes on by `more`.
  void Append(std::string_view more) {
    if (more.size() >= kSize) return Set(more);
    std::string joined(view());
    joined += more;
    Set(joined);
  }
};

// A place in a compressed file where a member starts, and the position in its content there.
struct GzipBase {
  int64_t compressed = 0;
  int64_t decompressed = 0;
};

// Attributes that every record of a file gets. Immutable; batches keep it alive.
struct FileAttributes {
  // The few keys of most files lie in an arena that several share, since there may be thousands.
  std::shared_ptr<Arena> shared;
  Arena arena;
  Map map;
};

// A part of a file that was handed to the sink.
struct Slice {
  int64_t end = 0;
  int64_t end_records = 0;
  TailCheck check;
  GzipBase base;
  bool done = false;
};

// The slices in flight, in order. Takes no memory while there are none.
class SliceQueue {
 public:
  bool empty() const { return head_ == slices_.size(); }
  size_t size() const { return slices_.size() - head_; }
  Slice& front() { return slices_[head_]; }
  Slice& back() { return slices_.back(); }
  Slice& operator[](size_t i) { return slices_[head_ + i]; }
  void push_back(const Slice& slice) { slices_.push_back(slice); }
  void pop_front() {
    ++head_;
    if (empty()) {
      std::vector<Slice>().swap(slices_);
      head_ = 0;
    } else if (head_ >= 64 && head_ * 2 >= slices_.size()) {
      slices_.erase(slices_.begin(), slices_.begin() + static_cast<ptrdiff_t>(head_));
      head_ = 0;
    }
  }

 private:
  std::vector<Slice> slices_;
  size_t head_ = 0;
};

struct TailFile : std::enable_shared_from_this<TailFile> {
  TailFile() = default;
  ~TailFile();
  TailFile(const TailFile&) = delete;

  uint64_t id = 0;  // names the saved state; never used again
  std::string path;
  std::string fingerprint;
  FileKey key;
  bool has_inode = false;  // false: known from saved state or truncated away; only its content can come back
  bool deleted = false;    // its last name is gone
  int fd = -1;
  int64_t size = 0;  // when last looked at, in bytes on disk
  int64_t mtime_ns = 0;
  int64_t unread = 0;  // bytes that were seen and truncated away before they were read

  int64_t offset = 0;
  int64_t record_number = 0;
  TailCheck check;  // before `offset`
  int64_t acked = 0;
  int64_t acked_records = 0;
  TailCheck acked_check;

  // Waiting for the end of the last record: how long the rest is and since when it is.
  int64_t tail_length = 0;
  int64_t tail_since_ns = 0;  // wall clock

  bool header_done = false;
  std::shared_ptr<const FileAttributes> attributes;
  std::shared_ptr<const FileAttributes> header_attributes;  // what the header gave; part of `attributes` too

  // Compressed files.
  bool compressed = false;
  std::unique_ptr<GzipReader> gzip;
  GzipBase base, acked_base;

  // A copy of another file, left alone while it stays equal to it.
  std::weak_ptr<TailFile> copy_of;
  bool is_copy = false;

  // Bookkeeping of the tailer.
  uint64_t seen_poll = 0;     // last poll that matched it
  int missing_polls = 0;
  int64_t missing_since_ns = 0;  // monotonic; 0 while present
  bool seen_leaving = false;     // the watcher told that it left its name
  int64_t active_ns = 0;         // monotonic, when it was last read or grew
  bool queued = false;
  bool by_link = false;    // its path is a symbolic link, so changes show in another directory
  bool attended = false;   // the next poll looks at it in any case
  bool dirty = false;  // saved state is behind
  bool saved = false;
  bool save_fingerprint = true;
  bool forgotten = false;
  bool fresh_pass = true;  // the next read is the first after a pause: check what is before the offset
  bool failed = false;     // an error was logged; log again only after a success
  size_t want_buffer = 0;  // a record that did not fit needs this much

  SliceQueue slices;
  uint64_t first_slice = 0;  // number of slices.front()

  bool has_fingerprint_of(std::string_view start) const {
    return !fingerprint.empty() && start.size() >= fingerprint.size() &&
           std::memcmp(start.data(), fingerprint.data(), fingerprint.size()) == 0;
  }
  bool in_flight() const { return !slices.empty(); }
  void Close();
};

}  // namespace otelpipe::tail
