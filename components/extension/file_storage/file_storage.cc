#include "extension/file_storage/file_storage.h"

#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "extension/file_storage/bolt.h"
#include "extension/file_storage/store.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"

namespace otelpipe {
namespace {

std::string ErrnoText(int error) {
  std::string text = std::strerror(error);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

// The bucket of the reference's databases, and the key under which the store remembers up to which of their transactions it knows them.
constexpr char kBucket[] = "default";
constexpr char kTakenOver[] = "otelpipe.taken_over";

// Creates `path` and what is missing above it.
absl::Status MakeDirectories(const std::string& path, uint32_t permissions) {
  for (size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), permissions) != 0 && errno != EEXIST) {
      return absl::UnavailableError(absl::StrCat("mkdir ", part, ": ", ErrnoText(errno)));
    }
    if (at == std::string::npos) return absl::OkStatus();
  }
}

}  // namespace

void FileStorageConfig::Compaction::Describe(Fields<Compaction>& f) {
  constexpr const char* kWhy = "the store removes garbage by itself while it runs";
  f.Optional("on_start", &Compaction::on_start, "Removes garbage when a store is opened.");
  f.Optional("on_rebound", &Compaction::on_rebound, "Accepted, no effect: the store removes garbage by itself while it runs.");
  f.Optional("max_transaction_size", &Compaction::max_transaction_size, "Accepted, no effect: values are copied one by one.");
  f.Optional("check_interval", &Compaction::check_interval, "Accepted, no effect: garbage is noticed when it is made.");
  f.Ignored("directory", "compaction works beside the store");
  f.Ignored("rebound_needed_threshold_mib", kWhy);
  f.Ignored("rebound_trigger_threshold_mib", kWhy);
  f.Ignored("cleanup_on_start", "left-over files are always removed");
  f.Validate([](const Compaction& c) {
    if (c.max_transaction_size < 0) {
      return absl::InvalidArgumentError("max transaction size for compaction cannot be less than 0");
    }
    if (c.on_rebound && c.check_interval <= absl::ZeroDuration()) {
      return absl::InvalidArgumentError("compaction check interval must be positive when rebound compaction is set");
    }
    return absl::OkStatus();
  });
}

void FileStorageConfig::Describe(Fields<FileStorageConfig>& f) {
  using C = FileStorageConfig;
  f.Optional("directory", &C::directory, "Where the stores are.");
  f.Optional("timeout", &C::timeout, "How long to wait for another process to let go of a store.");
  f.Optional("fsync", &C::fsync, "Every write waits until it is on the disk.");
  f.Optional("create_directory", &C::create_directory, "Creates the directory when it is missing.");
  f.Optional("directory_permissions", &C::directory_permissions, "Octal permissions of a created directory, minus the umask.");
  f.Optional("compaction", &C::compaction, "When garbage is removed.");
}

FileStorage::FileStorage(Config config, Context context) : config_(std::move(config)), context_(std::move(context)) {}

absl::Status FileStorage::Init() {
  if (config_.create_directory) {
    const std::string& text = config_.directory_permissions;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), permissions_, 8);
    if (ec != std::errc() || end != text.data() + text.size() || text.empty()) {
      return absl::InvalidArgumentError("directory_permissions value must be a valid octal representation");
    }
    if ((permissions_ & ~0777u) != 0) {
      return absl::InvalidArgumentError("directory_permissions contain invalid bits for file access");
    }
  }
  struct stat st;
  if (::stat(config_.directory.c_str(), &st) != 0) {
    if (errno == ENOENT) {
      if (config_.create_directory) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrCat("directory must exist: stat ", config_.directory,
                       ": no such file or directory. You can enable the create_directory option to automatically create it"));
    }
    return absl::InvalidArgumentError(absl::StrCat("problem accessing configured directory: ", config_.directory,
                                                   ", err: stat ", config_.directory, ": ", ErrnoText(errno)));
  }
  if (!S_ISDIR(st.st_mode)) return absl::InvalidArgumentError(absl::StrCat(config_.directory, " is not a directory"));
  return absl::OkStatus();
}

absl::Status FileStorage::Start(Host&) {
  if (config_.create_directory) OTELPIPE_RETURN_IF_ERROR(MakeDirectories(config_.directory, permissions_));
  return absl::OkStatus();
}

absl::Status FileStorage::TakeOver(const std::string& file, StorageClient& store) const {
  absl::StatusOr<std::unique_ptr<file_storage::BoltFile>> opened = file_storage::BoltFile::Open(file, config_.timeout);
  if (!opened.ok()) {
    if (opened.status().code() == absl::StatusCode::kDeadlineExceeded) {
      return absl::DeadlineExceededError(absl::StrCat("timeout: another process has ", file, " open"));
    }
    context_.log.Error("a store of another format can't be read and is left alone", {{"file", file}, {"error", opened.status()}});
    return absl::OkStatus();
  }
  const std::string transaction = absl::StrCat((*opened)->transaction());
  absl::StatusOr<std::string> known = store.Get(kTakenOver);
  if (known.ok() && *known == transaction) return absl::OkStatus();
  file_storage::BoltContent content = (*opened)->Read(kBucket);
  if (!content.damage.empty()) {
    context_.log.Error("a store of another format is damaged, what is readable is used", {{"file", file}, {"error", content.damage}});
  }
  // One by one: a queue may be big, and a crash on the way only does it once more.
  for (const auto& [key, value] : content.values) OTELPIPE_RETURN_IF_ERROR(store.Set(key, value));
  OTELPIPE_RETURN_IF_ERROR(store.Set(kTakenOver, transaction));
  context_.log.Info("the state that another collector kept is taken over", {{"file", file}, {"keys", content.values.size()}});
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<StorageClient>> FileStorage::Open(ComponentKind kind, const ComponentId& id, std::string_view name) {
  std::string file = config_.directory + "/" + file_storage::ClientName(kind, id, name);
  const std::string database = file;
  struct stat st;
  // The reference keeps one database file under this very name; ours is a folder beside it.
  const bool occupied = ::stat(file.c_str(), &st) == 0 && !S_ISDIR(st.st_mode);
  if (occupied) file += ".store";
  file_storage::StoreOptions options;
  options.fsync = config_.fsync;
  options.lock_timeout = config_.timeout;
  OTELPIPE_ASSIGN_OR_RETURN(auto store, file_storage::Store::Open(file, options, [this](std::string text) {
    context_.log.Error("a store is damaged or cannot be written", {{"error", text}});
  }));
  if (store->bytes_damaged() > 0 && context_.metrics != nullptr) {
    context_.metrics
        ->AddCounter("otelcol_extension_file_storage_damaged_bytes", {{"extension", context_.id.ToString()}},
                     "Bytes of stores that were found torn or damaged", "By", "otelpipe/extension/file_storage")
        ->Add(store->bytes_damaged());
  }
  if (config_.compaction.on_start) {
    absl::Status status = store->Compact();
    if (!status.ok()) context_.log.Error("compaction on start failed", {{"error", status}});
  }
  if (occupied) OTELPIPE_RETURN_IF_ERROR(TakeOver(database, *store));
  return store;
}

}  // namespace otelpipe

OTELPIPE_REGISTER(extension, file_storage, registry) { return registry.AddExtension<otelpipe::FileStorage>(); }
