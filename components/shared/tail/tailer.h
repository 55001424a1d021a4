// Tailer: follows the files that patterns match and hands their records, slice by slice, to a sink.
//
//   Tailer tailer(std::move(options), loop, log, &sink, &checkpoint);
//   OTELPIPE_RETURN_IF_ERROR(tailer.Start());
//   ...
//   tailer.Resume();        // the sink has room again
//   tailer.Stop();          // no more reading; slices in flight may still be acknowledged
//   tailer.Save();          // what was acknowledged, to the checkpoint
//
// Reading happens on the loop in slices of bounded size, one file after the other, so thousands of files progress together and nothing else on the loop waits
// long. Each slice is an AckToken: the sink keeps references for what it has not finished, and the position that is saved moves over
// finished slices only. A restart goes on there, so no record is lost; the records of unfinished slices come again.
//
// Identity, rotation and retention: see docs of the filelog receiver. Loop thread only.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "otelpipe/component/loop.h"
#include "otelpipe/component/telemetry.h"
#include "otelpipe/operator/entry.h"
#include "shared/tail/checkpoint.h"
#include "shared/tail/chunk_pool.h"
#include "shared/tail/encoding.h"
#include "shared/tail/file.h"
#include "shared/tail/finder.h"
#include "shared/tail/splitter.h"
#include "shared/tail/watcher.h"

namespace otelpipe::tail {

struct TailLine {
  std::string_view text;  // decoded and trimmed; never empty
  int64_t offset;         // of its raw text in the file
  int64_t number;         // counts from 1, empty records included
};

// Some records of one file. Views are valid while `owner`, `attributes` and the sink's arena are.
struct TailSlice {
  std::span<const TailLine> lines;
  const std::shared_ptr<const FileAttributes>& attributes;
  std::shared_ptr<const void> owner;
  AckToken* token;
  uint64_t observed_unix_nano;
  int64_t bytes;  // of input
};

class TailSink {
 public:
  virtual ~TailSink() = default;
  // Where decoded text goes that is not simply part of the input; must live as long as the lines of the next OnSlice.
  virtual Arena& arena() = 0;
  virtual void OnSlice(const TailSlice& slice) = 0;
  // Nothing more to read yet, or a chunk is full: hand over what was collected.
  virtual void OnEndOfRead() = 0;
  // False: no more slices until Tailer::Resume.
  virtual bool HasRoom() = 0;
  // A line of a file's header: adds to `attributes`, whose texts must live in `arena`.
  virtual void OnHeaderLine(std::string_view line, Arena& arena, Map& attributes) {
    (void)line, (void)arena, (void)attributes;
  }
};

struct TailOptions {
  Finder finder;
  Splitter splitter;
  Encoding encoding;
  bool from_beginning = false;
  absl::Duration poll_interval = absl::Milliseconds(200);
  absl::Duration force_flush_period = absl::Milliseconds(500);
  int64_t fingerprint_size = 1000;
  int64_t max_log_size = 1 << 20;
  int64_t max_concurrent_files = 1024;
  int64_t max_batches = 0;
  bool delete_after_read = false;
  bool acquire_lock = false;
  enum class Compression { kNone, kGzip, kAuto } compression = Compression::kNone;
  bool include_name = true;
  bool include_path = false;
  bool include_name_resolved = false;
  bool include_path_resolved = false;
  bool include_owner = false;
  bool include_group = false;
  // True when a line belongs to the header of its file; null without headers.
  std::function<bool(std::string_view)> is_header;
  size_t chunk_size = 256 << 10;
};

class Tailer {
 public:
  // Pointers outlive the tailer. `checkpoint` may be null: then nothing is remembered over a restart.
  Tailer(TailOptions options, Loop* loop, Logger log, Metrics* metrics, TailSink* sink, Checkpoint* checkpoint);
  ~Tailer();
  Tailer(const Tailer&) = delete;

  // Loads the checkpoint and begins to poll. Errors are those of the store; unreadable records are set aside with a message.
  absl::Status Start();
  void Resume();
  void Stop();
  // Writes what changed. Errors are logged.
  void Save();

  size_t live_files() const { return by_inode_.size(); }
  size_t known_files() const { return files_.size(); }
  size_t open_files() const { return open_count_; }
  // Files that each poll looks at although nothing says that they changed.
  size_t attended_files() const { return attention_.size(); }

 private:
  friend class SliceToken;
  using FilePtr = std::shared_ptr<TailFile>;
  struct AckTarget {
    Tailer* tailer;
  };

