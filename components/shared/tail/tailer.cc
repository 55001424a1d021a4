// The tailer's clockwork: polls, the queue of files with something to read, acknowledgements. Identity is in tailer_identity.cc,
// reading in tailer_read.cc.
#include "shared/tail/tailer.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "otelpipe/base/status_macros.h"
#include "shared/tail/gzip_reader.h"

namespace otelpipe::tail {
namespace {

constexpr char kScope[] = "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer";
// Where changes are told, all names are looked for so often all the same, and every known file: mapped memory is written without an event.
constexpr int64_t kFullLookNanos = 30'000'000'000;
constexpr int64_t kSweepNanos = 5'000'000'000;

}  // namespace

TailFile::~TailFile() { Close(); }

void TailFile::Close() {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

Tailer::Tailer(TailOptions options, Loop* loop, Logger log, Metrics* metrics, TailSink* sink, Checkpoint* checkpoint)
    : options_(std::move(options)),
      loop_(loop),
      log_(std::move(log)),
      sink_(sink),
      checkpoint_(checkpoint),
      ack_target_(std::make_shared<AckTarget>(AckTarget{this})),
      pool_(options_.chunk_size),
      from_beginning_(options_.from_beginning) {
  if (metrics != nullptr) {
    open_files_metric_ = metrics->AddGauge("otelcol_fileconsumer_open_files", {}, "Number of open files", "1", kScope);
    bytes_metric_ = metrics->AddCounter("otelcol_fileconsumer_read_bytes", {}, "Bytes read from files", "By", kScope);
    truncations_metric_ =
        metrics->AddCounter("otelcol_fileconsumer_truncations", {}, "Files that were truncated while they were followed", "{truncations}", kScope);
    unread_metric_ = metrics->AddCounter("otelcol_fileconsumer_unread_bytes", {},
                                         "Bytes that were seen in a file and were gone before they could be read", "By", kScope);
    unread_files_metric_ = metrics->AddCounter("otelcol_fileconsumer_unread_files", {},
                                               "Files that were written and removed, or moved out of sight, before they could be opened",
                                               "{files}", kScope);
  }
  rlimit limit;
  int64_t half = 512;
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    half = static_cast<int64_t>(limit.rlim_cur) / 2;
  }
  open_limit_ = static_cast<size_t>(std::max<int64_t>(1, std::min(options_.max_concurrent_files, half)));
}

Tailer::~Tailer() {
  ack_target_->tailer = nullptr;
  Stop();
  if (open_files_metric_ != nullptr) open_files_metric_->Add(-static_cast<int64_t>(open_count_));
}

absl::Status Tailer::Start() {
  if (checkpoint_ != nullptr) {
    OTELPIPE_ASSIGN_OR_RETURN(Checkpoint::Loaded loaded, checkpoint_->Load());
    for (const std::string& problem : loaded.problems) {
      log_.Error("a saved file position was unreadable and is set aside", {{"error", problem}});
    }
    next_id_ = loaded.next_id;
    for (FilePtr& file : loaded.files) {
      if (file->id == 0) file->id = next_id_++;
      files_.emplace(file->id, file);
      orphans_.push_back(file);
      if (file->save_fingerprint) MarkDirty(*file);  // taken over
    }
    if (!loaded.files.empty()) {
      log_.Info("Resuming from previously known offset(s). 'start_at' setting is not applicable.");
      from_beginning_ = true;
    }
  }
  running_ = true;
  // The first look is not put off: what grows meanwhile would be skipped by `start_at: end`.
  loop_->Post([target = ack_target_] {
    if (target->tailer != nullptr) target->tailer->Poll();
  });
  return absl::OkStatus();
}

void Tailer::Stop() {
  running_ = false;
  poll_timer_.Cancel();
  for (const FilePtr& file : queue_) file->queued = false;
  queue_.clear();
  chunk_.reset();
  for (auto& [key, file] : by_inode_) CloseFile(*file);
}

void Tailer::SchedulePoll() {
  if (running_) poll_timer_ = loop_->After(options_.poll_interval, [this] { Poll(); });
}

void Tailer::Poll() {
  if (!running_) return;
  ++poll_;
  files_begun_ = 0;
  Watcher::Changes changes = watcher_.Take();
  const int64_t now = loop_->MonotonicNanos();
  const bool all = MustLookAtAll(changes, now);
  std::vector<FilePtr> attended = std::exchange(attention_, {});
  for (const FilePtr& file : attended) file->attended = false;
  std::vector<FilePtr> missing;
  std::vector<std::string> unseen;
  if (!changes.left.empty()) unseen = Unseen(changes);
  // What was renamed out of the patterns before anybody looked comes before what has its name now.
  for (const auto& [from, to] : changes.moved) AttachMoved(from, to);
  if (all) {
    looked_ns_ = swept_ns_ = now;
    LookAtAll();
    for (auto& [key, file] : by_inode_) {
      if (file->seen_poll != poll_) missing.push_back(file);
    }
    ReportUnseen(changes, unseen, missing);
  } else {
    LookAt(changes.modified);
  }
  for (const FilePtr& file : attended) {
    if (file->forgotten || !file->has_inode) continue;
    if (file->missing_since_ns != 0) {
      if (!all) missing.push_back(file);
    } else if (HasWork(*file)) {
      Enqueue(file);
    } else if (file->tail_length > 0) {
      Attend(file);
    }
  }
  for (const FilePtr& file : missing) Missing(file);
  // Copies are looked at when both files of a pair are up to date.
  for (const FilePtr& file : std::exchange(rechecks_, {})) {
    if (file->is_copy && !file->forgotten) RecheckCopy(file);
  }
  // What was known before comes first: the end of a rotated file before the beginning of its successor.
  for (const FilePtr& file : std::exchange(fresh_, {})) Enqueue(file);
  TrimOrphans();
  EvictHandles();
  Save();
  from_beginning_ = true;
  SchedulePoll();
  Kick();
}

bool Tailer::MustLookAtAll(const Watcher::Changes& changes, int64_t now) const {
  if (poll_ == 1 || changes.look_again || new_link_ || now - looked_ns_ >= kFullLookNanos) return true;
  // Where the time of the last change decides, each change may, and files become too old.
  switch (options_.finder.time_rule()) {
    case Finder::TimeRule::kNone: return false;
    case Finder::TimeRule::kOrder: return !changes.modified.empty() || now - looked_ns_ >= kSweepNanos;
    case Finder::TimeRule::kAge: break;
  }
  return now - looked_ns_ >= kSweepNanos || std::any_of(changes.modified.begin(), changes.modified.end(), [&](const std::string& path) {
           return matched_.count(path) == 0 && links_.count(path) == 0;
         });
}

// Names of files that came, were written and went between two polls: nobody can read those. Known files are held open, and left their name first.
std::vector<std::string> Tailer::Unseen(const Watcher::Changes& changes) {
  std::unordered_map<std::string_view, int> known;
  // The last look came before the event when it found a file missing that nobody saw leaving.
  auto untold = [](const TailFile& file) { return file.missing_since_ns != 0 && file.missing_polls <= 1 && !file.seen_leaving; };
  for (auto& [key, file] : by_inode_) {
    auto left = untold(*file) ? changes.left.find(file->path) : changes.left.end();
    if (left == changes.left.end()) continue;
    file->seen_leaving = true;
    ++known[left->first];
  }
  for (auto& [key, file] : by_inode_) {
    auto left = file->missing_since_ns == 0 ? changes.left.find(file->path) : changes.left.end();
    if (left != changes.left.end() && known[left->first]++ < left->second) file->seen_leaving = true;
  }
  std::vector<std::string> names;
  for (const Watcher::Gone& gone : changes.gone) {
    auto found = known.find(gone.name);
    const bool seen = gone.rank < (found == known.end() ? 0 : found->second);
    if (gone.written && !seen && options_.finder.Matches(gone.name)) names.push_back(gone.name);
  }
  return names;
}

// Tells of them, but of no more than went besides the known ones: where names change all the time one may have been seen under another name.
void Tailer::ReportUnseen(const Watcher::Changes& changes, const std::vector<std::string>& names, const std::vector<FilePtr>& missing) {
  const int64_t known = std::count_if(missing.begin(), missing.end(), [](const FilePtr& file) { return file->missing_since_ns == 0; });
  const int64_t gone = std::count_if(changes.gone.begin(), changes.gone.end(),
                                     [this](const Watcher::Gone& g) { return options_.finder.Matches(g.name); });
  int64_t unexplained = gone - known - std::exchange(missing_untold_, std::max<int64_t>(0, known - gone));
  if (options_.finder.chooses()) return;  // perhaps they were not wanted
  for (const std::string& name : names) {
    if (unexplained-- <= 0) return;
    log_.Warn("a file was removed before it could be read", {{"path", name}});
    if (unread_files_metric_ != nullptr) unread_files_metric_->Add(1);
  }
}

void Tailer::LookAtAll() {
  std::vector<std::string> errors, directories;
  std::vector<std::string> paths = options_.finder.Find(loop_->Now(), errors, &directories);
  if (!errors.empty() && log_.Enabled(poll_ == 1 ? LogLevel::kWarn : LogLevel::kDebug)) {
    std::string text;
    for (const std::string& e : errors) text += (text.empty() ? "" : "; ") + e;
    log_.Log(poll_ == 1 ? LogLevel::kWarn : LogLevel::kDebug, "finding files", {{"error", text}});
  }
  loose_links_.clear();
  for (const std::string& path : paths) {
    struct stat st;
    if (!Attach(path) && ::lstat(path.c_str(), &st) == 0 && S_ISLNK(st.st_mode)) loose_links_.push_back(path);
  }
  new_link_ = false;
  AddLinks(directories);
  watcher_.Watch(directories);
  matched_ = std::unordered_set<std::string>(paths.begin(), paths.end());
}

// Files that are reached by links change in other directories than those of the patterns: watches each step on the way.
void Tailer::AddLinks(std::vector<std::string>& directories) {
  constexpr int kMaxSteps = 16;
  links_.clear();
  for (auto& [key, file] : by_inode_) {
    if (!file->by_link || file->missing_since_ns != 0) continue;
    std::string path = file->path;
    for (int i = 0; i < kMaxSteps; ++i) {
      char target[4096];
      const ssize_t n = ::readlink(path.c_str(), target, sizeof(target));
      if (n <= 0) break;
      const size_t slash = path.rfind('/');
      std::string to(target, static_cast<size_t>(n));
      path = to[0] == '/' || slash == std::string::npos ? std::move(to) : path.substr(0, slash + 1) + to;
      const size_t end = path.rfind('/');
      directories.push_back(end == std::string::npos ? "." : end == 0 ? "/" : path.substr(0, end));
    }
    links_.emplace(std::move(path), file->path);
  }
}

// Looks at every known file by its handle, or by its path. False when a path leads elsewhere now.
bool Tailer::Sweep(std::vector<FilePtr>& changed) {
  for (auto& [key, file] : by_inode_) {
    if (file->missing_since_ns != 0) continue;
    struct stat st;
    const bool by_handle = file->fd >= 0 && !file->by_link;
    if (by_handle ? ::fstat(file->fd, &st) != 0 : ::stat(file->path.c_str(), &st) != 0) return false;
    if (!(FileKey{st.st_dev, st.st_ino} == key)) return false;
    if (st.st_size != file->size || st.st_mtim.tv_sec * 1'000'000'000LL + st.st_mtim.tv_nsec != file->mtime_ns) changed.push_back(file);
  }
  return true;
}

void Tailer::LookAt(const std::unordered_set<std::string>& modified) {
  std::vector<FilePtr> changed;
  const int64_t now = loop_->MonotonicNanos();
  if (now - swept_ns_ >= kSweepNanos) {
    swept_ns_ = now;
    if (!Sweep(changed)) looked_ns_ = now - kFullLookNanos;  // the next poll looks for names
  }
  for (const std::string& written : modified) {
    auto link = links_.find(written);
    const std::string& path = link == links_.end() ? written : link->second;
    struct stat st;
    if ((link == links_.end() && matched_.count(path) == 0) || ::stat(path.c_str(), &st) != 0) continue;
    auto it = by_inode_.find(FileKey{st.st_dev, st.st_ino});
    if (it == by_inode_.end()) {
      Attach(path);  // it was empty until now
    } else {
      changed.push_back(it->second);
    }
  }
  std::erase_if(loose_links_, [this](const std::string& path) { return Attach(path); });
  for (const FilePtr& file : changed) {
    struct stat st;
    if (file->seen_poll == poll_ || !file->has_inode || ::stat(file->path.c_str(), &st) != 0) continue;
    if (FileKey{st.st_dev, st.st_ino} == file->key) AttachKnown(file, file->path, st, true);
    else Attach(file->path);  // a link that points elsewhere now; the next full look settles the rest
  }
}

void Tailer::Attend(const FilePtr& file) {
  if (file->attended || file->forgotten) return;
  file->attended = true;
  attention_.push_back(file);
}

bool Tailer::FlushDue(const TailFile& file) const {
  if (file.tail_length == 0 || options_.force_flush_period <= absl::ZeroDuration()) return false;
  return absl::ToUnixNanos(loop_->Now()) - file.tail_since_ns > absl::ToInt64Nanoseconds(options_.force_flush_period);
}

bool Tailer::HasWork(const TailFile& file) const {
  if (file.is_copy) return false;
  if (FlushDue(file)) return true;
  if (file.compressed) return file.gzip == nullptr ? file.size > file.base.compressed : file.gzip->HasInput(file.size);
  return file.size > file.offset + file.tail_length;
}

void Tailer::Enqueue(const FilePtr& file) {
  if (file->queued || file->forgotten) return;
  // With max_batches set only so many files are begun in one poll; the others still have work at the next.
  if (options_.max_batches > 0) {
    if (files_begun_ >= std::max<int64_t>(1, options_.max_concurrent_files / 2) * options_.max_batches) return Attend(file);
    ++files_begun_;
  }
  file->fresh_pass = true;
  Requeue(file);
}

void Tailer::Requeue(const FilePtr& file) {
  file->queued = true;
  queue_.push_back(file);
}

void Tailer::Resume() { Kick(); }

void Tailer::Kick() {
  if (!running_ || stepping_ || queue_.empty()) return;
  stepping_ = true;
  loop_->Post([target = ack_target_] {
    if (target->tailer != nullptr) target->tailer->Step();
  });
}

void Tailer::Step() {
  stepping_ = false;
  if (!running_) return;
  // One chunk's worth a step, then the rest of the loop has its turn.
  size_t budget = options_.chunk_size;
  while (!queue_.empty() && sink_->HasRoom()) {
    FilePtr file = queue_.front();
    queue_.pop_front();
    file->queued = false;
    if (file->forgotten) continue;
    int64_t before = file->offset;
    ReadResult result = ReadSlice(file);
    if (!running_) return;
    if (result == ReadResult::kMore) {
      Requeue(file);
    } else {
      if (file->tail_length > 0 || HasWork(*file)) Attend(file);
      if (options_.delete_after_read) MaybeDelete(file);
    }
    size_t used = static_cast<size_t>(std::max<int64_t>(file->offset - before, 512));
    if (used >= budget) break;
    budget -= used;
  }
  if (collected_) {
    collected_ = false;
    sink_->OnEndOfRead();
  }
  if (!running_) return;
  if (queue_.empty()) {
    chunk_.reset();
  } else if (sink_->HasRoom()) {
    Kick();
  }
}

void Tailer::MarkDirty(TailFile& file) {
  if (checkpoint_ == nullptr || file.dirty || file.forgotten || file.is_copy) return;
  file.dirty = true;
  dirty_.push_back(file.shared_from_this());
}

void Tailer::OnAcked(TailFile& file) {
  bool moved = false;
  while (!file.slices.empty() && file.slices.front().done) {
    Slice& slice = file.slices.front();
    file.acked = slice.end;
    file.acked_records = slice.end_records;
    file.acked_check = slice.check;
    file.acked_base = slice.base;
    file.slices.pop_front();
    ++file.first_slice;
    moved = true;
  }
  if (moved) MarkDirty(file);
  // After the stop no poll will do it.
  if (moved && !running_) Save();
  if (moved && options_.delete_after_read && !file.in_flight()) MaybeDelete(file.shared_from_this());
}

void Tailer::MaybeDelete(const FilePtr& file) {
  // Not before everything was delivered, and not while the last record may still grow.
  if (!running_ || file->in_flight() || file->queued || !file->has_inode || file->deleted || file->is_copy) return;
  if (file->tail_length > 0 || HasWork(*file) || file->acked == 0) return;
  if (::unlink(file->path.c_str()) != 0) {
    ReportOnce(file.get(), file->path, "could not delete", "remove " + file->path);
    return;
  }
  file->deleted = true;
  Forget(file);
}

void Tailer::Save() {
  if (checkpoint_ == nullptr) return;
  for (const FilePtr& file : dirty_) {
    file->dirty = false;
    if (file->forgotten) continue;
    checkpoint_->Put(*file, file->save_fingerprint);
    file->save_fingerprint = false;
    file->saved = true;
  }
  dirty_.clear();
  for (uint64_t id : forgotten_) checkpoint_->Remove(id);
  forgotten_.clear();
  if (!checkpoint_->has_changes()) return;
  absl::Status status = checkpoint_->Commit();
  if (!status.ok()) log_.Error("save offsets", {{"error", status}});
}

void Tailer::EvictHandles() {
  if (open_count_ <= open_limit_) return;
  std::vector<TailFile*> idle;
  for (auto& [key, file] : by_inode_) {
    if (file->fd >= 0 && !file->queued && file->gzip == nullptr && file->missing_since_ns == 0) idle.push_back(file.get());
  }
  size_t surplus = std::min(open_count_ - open_limit_, idle.size());
  std::nth_element(idle.begin(), idle.begin() + static_cast<ptrdiff_t>(surplus), idle.end(),
                   [](const TailFile* a, const TailFile* b) { return a->active_ns < b->active_ns; });
  for (size_t i = 0; i < surplus; ++i) CloseFile(*idle[i]);
}

}  // namespace otelpipe::tail
