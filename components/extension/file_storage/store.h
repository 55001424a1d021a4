// Store: a key-value store in one folder, made for few live keys and many writes.
//
//   OTELPIPE_ASSIGN_OR_RETURN(auto store, Store::Open("/var/lib/x/receiver_filelog_", options));
//   store->Apply({{"key", "value"}});
//
// Writes go to the end of the newest segment (`<number>.seg`), each Apply as one record with a CRC32C, so it is there as a whole or not at all. Keys and the
// places of values are in memory; values are read from disk. Old segments without live values
// are removed; when most of a big store is garbage, what is live is written to a new
// segment (to a temporary name, then fsync, rename, fsync of the folder) and the old ones are removed.
//
// Opening survives damage: of a segment whose record is torn or fails its check the readable front is used, the rest is saved as `<number>.damaged` and
// reported. Two openers of one folder exclude each other by flock on `lock`.
//
// Layout of a segment: "OTPSEG1\n", then records: u32 length, u32 CRC32C of what follows, then `length` bytes: for each write u8 kind (1 set, 2 delete, 3 forget
// all before),
// u32 key length, u32 value length, key, value. Little-endian.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "otelpipe/component/component.h"

namespace otelpipe::file_storage {

struct StoreOptions {
  bool fsync = false;
  absl::Duration lock_timeout = absl::Seconds(1);
  int64_t segment_size = 8 << 20;    // a longer segment is followed by a new one
  int64_t compact_above = 16 << 20;  // bytes; smaller stores are left alone
};

class Store final : public StorageClient {
 public:
  // DeadlineExceeded("timeout") when another process has it. `report` gets one text for each damaged file.
  static absl::StatusOr<std::unique_ptr<Store>> Open(std::string folder, StoreOptions options,
                                                     const std::function<void(std::string)>& report);
  ~Store() override;

  absl::StatusOr<std::string> Get(std::string_view key) override;
  absl::Status Set(std::string_view key, std::string_view value) override;
  absl::Status Delete(std::string_view key) override;
  absl::Status Apply(const std::vector<Write>& writes) override;
  std::vector<std::string> Keys() override;
  absl::StatusOr<std::string> Directory() override;

  // Writes what is live to a new segment. Called by Apply when it pays.
  absl::Status Compact();
  int64_t bytes_on_disk() const { return total_; }
  int64_t bytes_live() const { return live_; }

 private:
  struct Place {
    uint64_t segment;
    int64_t offset;  // of the value
    uint32_t length;
    uint32_t cost;  // bytes the write takes in its record
  };
  struct Segment {
    int fd = -1;
    int64_t size = 0;
    int64_t live = 0;
  };

  Store(std::string folder, StoreOptions options) : folder_(std::move(folder)), options_(options) {}
  absl::Status Lock();
  absl::Status Load(const std::function<void(std::string)>& report);
  absl::Status LoadSegment(uint64_t number, const std::function<void(std::string)>& report);
  absl::Status NewSegment(uint64_t number);
  absl::Status AppendRecord(Segment& segment, std::string_view body, int64_t& body_offset) const;
  bool Index(uint64_t segment, int64_t body_offset, std::string_view body);
  void Put(std::string key, Place place);
  void Drop(const std::string& key);
  void DropDeadSegments();
  std::string PathOf(uint64_t number, const char* extension) const;
  absl::Status SyncFolder() const;

  std::string folder_;
  StoreOptions options_;
  int lock_fd_ = -1;
  std::map<uint64_t, Segment> segments_;
  std::map<std::string, Place, std::less<>> index_;
  int64_t total_ = 0;
  int64_t live_ = 0;
};

// The folder or file name of a client: `receiver_filelog_`, `exporter_otlphttp_x_logs`; unsafe characters as ~002F.
std::string ClientName(ComponentKind kind, const ComponentId& id, std::string_view name);
uint32_t Crc32c(std::string_view bytes, uint32_t crc = 0);

}  // namespace otelpipe::file_storage
