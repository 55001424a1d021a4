// The `storage` of a receiver: the client of the extension that is named there.
//
//   OTELPIPE_ASSIGN_OR_RETURN(auto client, stream::OpenStorage(config_.storage, config_.node, host, context_));
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "otelpipe/component/component.h"

namespace otelpipe::stream {

// Null when none is named. NotFound and FailedPrecondition in the reference's words, with the place of the key in `block`, when there is no such extension or
// it keeps nothing; the extension's own errors as `storage client: ...`. To be called at the start.
absl::StatusOr<std::unique_ptr<StorageClient>> OpenStorage(const std::optional<ComponentId>& id, const ConfigNode& block, Host& host,
                                                           const Context& context);

}  // namespace otelpipe::stream
