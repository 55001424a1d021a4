// Checkpoint: the saved state of files in a StorageClient.
//
// Two keys a file, so that moving on costs few bytes: `<prefix>.file.<id>` holds identity, `<prefix>.pos.<id>` the position. Values are JSON.
// The value the reference keeps under `<prefix>.knownFiles` is taken over, and removed with the first Commit: of a file that both know the further position
// counts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/component/component.h"
#include "shared/tail/file.h"

namespace otelpipe::tail {

class Checkpoint {
 public:
  // `prefix` is the id of the input operator ("file_input").
  Checkpoint(std::unique_ptr<StorageClient> client, std::string prefix);

  struct Loaded {
    std::vector<std::shared_ptr<TailFile>> files;
    std::vector<std::string> problems;  // records that could not be read; they are removed from the store
    uint64_t next_id = 1;
  };
  // Errors of the store only; a record that makes no sense is a problem, not an error.
  absl::StatusOr<Loaded> Load();

  // Collect changes; Commit writes all of them or none.
  void Put(const TailFile& file, bool with_identity);
  void Remove(uint64_t id);
  bool has_changes() const { return !writes_.empty(); }
  // On an error the changes are kept for the next time.
  absl::Status Commit();

 private:
  std::unique_ptr<StorageClient> client_;
  std::string prefix_;
  std::vector<StorageClient::Write> writes_;
};

// The value under `<prefix>.knownFiles`: a count and so many objects. InvalidArgument in the reference's words.
absl::StatusOr<std::vector<std::shared_ptr<TailFile>>> ParseKnownFiles(std::string_view text);

}  // namespace otelpipe::tail
