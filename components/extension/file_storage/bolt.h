// BoltFile: reads the database files in which the reference keeps the state of components (bbolt, format version 2). It never writes.
//
//   OTELPIPE_ASSIGN_OR_RETURN(auto file, BoltFile::Open("/var/lib/otelcol/file_storage/receiver_filelog_", absl::Seconds(1)));
//   BoltContent content = file->Read("default");
//
// The file is a row of pages. Two of them hold a description each of the whole, of which the one with the larger transaction counts; from there a tree of
// pages leads to the keys. Nothing in the file is trusted: pages are read, not mapped, each at most once, and every place and length is
// checked. Where the newer description leads to damage the older one is tried; of what is damaged in both, the readable keys are returned with a text that
// says what is wrong.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace otelpipe::file_storage {

struct BoltContent {
  uint64_t transaction = 0;
  std::map<std::string, std::string> values;
  std::string damage;  // empty: all of it was read
};

class BoltFile {
 public:
  // DeadlineExceeded("timeout") while another process has it open, InvalidArgument("invalid database") when it is none.
  static absl::StatusOr<std::unique_ptr<BoltFile>> Open(const std::string& path, absl::Duration lock_timeout);
  // The same of a file in memory.
  static absl::StatusOr<std::unique_ptr<BoltFile>> OfBytes(std::string bytes);
  ~BoltFile();
  BoltFile(const BoltFile&) = delete;

  // Number of the last transaction: grows with every write.
  uint64_t transaction() const { return metas_.front().transaction; }
  // The keys of one bucket. Absent: no keys, and no damage.
  BoltContent Read(std::string_view bucket);

 private:
  struct Meta {
    uint64_t transaction = 0;
    uint64_t root = 0;
    uint64_t page_size = 0;
  };
  struct Element {
    uint32_t flags = 0;
    uint64_t page = 0;  // of a branch
    std::string_view key;
    std::string_view value;
  };
  class Walk;

  BoltFile() = default;
  absl::Status LoadMetas();
  bool ReadAt(uint64_t offset, uint64_t n, std::string& out) const;
  // The elements of a page or of a bucket that is stored inside a value; false when it makes no sense.
  static bool Elements(std::string_view page, std::vector<Element>& out, bool& leaf);

  int fd_ = -1;
  std::string bytes_;
  uint64_t size_ = 0;
  std::vector<Meta> metas_;  // newest first
};

}  // namespace otelpipe::file_storage
