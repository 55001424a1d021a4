// PieceStorage: what a StorageClient may offer beside its interface, found by dynamic_cast: setting a value that lies in several places without copying it
// together first.
//
//   auto* pieces = dynamic_cast<PieceStorage*>(client.get());
//   if (pieces != nullptr) status = pieces->SetPieces(key, {head, body});
//
// As StorageClient::Set: loop thread; ResourceExhausted when there is no room, and nothing is kept then.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace otelpipe {

class PieceStorage {
 public:
  virtual ~PieceStorage() = default;
  virtual absl::Status SetPieces(std::string_view key, const std::vector<std::string_view>& value) = 0;
};

}  // namespace otelpipe
