#include "exporter/file/file_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

// One write per this many bytes is cheap enough; more would only hold acknowledgements back.
constexpr size_t kWriteSize = 64 * 1024;
// A buffer that grew beyond this for one huge record is given back.
constexpr size_t kKeepCapacity = 1 << 20;
constexpr char kBackupTime[] = "%Y-%m-%dT%H-%M-%E3S";

// Directory, stem and extension of the path: the parts of a backup's name.
struct NameParts {
  std::filesystem::path directory;
  std::string prefix;  // "name-"
  std::string extension;
};
NameParts Parts(const std::string& path) {
  std::filesystem::path p(path);
  std::string extension = p.extension().string();
  std::string name = p.filename().string();
  NameParts parts;
  parts.directory = p.parent_path().empty() ? std::filesystem::path(".") : p.parent_path();
  parts.prefix = name.substr(0, name.size() - extension.size()) + "-";
  parts.extension = extension;
  return parts;
}

}  // namespace

absl::Status SystemError(std::string_view call, std::string_view path, int error) {
  std::string text = std::generic_category().message(error);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  text = std::string(call) + " " + std::string(path) + ": " + text;
  return absl::UnavailableError(A(text));
}

absl::Status MakeParents(const std::string& path, mode_t mode) {
  for (size_t i = path.find('/', 1); i != std::string::npos; i = path.find('/', i + 1)) {
    std::string directory = path.substr(0, i);
    if (::mkdir(directory.c_str(), mode) != 0 && errno != EEXIST) {
      int error = errno;
      // Of a read-only or foreign parent only the missing rest matters.
      struct stat status;
      if (::stat(directory.c_str(), &status) != 0) return SystemError("mkdir", directory, error);
    }
  }
  return absl::OkStatus();
}

FileSink::~FileSink() {
  if (fd_ >= 0) ::close(fd_);
}

absl::Status FileSink::Open() {
  if (settings_.rotation) return absl::OkStatus();
  if (settings_.make_directories) OTELPIPE_RETURN_IF_ERROR(MakeParents(settings_.path, *settings_.make_directories));
  int flags = O_RDWR | O_CREAT | O_CLOEXEC | (settings_.append ? O_APPEND : O_TRUNC);
  fd_ = ::open(settings_.path.c_str(), flags, 0644);
  if (fd_ < 0) return SystemError("open", settings_.path, errno);
  return absl::OkStatus();
}

absl::Status FileSink::OpenForRotation() {
  OTELPIPE_RETURN_IF_ERROR(MakeParents(settings_.path, settings_.make_directories.value_or(0755)));
  fd_ = ::open(settings_.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0600);
  if (fd_ < 0) return SystemError("open", settings_.path, errno);
  struct stat status;
  size_ = ::fstat(fd_, &status) == 0 ? status.st_size : 0;
  return absl::OkStatus();
}

std::string& FileSink::BeginRecord() {
  record_start_ = buffer_.size();
  return buffer_;
}

void FileSink::Discard() { buffer_.resize(record_start_); }

absl::Status FileSink::EndRecord(size_t trailing, Done done) {
  int64_t length = static_cast<int64_t>(buffer_.size() - record_start_ - trailing);
  bool alone = record_start_ == 0;  // no earlier records wait in the buffer
  if (settings_.rotation && length > settings_.rotation->max_bytes) {
    Discard();
    std::string text = "write length " + std::to_string(length) + " exceeds maximum file size " +
                       std::to_string(settings_.rotation->max_bytes);
    done.Finished(absl::UnavailableError(A(text)));
    return absl::OkStatus();
  }
  uint64_t end = written_ + buffer_.size();
  record_start_ = buffer_.size();
  if (!settings_.rotation) {
    // A sender need not wait for the flush: as in the reference, a record in the buffer is taken over. Whoever hears of it may
    // send the next batch at once, so the record must be complete by now.
    done.Accepted();
  }
  pending_.push_back({end, std::move(done)});
  FinishUpTo(written_, absl::OkStatus());
  if (!settings_.rotation) return buffer_.size() >= kWriteSize && !failing_ ? Flush() : absl::OkStatus();

  absl::Status status;
  if (fd_ < 0) status = OpenForRotation();
  // Records that could not be written go to the file they were meant for, together with this one.
  if (status.ok() && alone && size_ > 0 && size_ + length > settings_.rotation->max_bytes) status = Rotate();
  if (!status.ok()) {
    failing_ = true;
    return status;
  }
  return Flush();
}

