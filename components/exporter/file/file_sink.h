// FileSink: one output file of the exporter. Records are gathered in a buffer and written together; each Done is finished once
// its bytes were taken by the operating system. When writing fails, everything is kept and tried again at the next Flush.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "otelpipe/component/done.h"

namespace otelpipe {

struct RotationSettings {
  int64_t max_bytes = 100 << 20;
  int64_t max_days = 0;      // 0: no limit
  int64_t max_backups = 100;  // 0: no limit
  bool localtime = false;
};

struct FileSettings {
  std::string path;
  bool append = false;
  std::optional<mode_t> make_directories;  // create missing parents with this mode
  // With rotation the file is opened at the first record, appended to whatever `append` says, and written at once.
  std::optional<RotationSettings> rotation;
};

class FileSink {
 public:
  // Records beyond this are refused while writing fails.
  static constexpr size_t kMaxHeld = 4 << 20;

  // `now` gives the time for names of rotated files.
  FileSink(FileSettings settings, std::function<absl::Time()> now) : settings_(std::move(settings)), now_(std::move(now)) {}
  ~FileSink();  // unfinished Dones report that the exporter was dropped
  FileSink(const FileSink&) = delete;

  // Opens the file, unless rotation opens it later.
  absl::Status Open();

  // The buffer to append the next record to, which then ends with EndRecord or Discard. Not to be kept.
  std::string& BeginRecord();
  void Discard();
  // `trailing`: bytes at the record's end that do not count for the size of a file (the line feed). `done` is accepted now (not when the
  // file rotates) and finished when the record is written. Writes when the buffer is large or the file rotates; an error returned
  // means that writing failed and the record is kept. A record larger than a whole file is refused through `done` alone.
  absl::Status EndRecord(size_t trailing, Done done);

  absl::Status Flush();
  // Writes what is left and closes. Records that could not be written finish with the error, and no part of them stays in the file.
  absl::Status Close();

  bool has_pending() const { return !buffer_.empty(); }
  // Whether records are refused because earlier ones could not be written.
  bool full() const { return failing_ && buffer_.size() > kMaxHeld; }
  const std::string& path() const { return settings_.path; }

 private:
  struct Pending {
    uint64_t end;  // position in everything ever put into the buffer
    Done done;
  };
  absl::Status OpenForRotation();
  absl::Status Rotate();
  void RemoveOldBackups();
  void FinishUpTo(uint64_t position, const absl::Status& status);

  FileSettings settings_;
  std::function<absl::Time()> now_;
  int fd_ = -1;
  int64_t size_ = 0;        // of the file, when it rotates
  std::string buffer_;
  size_t record_start_ = 0;  // in buffer_
  uint64_t written_ = 0;     // bytes that left the buffer
  uint64_t whole_ = 0;       // of these, in records that are complete
  std::deque<Pending> pending_;
  bool failing_ = false;
};

// The error of a failed system call in the reference's words: `open /x/y: no such file or directory`.
absl::Status SystemError(std::string_view call, std::string_view path, int error);
// Creates the missing parents of `path`.
absl::Status MakeParents(const std::string& path, mode_t mode);

}  // namespace otelpipe
