// QueueStore: the items of a persistent queue in the client of a storage extension. An item is OTLP protobuf under a key "<index>:<records>:<bytes>"; the order is
// the order of the indexes. It is deleted when it is finished, so after a crash everything unfinished is still there (at least once).
//
// What the reference's persistent queue left under its keys ("0", "1", ... with `qmv0`, or `ri`, `wi`, `di`) is taken over.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/storage_pieces.h"

namespace otelpipe {

class QueueStore {
 public:
  struct Entry {
    std::string key;
    int64_t records = 0;
    int64_t bytes = 0;
    uint64_t index = 0;
  };
  // `with_client`: new items keep the client of their batch, in the form of the reference (request_context.h). Items of both forms are read.
  QueueStore(std::unique_ptr<StorageClient> client, Signal signal, bool with_client = false)
      : client_(std::move(client)),
        pieces_(dynamic_cast<PieceStorage*>(client_.get())),
        signal_(signal),
        with_client_(with_client) {}
  // The items left by the last run, oldest first.
  std::vector<Entry> Load();
  // The key of the new item. Errors are those of the storage; nothing is stored then.
  absl::StatusOr<std::string> Put(const Batch& batch);
  absl::StatusOr<Batch> Get(const std::string& key);
  absl::Status Delete(const std::string& key);
  // What a key says about its item; zeros for keys of the reference.
  static Entry Parse(const std::string& key);

 private:
  std::unique_ptr<StorageClient> client_;
  PieceStorage* const pieces_;  // the client, when it can take values in pieces
  const Signal signal_;
  const bool with_client_;
  uint64_t next_ = 0;
};

}  // namespace otelpipe
