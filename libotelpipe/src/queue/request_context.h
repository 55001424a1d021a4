// The form in which the reference's persistent queue keeps a request together with its client (gate exporter.PersistRequestContext):
// {fixed32 version = 1; context = 2; data = 3}, the context with the client's metadata and address. What an authenticator found out is not in it.
//
//   std::string head = RequestHead(client.get(), data_size);       // the item is head and data
//   StoredRequest stored = ParseStoredRequest(bytes);              // of either form
//
// Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "otelpipe/pdata/batch.h"

namespace otelpipe {

// What stands before `data_size` bytes of OTLP. `client` may be null.
std::string RequestHead(const ClientInfo* client, size_t data_size);

struct StoredRequest {
  std::string_view data;                     // in the bytes that were given
  std::shared_ptr<const ClientInfo> client;  // null when the form has none
};
// Bytes that do not begin with the version are data as a whole, and so are those whose framing is broken.
StoredRequest ParseStoredRequest(std::string_view bytes);

}  // namespace otelpipe
