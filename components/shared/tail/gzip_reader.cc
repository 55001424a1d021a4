#include "shared/tail/gzip_reader.h"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/status/status.h"

namespace otelpipe::tail {
namespace {

constexpr size_t kInput = 64 << 10;

}  // namespace

struct GzipReader::Stream {
  z_stream z{};
  Stream() { inflateInit2(&z, 15 + 16); }
  ~Stream() { inflateEnd(&z); }
};

GzipReader::GzipReader(int64_t compressed, int64_t skip)
    : stream_(std::make_unique<Stream>()), compressed_(compressed), skip_(skip) {}
GzipReader::~GzipReader() = default;

bool GzipReader::at_member_end() const { return !in_member_ && kept_.empty() && input_used_ == input_.size(); }

absl::StatusOr<size_t> GzipReader::Read(int fd, char* out, size_t size) {
  size_t used = std::min(size, kept_.size());
  std::memcpy(out, kept_.data(), used);
  kept_.erase(0, used);
  drained_ = false;
  if (!fault_.ok()) {
    drained_ = true;
    if (used == 0) return fault_;
    return used;
  }
  while (used < size) {
    if (input_used_ == input_.size()) {
      input_.resize(kInput);
      ssize_t n;
      do {
        n = ::pread(fd, input_.data(), kInput, compressed_);
      } while (n < 0 && errno == EINTR);
      input_.resize(n > 0 ? static_cast<size_t>(n) : 0);
      input_used_ = 0;
      if (n <= 0) {
        drained_ = true;
        break;
      }
      compressed_ += n;
    }
    z_stream& z = stream_->z;
    z.next_in = reinterpret_cast<Bytef*>(input_.data() + input_used_);
    z.avail_in = static_cast<uInt>(input_.size() - input_used_);
    z.next_out = reinterpret_cast<Bytef*>(out + used);
    z.avail_out = static_cast<uInt>(std::min<size_t>(size - used, 1u << 30));
    size_t room = z.avail_out;
    int r = ::inflate(&z, Z_NO_FLUSH);
    input_used_ = input_.size() - z.avail_in;
    size_t made = room - z.avail_out;
    const bool begun = in_member_ || made > 0;
    if (skip_ > 0 && made > 0) {
      size_t drop = static_cast<size_t>(std::min<int64_t>(skip_, static_cast<int64_t>(made)));
      std::memmove(out + used, out + used + drop, made - drop);
      made -= drop;
      skip_ -= static_cast<int64_t>(drop);
    }
    used += made;
    if (r == Z_STREAM_END) {
      in_member_ = false;
      inflateReset(&z);
    } else if (r == Z_OK || r == Z_BUF_ERROR) {
      in_member_ = true;
    } else {
      fault_ = begun ? absl::DataLossError(std::string("gzip: ") + (z.msg != nullptr ? z.msg : "damaged data"))
                     : absl::InvalidArgumentError("gzip: invalid header");
      in_member_ = true;  // what there is does not end a member
      if (used == 0) return fault_;
      return used;  // what is whole goes out first
    }
  }
  return used;
}

}  // namespace otelpipe::tail
