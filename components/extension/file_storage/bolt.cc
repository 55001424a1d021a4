#include "extension/file_storage/bolt.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "otelpipe/base/status_macros.h"

namespace otelpipe::file_storage {
namespace {

constexpr uint32_t kMagic = 0xED0CDAED;
constexpr uint32_t kVersion = 2;
constexpr uint16_t kBranch = 1, kLeaf = 2, kMeta = 4;
constexpr uint32_t kNestedBucket = 1;
constexpr uint64_t kHeader = 16;       // of a page, and each element's size
constexpr uint64_t kMetaSize = 64;
constexpr uint64_t kMinPage = 512, kMaxPage = 64 << 10;
constexpr int kMaxDepth = 32;

// Integers are in the order of the machine that wrote the file.
template <typename T>
T Get(std::string_view s, uint64_t at) {
  T v;
  std::memcpy(&v, s.data() + at, sizeof(v));
  return v;
}

uint64_t Fnv1a(std::string_view s) {
  uint64_t h = 0xcbf29ce484222325;
  for (char c : s) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return h;
}

}  // namespace

// One way through the tree, from one description.
class BoltFile::Walk {
 public:
  Walk(const BoltFile& file, const Meta& meta) : file_(file), meta_(meta) {}

  BoltContent Run(std::string_view bucket) {
    content_.transaction = meta_.transaction;
    std::string inlined;
    uint64_t root = 0;
    bool found = false;
    Page(meta_.root, 0, [&](const Element& e) {
      if ((e.flags & kNestedBucket) == 0 || e.key != bucket) return;
      if (e.value.size() < kHeader) return Damaged("the bucket has no root");
      found = true;
      root = Get<uint64_t>(e.value, 0);
      inlined = std::string(e.value.substr(kHeader));
    });
    auto take = [&](const Element& e) {
      if ((e.flags & kNestedBucket) == 0) content_.values.emplace(std::string(e.key), std::string(e.value));
    };
    if (!found) return std::move(content_);
    if (root != 0) {
      Page(root, 0, take);
    } else {
      std::vector<Element> elements;
      bool leaf = false;
      if (!Elements(inlined, elements, leaf) || !leaf) {
        Damaged("the bucket makes no sense");
      } else {
        for (const Element& e : elements) take(e);
      }
    }
    return std::move(content_);
  }

 private:
  void Damaged(std::string text) {
    if (content_.damage.empty()) content_.damage = std::move(text);
  }

  template <typename Take>
  void Page(uint64_t id, int depth, Take&& take) {
    // A page is met once: damaged files may lead in circles.
    if (depth > kMaxDepth || id < 2 || !seen_.insert(id).second) return Damaged(absl::StrCat("page ", id, " is met again"));
    std::string page;
    const uint64_t pages = file_.size_ / meta_.page_size;
    if (id >= pages || !file_.ReadAt(id * meta_.page_size, kHeader, page)) {
      return Damaged(absl::StrCat("page ", id, " lies behind the end"));
    }
    const uint64_t more = Get<uint32_t>(page, 12);
    if (Get<uint64_t>(page, 0) != id) return Damaged(absl::StrCat("page ", id, " is another one"));
    if (more >= pages - id || !file_.ReadAt(id * meta_.page_size, (more + 1) * meta_.page_size, page)) {
      return Damaged(absl::StrCat("page ", id, " is cut off"));
    }
    std::vector<Element> elements;
    bool leaf = false;
    if (!Elements(page, elements, leaf)) return Damaged(absl::StrCat("page ", id, " makes no sense"));
    for (const Element& e : elements) {
      if (leaf) {
        take(e);
      } else {
        Page(e.page, depth + 1, take);
      }
    }
  }

