// Reading one slice of one file: bytes, records, texts, acknowledgement.
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "shared/tail/gzip_reader.h"
#include "shared/tail/tailer.h"

namespace otelpipe::tail {
namespace {

// A read wants at least so much room behind it, else it takes a new chunk.
constexpr size_t kMinRoom = 16 << 10;

ssize_t PreadRetry(int fd, char* out, size_t n, int64_t offset) {
  ssize_t r;
  do {
    r = ::pread(fd, out, n, offset);
  } while (r < 0 && errno == EINTR);
  return r;
}

}  // namespace

// Holds one slice open until everything read from it is finished.
class SliceToken final : public AckToken {
 public:
  SliceToken(std::shared_ptr<Tailer::AckTarget> target, std::shared_ptr<TailFile> file, uint64_t slice)
      : target_(std::move(target)), file_(std::move(file)), slice_(slice) {}

 private:
  void Release(bool delivered) override {
    // A refused slice stays open: the saved position does not pass it.
    if (delivered && slice_ >= file_->first_slice) {
      file_->slices[slice_ - file_->first_slice].done = true;
      if (target_->tailer != nullptr) target_->tailer->OnAcked(*file_);
    }
    delete this;
  }
  std::shared_ptr<Tailer::AckTarget> target_;
  std::shared_ptr<TailFile> file_;
  uint64_t slice_;
};

void Tailer::RefreshFingerprint(TailFile& file) {
  if (static_cast<int64_t>(file.fingerprint.size()) >= options_.fingerprint_size) return;
  if (!Open(file)) return;
  std::string start(static_cast<size_t>(options_.fingerprint_size), '\0');
  ssize_t n = PreadRetry(file.fd, start.data(), start.size(), 0);
  if (n <= 0) return;
  start.resize(static_cast<size_t>(n));
  if (start.size() <= file.fingerprint.size()) return;
  // Kept only when it goes on from what is known; a truncation in between is found by the tail check.
  if (!file.fingerprint.empty() && !file.has_fingerprint_of(start)) return;
  file.fingerprint = std::move(start);
  file.save_fingerprint = true;
}

// Lines of one kind often end alike, so the bytes before the offset alone do not tell a file that was truncated and filled again.
bool Tailer::StartMatches(const TailFile& file) {
  char start[4096];
  const size_t n = std::min(file.fingerprint.size(), sizeof(start));
  return PreadRetry(file.fd, start, n, 0) == static_cast<ssize_t>(n) && std::memcmp(start, file.fingerprint.data(), n) == 0;
}

bool Tailer::CheckBeforePass(const FilePtr& file) {
  file->fresh_pass = false;
  struct stat st;
  if (::fstat(file->fd, &st) != 0) return false;
  if (!file->compressed && file->offset > 0 &&
      (st.st_size < file->offset || !TailMatches(*file, file->fd) || !StartMatches(*file))) {
    Truncated(file, st);
    for (const FilePtr& next : std::exchange(fresh_, {})) Enqueue(next);
    return false;
  }
  file->size = st.st_size;
  file->unread = 0;
  RefreshFingerprint(*file);
  return true;
}

size_t Tailer::TakeHeader(TailFile& file, std::string_view data) {
  const std::string& newline = options_.encoding.newline();
  size_t pos = 0;
  std::shared_ptr<FileAttributes> collected;
  while (pos < data.size()) {
    size_t end = data.find(newline, pos);
    if (end == std::string_view::npos) break;
    std::string_view line = data.substr(pos, end - pos);
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
    if (collected == nullptr) {
      collected = std::make_shared<FileAttributes>();
      if (file.header_attributes != nullptr) {
        Clone(file.header_attributes->map, collected->map, collected->arena, true);
      }
    }
    std::string_view text = options_.encoding.Decode(line, collected->arena);
    if (!options_.is_header(text)) {
      file.header_done = true;
      break;
    }
    sink_->OnHeaderLine(text, collected->arena, collected->map);
    pos = end + newline.size();
  }
  if (collected != nullptr) {
    file.header_attributes = std::move(collected);
    BuildAttributes(file);
    file.save_fingerprint = true;
  }
  return pos;
}

Tailer::ReadResult Tailer::ReadSlice(const FilePtr& file) {
  if (!Open(*file)) return ReadResult::kFailed;
  if (file->fresh_pass && !CheckBeforePass(file)) return ReadResult::kFailed;
  if (options_.acquire_lock && ::flock(file->fd, LOCK_SH | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) ReportOnce(file.get(), file->path, "Failed to lock", std::strerror(errno));
    return ReadResult::kIdle;
  }
  size_t limit = static_cast<size_t>(options_.max_log_size) + 8;
  int64_t left = file->compressed ? static_cast<int64_t>(pool_.chunk_size()) : std::max<int64_t>(0, file->size - file->offset);
  size_t wanted = std::max<size_t>(static_cast<size_t>(std::min<int64_t>(left, static_cast<int64_t>(std::min(kMinRoom, pool_.chunk_size() / 4)))), 1);
  wanted = std::max(wanted, file->want_buffer);
  if (chunk_ == nullptr || chunk_->free_size() < wanted) chunk_ = pool_.Get(wanted);
  std::shared_ptr<Chunk> chunk = chunk_;
  char* begin = chunk->free_begin();
  size_t room = chunk->free_size();
  bool at_end = false;
  size_t got = 0;
  if (file->compressed) {
    if (file->gzip == nullptr) {
      file->gzip = std::make_unique<GzipReader>(file->base.compressed, file->offset - file->base.decompressed);
    }
    absl::StatusOr<size_t> n = file->gzip->Read(file->fd, begin, room);
    if (!n.ok()) {
      ReportOnce(file.get(), file->path,
                 n.status().code() == absl::StatusCode::kInvalidArgument ? "failed to create gzip reader" : "failed during scan",
                 std::string(n.status().message()));
      file->gzip.reset();
      // Nothing is readable from here on until it grows.
      file->base = {file->size, file->offset};
      (file->slices.empty() ? file->acked_base : file->slices.back().base) = file->base;
      MarkDirty(*file);
      return ReadResult::kFailed;
    }
    got = *n;
    at_end = file->gzip->drained();
  } else {
    ssize_t n = PreadRetry(file->fd, begin, room, file->offset);
    if (options_.acquire_lock) ::flock(file->fd, LOCK_UN);
    if (n < 0) {
      ReportOnce(file.get(), file->path, "failed during scan", "read " + file->path + ": " + std::strerror(errno));
      return ReadResult::kFailed;
    }
    got = static_cast<size_t>(n);
    at_end = got < room;
    if (!at_end) {
      struct stat st;
      if (::fstat(file->fd, &st) == 0) {
        file->size = st.st_size;
        at_end = file->offset + static_cast<int64_t>(got) >= st.st_size;
      }
    } else {
      file->size = std::max(file->size, file->offset + static_cast<int64_t>(got));
    }
  }
  if (bytes_metric_ != nullptr && got > 0) bytes_metric_->Add(static_cast<int64_t>(got));
  file->active_ns = loop_->MonotonicNanos();

  std::string_view data(begin, got);
  size_t header = file->header_done ? 0 : TakeHeader(*file, data);
  tokens_.clear();
  size_t consumed = 0;
  std::string_view content = data.substr(header);
  if (file->header_done && !content.empty()) {
    consumed = options_.splitter.Split(content, at_end, tokens_);
    if (at_end && consumed < content.size()) {
      std::string_view rest = content.substr(consumed);
      int64_t now = absl::ToUnixNanos(loop_->Now());
      int64_t length = static_cast<int64_t>(rest.size());
      if (consumed == 0 && length == file->tail_length && FlushDue(*file)) {
        options_.splitter.Flush(rest, tokens_);
        consumed = content.size();
        file->tail_length = 0;
      } else if (consumed > 0 || length != file->tail_length) {
        file->tail_length = length;
        file->tail_since_ns = now;
        MarkDirty(*file);
      }
    } else {
      file->tail_length = 0;
    }
  }
  size_t total = header + consumed;
  if (file->compressed) file->gzip->Keep(data.substr(total));
  if (total > 0) {
    file->want_buffer = 0;
    // The offset of records counts the header's bytes.
    int64_t base = file->offset + static_cast<int64_t>(header);
    file->check.Append(data.substr(0, total));
    file->offset += static_cast<int64_t>(total);
    if (file->compressed && at_end && file->gzip->at_member_end()) {
      // Going on later needs to look back no further than this.
      file->base = {file->gzip->compressed(), file->offset};
      file->gzip.reset();
    }
    Emit(file, chunk, content, total, base);
  } else if (!at_end) {
    // The record is longer than the room there was.
    file->want_buffer = std::min(std::max(room * 2, pool_.chunk_size()), limit);
    if (room >= limit) {
      // Only a header line can be that long: it has no end in sight, so the file is content from here.
      ReportOnce(file.get(), file->path, "failed during header scan", "log entry too large");
      file->header_done = true;
    }
  }
  return at_end ? ReadResult::kIdle : ReadResult::kMore;
}

void Tailer::Emit(const FilePtr& file, const std::shared_ptr<Chunk>& chunk, std::string_view data, size_t consumed,
                  int64_t base) {
  chunk->used += consumed;
  lines_.clear();
  int64_t number = file->record_number;
  // One look at all bytes is cheaper than one a record; only when something is wrong each is looked at.
  bool as_is = !options_.encoding.is_utf8();
  bool valid = as_is || tokens_.empty() ||
               ValidUtf8(data.substr(0, tokens_.back().begin + tokens_.back().length));
  if (as_is) valid = options_.encoding.kind() == Encoding::Kind::kRaw || options_.encoding.kind() == Encoding::Kind::kNop;
  // Records cut by size may begin or end inside a character of valid text.
  for (const Token& token : tokens_) {
    ++number;
    if (token.length == 0) continue;
    std::string_view text = data.substr(token.begin, token.length);
    bool cut = !as_is && ((text[0] & 0xC0) == 0x80 || (text.back() & 0x80) != 0);
    if (!valid || cut) text = options_.encoding.Decode(text, sink_->arena());
    lines_.push_back({text, base + token.start, number});
  }
  file->record_number = number;
  Slice slice;
  slice.end = file->offset;
  slice.end_records = number;
  slice.check = file->check;
  slice.base = file->base;
  uint64_t index = file->first_slice + file->slices.size();
  file->slices.push_back(slice);
  AckRef hold(new SliceToken(ack_target_, file, index));
  if (!lines_.empty()) {
    collected_ = true;
    sink_->OnSlice({lines_, file->attributes, chunk, hold.get(), static_cast<uint64_t>(absl::ToUnixNanos(loop_->Now())),
                    static_cast<int64_t>(consumed)});
  }
}

}  // namespace otelpipe::tail
