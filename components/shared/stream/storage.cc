#include "shared/stream/storage.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "shared/stream/input_config.h"

namespace otelpipe::stream {

absl::StatusOr<std::unique_ptr<StorageClient>> OpenStorage(const std::optional<ComponentId>& id, const ConfigNode& block, Host& host,
                                                           const Context& context) {
  if (!id.has_value()) return nullptr;
  const std::string name = id->ToString();
  Extension* extension = host.FindExtension(*id);
  if (extension == nullptr) {
    return ErrorAt(block, "storage", absl::NotFoundError(absl::StrCat("storage client: storage extension '", name, "' not found")));
  }
  auto* storage = dynamic_cast<StorageExtension*>(extension);
  if (storage == nullptr) {
    return ErrorAt(block, "storage",
                   absl::FailedPreconditionError(absl::StrCat("storage client: non-storage extension '", name, "' found")));
  }
  absl::StatusOr<std::unique_ptr<StorageClient>> client = storage->Open(ComponentKind::kReceiver, context.id, "");
  if (!client.ok()) return Annotate(client.status(), "storage client: ");
  return client;
}

}  // namespace otelpipe::stream
