// GzipReader: the decompressed bytes of a file that may still grow by whole or partial gzip members.
//
//   GzipReader reader(base_compressed, skip);
//   absl::StatusOr<size_t> n = reader.Read(fd, buffer, size);   // 0: nothing more yet
//
// Bytes the caller could not use yet are given back with Keep and come first in the next Read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace otelpipe::tail {

class GzipReader {
 public:
  // Begins at the member that starts at `compressed` in the file and leaves out the first `skip` bytes of its output.
  GzipReader(int64_t compressed, int64_t skip);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;

  // InvalidArgument("gzip: invalid header") for bytes that are no gzip member; DataLoss for damaged ones, after what came out of them before the
  // damage, and from then on always. A member that ends early is no error: the rest may still be written.
  absl::StatusOr<size_t> Read(int fd, char* out, size_t size);
  void Keep(std::string_view rest) { kept_.assign(rest.data(), rest.size()); }

  // True when the file of `size` bytes has input that was not read, or damage that was not told.
  bool HasInput(int64_t size) const { return size > compressed_ || !fault_.ok(); }
  // True after a whole member with nothing kept: the file can be gone on with from compressed() without this object.
  bool at_member_end() const;
  int64_t compressed() const { return compressed_; }
  // Decompressed bytes given out, including skipped ones, without the kept.
  bool drained() const { return drained_; }

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::string input_;
  size_t input_used_ = 0;
  int64_t compressed_;  // next byte of the file to read
  int64_t skip_;
  std::string kept_;
  bool in_member_ = false;
  bool drained_ = false;
  absl::Status fault_;
};

}  // namespace otelpipe::tail