  // tailer.cc
  void Poll();
  bool MustLookAtAll(const Watcher::Changes& changes, int64_t now) const;
  void LookAtAll();
  std::vector<std::string> Unseen(const Watcher::Changes& changes);
  void ReportUnseen(const Watcher::Changes& changes, const std::vector<std::string>& names, const std::vector<FilePtr>& missing);
  void LookAt(const std::unordered_set<std::string>& modified);
  bool Sweep(std::vector<FilePtr>& changed);
  void AddLinks(std::vector<std::string>& directories);
  void Attend(const FilePtr& file);
  void SchedulePoll();
  void Kick();
  void Step();
  void Enqueue(const FilePtr& file);
  void Requeue(const FilePtr& file);
  bool HasWork(const TailFile& file) const;
  bool FlushDue(const TailFile& file) const;
  void OnAcked(TailFile& file);
  void MarkDirty(TailFile& file);
  void EvictHandles();
  void MaybeDelete(const FilePtr& file);

  // tailer_identity.cc
  bool Attach(const std::string& path);
  // `written`: something was written to it since the last look, whatever its times say.
  void AttachKnown(const FilePtr& file, const std::string& path, const struct stat& st, bool written = false);
  void AttachNew(const std::string& path, const struct stat& st, const std::string& shown);
  void AttachMoved(const std::string& from, const std::string& to);
  FilePtr FindOrphan(const std::string& start, const struct stat& st, int fd);
  FilePtr FindOriginal(const std::string& start, const struct stat& st, int fd);
  void Adopt(const FilePtr& orphan, const std::string& path, const struct stat& st, int fd);
  void Truncated(const FilePtr& file, const struct stat& st);
  void RecheckCopy(const FilePtr& file);
  void Missing(const FilePtr& file);
  void Orphan(const FilePtr& file);
  void Forget(const FilePtr& file);
  void TrimOrphans();
  FilePtr NewFile(const std::string& path, const struct stat& st);
  bool Open(TailFile& file);
  void CloseFile(TailFile& file);
  void BuildAttributes(TailFile& file);
  void Rename(TailFile& file, const std::string& path);
  std::string_view Intern(std::string_view text);
  bool TailMatches(const TailFile& file, int fd) const;
  static bool StartMatches(const TailFile& file);
  void ReportOnce(TailFile* file, const std::string& path, const char* message, const std::string& error);

  // tailer_read.cc
  enum class ReadResult { kMore, kIdle, kFailed };
  ReadResult ReadSlice(const FilePtr& file);
  bool CheckBeforePass(const FilePtr& file);
  void RefreshFingerprint(TailFile& file);
  size_t TakeHeader(TailFile& file, std::string_view data);
  void Emit(const FilePtr& file, const std::shared_ptr<Chunk>& chunk, std::string_view data, size_t consumed, int64_t base);

  TailOptions options_;
  Loop* loop_;
  Logger log_;
  TailSink* sink_;
  Checkpoint* checkpoint_;
  Gauge* open_files_metric_ = nullptr;
  Counter* bytes_metric_ = nullptr;
  Counter* truncations_metric_ = nullptr;
  Counter* unread_metric_ = nullptr;
  Counter* unread_files_metric_ = nullptr;
  std::shared_ptr<AckTarget> ack_target_;

  ChunkPool pool_;
  std::shared_ptr<Chunk> chunk_;
  std::vector<Token> tokens_;
  std::vector<TailLine> lines_;

  std::unordered_map<uint64_t, FilePtr> files_;  // all, by id
  std::unordered_map<FileKey, FilePtr, FileKeyHash> by_inode_;
  std::vector<FilePtr> orphans_;
  std::deque<FilePtr> queue_;
  std::vector<FilePtr> fresh_;  // first seen in this poll
  int64_t files_begun_ = 0;     // in this poll, for max_batches
  std::vector<FilePtr> dirty_;
  std::vector<uint64_t> forgotten_;
  std::unordered_map<std::string, std::string> reported_;  // path -> last error, so each is logged once
  std::unordered_set<std::string> interned_;
  std::shared_ptr<Arena> attributes_arena_;
  uint64_t next_id_ = 1;
  uint64_t poll_ = 0;
  size_t open_count_ = 0;
  size_t open_limit_ = 512;
  bool from_beginning_ = false;
  bool running_ = false;
  bool stepping_ = false;  // a step is posted
  bool collected_ = false;  // the sink holds records of this step
  Timer poll_timer_;
  Watcher watcher_;
  std::unordered_set<std::string> matched_;  // paths of the last full look
  int64_t looked_ns_ = 0;                    // when that was
  int64_t swept_ns_ = 0;                     // when every known file was last looked at
  // Files that matched symbolic links, by the path they lead to, and matched links without a file (it is empty, or not there).
  std::unordered_map<std::string, std::string> links_;
  std::vector<std::string> loose_links_;
  bool new_link_ = false;
  int64_t missing_untold_ = 0;  // known files that the last look missed before the watcher told
  std::vector<FilePtr> attention_;  // with something to do that no change will tell
  std::vector<FilePtr> rechecks_;   // copies that changed
};

}  // namespace otelpipe::tail
