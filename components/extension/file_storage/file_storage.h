// The file_storage extension: keeps the state of components (file positions, queues) in a directory. One folder per client holds a Store (store.h).
//
// Where the reference kept its database of a component (positions of a receiver, queue of an exporter), what is in it is copied to the store when
// it is opened, and again when the database was written since then. The database itself is only read.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

struct FileStorageConfig {
  struct Compaction {
    bool on_start = false;
    int64_t max_transaction_size = 65536;
    bool on_rebound = false;
    absl::Duration check_interval = absl::Seconds(5);
    static void Describe(Fields<Compaction>& f);
  };
  std::string directory = "/var/lib/otelcol/file_storage";
  absl::Duration timeout = absl::Seconds(1);
  bool fsync = false;
  bool create_directory = false;
  std::string directory_permissions = "0750";
  Compaction compaction;
  static void Describe(Fields<FileStorageConfig>& f);
};

class FileStorage final : public Extension, public StorageExtension {
 public:
  static constexpr std::string_view kType = "file_storage";
  static constexpr std::string_view kStability = "beta";
  using Config = FileStorageConfig;

  FileStorage(Config config, Context context);
  // Checks the directory; creates nothing.
  absl::Status Init();
  absl::Status Start(Host& host) override;
  absl::StatusOr<std::unique_ptr<StorageClient>> Open(ComponentKind kind, const ComponentId& id,
                                                      std::string_view name) override;

 private:
  // Copies what the reference keeps in `file` to the store, unless that was done before.
  absl::Status TakeOver(const std::string& file, StorageClient& store) const;

  Config config_;
  Context context_;
  uint32_t permissions_ = 0750;
};

}  // namespace otelpipe
