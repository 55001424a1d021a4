// Gzip files that grow. The first byte chooses: any bytes as a file, which must end in an error or in no more bytes; or the rest as text, packed into members of
// a size that the second byte says and written in pieces of a size that the third says, which must come out whole, whatever the size of the reads; or the
// same with one byte of the file changed, which is an error, or a member that never ends, unless the text came out as it was.
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "shared/tail/gzip_reader.h"

namespace {

using otelpipe::tail::GzipReader;

void Require(bool condition) {
  if (!condition) std::abort();
}

std::string Pack(std::string_view text) {
  z_stream z{};
  Require(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  Require(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

struct File {
  int fd = ::memfd_create("fuzz", 0);
  ~File() { ::close(fd); }
  void Write(std::string_view bytes) { Require(::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())); }
};

// Everything there is now. False: an error.
bool ReadAll(GzipReader& reader, int fd, size_t block, std::string& out) {
  std::string buffer(block, '\0');
  for (;;) {
    const absl::StatusOr<size_t> n = reader.Read(fd, buffer.data(), buffer.size());
    if (!n.ok()) return false;
    Require(*n <= block);
    if (*n == 0) return true;
    out.append(buffer, 0, *n);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);
  File file;
  if (data[0] % 3 == 0) {
    file.Write(text);
    GzipReader reader(0, data[1]);
    char buffer[4096];
    // Packed bytes hold a thousand times as many at most.
    for (size_t total = 0;;) {
      const absl::StatusOr<size_t> n = reader.Read(file.fd, buffer, 1 + data[2] * 16);
      if (!n.ok() || *n == 0) return 0;
      total += *n;
      Require(*n <= sizeof(buffer) && total <= text.size() * 1100 + 4096);
    }
  }
  std::string packed;
  const size_t member = 1 + data[1];
  for (size_t i = 0; i < text.size(); i += member) packed += Pack(text.substr(i, member));
  if (data[0] % 3 == 1 && !packed.empty()) {
    packed[(data[1] * 7 + data[2]) % packed.size()] ^= static_cast<char>(1 << data[0] / 3 % 8);
    file.Write(packed);
    GzipReader reader(0, 0);
    std::string out;
    if (ReadAll(reader, file.fd, 1 + data[2], out) && reader.at_member_end()) Require(out == text);
    return 0;
  }
  const size_t skip = data[0] / 3 % 8;
  GzipReader reader(0, static_cast<int64_t>(skip));
  std::string out;
  const size_t piece = 1 + data[2], block = 1 + data[2] % 7;
  for (size_t i = 0; i < packed.size(); i += piece) {
    file.Write(std::string_view(packed).substr(i, piece));
    Require(ReadAll(reader, file.fd, block, out));
  }
  Require(out == text.substr(std::min(skip, text.size())));
  if (skip <= text.size()) Require(reader.at_member_end() && reader.compressed() == static_cast<int64_t>(packed.size()));
  return 0;
}
