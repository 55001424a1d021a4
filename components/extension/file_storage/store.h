// Store: a key-value store in one folder, made for few live keys and many writes (file positions) and for queues (written and removed in order).
//
//   OTELPIPE_ASSIGN_OR_RETURN(auto store, Store::Open("/var/lib/x/receiver_filelog_", options, report));
//   store->Apply({{"key", "value"}});
//
// Writes go to the end of the newest segment (`<number>.seg`, segment.h), each Apply as one record with a CRC32C, so it is there as a whole or not at all.
// Keys and the places of values are in memory; values are read from disk and checked again.
//
// Space. Segments without live values are removed from the old end; when most of a big store is garbage, what lives in the oldest segment is written again
// at the new end, one segment at a time. A little room behind the newest segment is reserved, so that removing (which frees
// whole segments) works on a full disk too. A removal that cannot be written takes effect in memory and is written later;
// until then a crash brings the value back.
//
// Full disk. What cannot be stored is refused with ResourceExhausted, nothing of it is kept, and the store works on when
// there is room again. The program must ignore SIGXFSZ if it is to survive a limit of file sizes.
//
// Damage. Opening never fails because of what is in the files: behind torn or damaged bytes reading goes on with the next good record. The damaged bytes are kept
// as `<number>.damaged`, reported once, and counted. A folder that exists but cannot be written is reported; what is there can be read, writes fail.
//
// fsync. With it Set and Apply return when the record is on the disk (fdatasync), removals do not wait. Without it a crash of the
// process loses nothing, a power failure the writes of the last seconds.
//
// Two openers of one folder exclude each other by flock on the folder. One thread.
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
#include "extension/file_storage/crc32c.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/storage_pieces.h"

namespace otelpipe::file_storage {

struct StoreOptions {
  bool fsync = false;
  absl::Duration lock_timeout = absl::Seconds(1);
  int64_t segment_size = 8 << 20;    // a longer segment is followed by a new one
  int64_t compact_above = 16 << 20;  // bytes; smaller stores are left alone
};

class Store final : public StorageClient, public PieceStorage {
 public:
  // DeadlineExceeded("timeout") when another process has it; Unavailable when the folder can be neither opened nor made. `report` gets one text for each damaged
  // file and for whatever else is wrong but does not stop the store.
  static absl::StatusOr<std::unique_ptr<Store>> Open(std::string folder, StoreOptions options,
                                                     const std::function<void(std::string)>& report);
  ~Store() override;

  // DataLoss when the value was damaged since it was written.
  absl::StatusOr<std::string> Get(std::string_view key) override;
  absl::Status Set(std::string_view key, std::string_view value) override;
  absl::Status SetPieces(std::string_view key, const std::vector<std::string_view>& value) override;
  absl::Status Delete(std::string_view key) override;
  absl::Status Apply(const std::vector<Write>& writes) override;
  std::vector<std::string> Keys() override;
  absl::StatusOr<std::string> Directory() override;

  // Writes what is live to a new segment. All other garbage is removed by the way.
  absl::Status Compact();
  int64_t bytes_on_disk() const { return total_; }
  int64_t bytes_live() const { return live_; }
  // Of all files when they were opened.
  int64_t bytes_damaged() const { return damaged_; }

 private:
  struct Place {
    uint64_t segment;
    int64_t offset;  // of the value
    uint32_t length;
    uint32_t cost;  // bytes the write takes in its record
    uint32_t crc;   // of the value
  };
  struct Segment {
    int64_t size = 0;
    int64_t live = 0;
  };
  using Pieces = std::vector<std::string_view>;
  // A segment that is being written.
  struct Tail {
    int fd = -1;
    uint32_t mark = 0;
    int64_t size = 0;
    int64_t reserved = 0;  // where the room ends that is ours for sure
    int error = 0;         // of the last write
  };

  Store(std::string folder, StoreOptions options) : folder_(std::move(folder)), options_(options) {}
  absl::Status OpenFolder();
  absl::Status Load(const std::function<void(std::string)>& report);
  void LoadSegment(uint64_t number, const std::function<void(std::string)>& report);
  static absl::StatusOr<Tail> NewTail(const std::string& path);
  absl::Status EnsureTail();
  void CloseTail();
  bool Reserve(size_t bytes, size_t spare);
  // Appends one record to the newest segment; the offset of its body.
  absl::StatusOr<int64_t> Append(const Pieces& body, bool only_removes);
  absl::Status AppendSet(std::string_view key, const Pieces& value);
  static absl::StatusOr<int64_t> AppendTo(Tail& tail, const Pieces& body, const std::string& name);
  void Index(uint64_t segment, int64_t body_offset, std::string_view body);
  void WritePendingRemovals();
  void Put(std::string_view key, Place place);
  bool Forget(std::string_view key);
  void Tidy();
  void DropDeadSegments();
  absl::Status CleanOldest();
  std::string PathOf(uint64_t number, const char* extension) const;
  absl::Status SyncFolder() const;

  std::string folder_;
  StoreOptions options_;
  int folder_fd_ = -1;  // holds the lock
  std::map<uint64_t, Segment> segments_;
  uint64_t next_number_ = 1;
  Tail tail_;                 // of segment tail_number_
  uint64_t tail_number_ = 0;  // 0: none open
  int read_fd_ = -1;          // of segment read_number_
  uint64_t read_number_ = 0;
  std::map<std::string, Place, std::less<>> index_;
  std::vector<std::string> pending_removals_;
  int64_t total_ = 0;
  int64_t live_ = 0;
  int64_t damaged_ = 0;
  int64_t clean_again_at_ = 0;  // after a failed cleaning: not below this size
  bool can_reserve_ = true;
};

// The folder or file name of a client: `receiver_filelog_`, `exporter_otlphttp_x_logs`; unsafe characters as ~002F.
std::string ClientName(ComponentKind kind, const ComponentId& id, std::string_view name);

}  // namespace otelpipe::file_storage