absl::Status FileSink::Flush() {
  if (buffer_.empty()) return absl::OkStatus();
  if (fd_ < 0 && settings_.rotation) OTELPIPE_RETURN_IF_ERROR(OpenForRotation());
  absl::Status status;
  size_t taken = 0;
  while (taken < buffer_.size()) {
    ssize_t n = ::write(fd_, buffer_.data() + taken, buffer_.size() - taken);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      status = SystemError("write", settings_.path, errno);
      break;
    }
    taken += static_cast<size_t>(n);
  }
  size_ += static_cast<int64_t>(taken);
  written_ += taken;
  buffer_.erase(0, taken);
  if (buffer_.empty() && buffer_.capacity() > kKeepCapacity) std::string().swap(buffer_);
  failing_ = !status.ok();
  FinishUpTo(written_, absl::OkStatus());
  return status;
}

void FileSink::FinishUpTo(uint64_t position, const absl::Status& status) {
  while (!pending_.empty() && pending_.front().end <= position) {
    Done done = std::move(pending_.front().done);
    whole_ = std::max(whole_, pending_.front().end);
    pending_.pop_front();
    done.Finished(status);
  }
}

absl::Status FileSink::Close() {
  absl::Status status = Flush();
  if (!status.ok()) {
    // A record cut in half would spoil what is appended later.
    if (written_ > whole_ && fd_ >= 0) {
      off_t end = ::lseek(fd_, 0, SEEK_END);
      off_t half = static_cast<off_t>(written_ - whole_);
      if (end >= half && ::ftruncate(fd_, end - half) != 0) status = SystemError("truncate", settings_.path, errno);
    }
    buffer_.clear();
    FinishUpTo(UINT64_MAX, status);
  }
  if (fd_ >= 0 && ::close(fd_) != 0 && status.ok()) status = SystemError("close", settings_.path, errno);
  fd_ = -1;
  return status;
}

absl::Status FileSink::Rotate() {
  NameParts parts = Parts(settings_.path);
  absl::TimeZone zone = settings_.rotation->localtime ? absl::LocalTimeZone() : absl::UTCTimeZone();
  std::string stamp = absl::FormatTime(kBackupTime, now_(), zone);
  std::string backup = (parts.directory / (parts.prefix + stamp + parts.extension)).string();
  ::close(fd_);
  fd_ = -1;
  if (::rename(settings_.path.c_str(), backup.c_str()) != 0) return SystemError("rename", settings_.path, errno);
  RemoveOldBackups();
  return OpenForRotation();
}

void FileSink::RemoveOldBackups() {
  NameParts parts = Parts(settings_.path);
  const RotationSettings& limits = *settings_.rotation;
  if (limits.max_backups == 0 && limits.max_days == 0) return;
  absl::TimeZone zone = limits.localtime ? absl::LocalTimeZone() : absl::UTCTimeZone();
  std::vector<std::pair<absl::Time, std::filesystem::path>> backups;
  std::error_code error;
  for (std::filesystem::directory_iterator it(parts.directory, error), end; !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    if (name.size() <= parts.prefix.size() + parts.extension.size()) continue;
    if (name.compare(0, parts.prefix.size(), parts.prefix) != 0) continue;
    if (name.compare(name.size() - parts.extension.size(), std::string::npos, parts.extension) != 0) continue;
    std::string stamp = name.substr(parts.prefix.size(), name.size() - parts.prefix.size() - parts.extension.size());
    absl::Time time;
    std::string problem;
    if (!absl::ParseTime("%Y-%m-%dT%H-%M-%E*S", stamp, zone, &time, &problem)) continue;
    backups.emplace_back(time, it->path());
  }
  std::sort(backups.begin(), backups.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  absl::Time oldest = limits.max_days > 0 ? now_() - absl::Hours(24) * limits.max_days : absl::InfinitePast();
  for (size_t i = 0; i < backups.size(); ++i) {
    bool too_many = limits.max_backups > 0 && i >= static_cast<size_t>(limits.max_backups);
    if (too_many || backups[i].first < oldest) std::filesystem::remove(backups[i].second, error);
  }
}

}  // namespace otelpipe