  const BoltFile& file_;
  const Meta& meta_;
  std::unordered_set<uint64_t> seen_;
  BoltContent content_;
};

BoltFile::~BoltFile() {
  if (fd_ >= 0) ::close(fd_);
}

absl::StatusOr<std::unique_ptr<BoltFile>> BoltFile::Open(const std::string& path, absl::Duration lock_timeout) {
  std::unique_ptr<BoltFile> file(new BoltFile());
  file->fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat st;
  if (file->fd_ < 0 || ::fstat(file->fd_, &st) != 0) {
    return absl::UnavailableError(absl::StrCat("open ", path, ": ", std::strerror(errno)));
  }
  if (!S_ISREG(st.st_mode)) return absl::InvalidArgumentError("invalid database");
  // Its owner holds the file exclusively while it runs.
  const absl::Time limit = absl::Now() + lock_timeout;
  while (::flock(file->fd_, LOCK_SH | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) break;  // a file system without locks
    if (absl::Now() >= limit) return absl::DeadlineExceededError("timeout");
    absl::SleepFor(absl::Milliseconds(20));
  }
  if (::fstat(file->fd_, &st) != 0) return absl::UnavailableError(absl::StrCat("stat ", path, ": ", std::strerror(errno)));
  file->size_ = static_cast<uint64_t>(st.st_size);
  OTELPIPE_RETURN_IF_ERROR(file->LoadMetas());
  return file;
}

absl::StatusOr<std::unique_ptr<BoltFile>> BoltFile::OfBytes(std::string bytes) {
  std::unique_ptr<BoltFile> file(new BoltFile());
  file->bytes_ = std::move(bytes);
  file->size_ = file->bytes_.size();
  OTELPIPE_RETURN_IF_ERROR(file->LoadMetas());
  return file;
}

bool BoltFile::ReadAt(uint64_t offset, uint64_t n, std::string& out) const {
  if (offset > size_ || n > size_ - offset) return false;
  if (fd_ < 0) {
    out.assign(bytes_, offset, n);
    return true;
  }
  out.resize(n);
  for (uint64_t got = 0; got < n;) {
    ssize_t r = ::pread(fd_, out.data() + got, n - got, static_cast<off_t>(offset + got));
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) return false;
    got += static_cast<uint64_t>(r);
  }
  return true;
}

absl::Status BoltFile::LoadMetas() {
  auto load = [this](uint64_t at) {
    std::string page;
    if (!ReadAt(at, kHeader + kMetaSize, page)) return;
    std::string_view meta = std::string_view(page).substr(kHeader);
    if ((Get<uint16_t>(page, 8) & kMeta) == 0 || Get<uint32_t>(meta, 0) != kMagic || Get<uint32_t>(meta, 4) != kVersion) return;
    if (Get<uint64_t>(meta, 56) != Fnv1a(meta.substr(0, 56))) return;
    const uint64_t page_size = Get<uint32_t>(meta, 8);
    if (page_size < kMinPage || page_size > kMaxPage || (page_size & (page_size - 1)) != 0) return;
    metas_.push_back({Get<uint64_t>(meta, 48), Get<uint64_t>(meta, 16), page_size});
  };
  load(0);
  if (!metas_.empty()) {
    load(metas_.front().page_size);
  } else {
    // The second one stands behind a page whose size is written in the first.
    for (uint64_t size = kMinPage; metas_.empty() && size <= kMaxPage; size *= 2) load(size);
  }
  if (metas_.empty()) return absl::InvalidArgumentError("invalid database");
  std::stable_sort(metas_.begin(), metas_.end(), [](const Meta& a, const Meta& b) { return a.transaction > b.transaction; });
  return absl::OkStatus();
}

bool BoltFile::Elements(std::string_view page, std::vector<Element>& out, bool& leaf) {
  if (page.size() < kHeader) return false;
  const uint16_t flags = Get<uint16_t>(page, 8);
  const uint64_t count = Get<uint16_t>(page, 10);
  leaf = (flags & kLeaf) != 0;
  if (!leaf && (flags & kBranch) == 0) return false;
  if (page.size() - kHeader < count * kHeader) return false;
  uint64_t total = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t at = kHeader * (i + 1);
    Element e;
    uint64_t position, key_size, value_size = 0;
    if (leaf) {
      e.flags = Get<uint32_t>(page, at);
      position = Get<uint32_t>(page, at + 4);
      key_size = Get<uint32_t>(page, at + 8);
      value_size = Get<uint32_t>(page, at + 12);
    } else {
      position = Get<uint32_t>(page, at);
      key_size = Get<uint32_t>(page, at + 4);
      e.page = Get<uint64_t>(page, at + 8);
    }
    // Texts do not overlap in a sound page, so together they are no longer than it.
    total += key_size + value_size;
    if (at + position > page.size() || total > page.size() || key_size + value_size > page.size() - at - position) return false;
    e.key = page.substr(at + position, key_size);
    e.value = page.substr(at + position + key_size, value_size);
    out.push_back(e);
  }
  return true;
}

BoltContent BoltFile::Read(std::string_view bucket) {
  BoltContent best;
  for (const Meta& meta : metas_) {
    BoltContent content = Walk(*this, meta).Run(bucket);
    if (content.damage.empty()) {
      if (!best.damage.empty()) content.damage = "an older state was used: " + best.damage;
      return content;
    }
    if (best.damage.empty() || content.values.size() > best.values.size()) best = std::move(content);
  }
  return best;
}

}  // namespace otelpipe::file_storage
