// HeaderEditor: what a ClientAuth may offer beside its interface, found by dynamic_cast: changing the headers an HTTP request has already, not only adding
// some. A client that sees it calls EditHeaders instead of RequestHeaders.
//
//   Headers headers = {{"content-type", "application/json"}};
//   OTELPIPE_RETURN_IF_ERROR(editor->EditHeaders(client, headers));
//
// Names are in lower case. May be called from any thread; `client` may be null.
#pragma once

#include "absl/status/status.h"
#include "otelpipe/component/component.h"

namespace otelpipe {

class HeaderEditor {
 public:
  virtual ~HeaderEditor() = default;
  virtual absl::Status EditHeaders(const ClientInfo* client, Headers& headers) = 0;
};

}  // namespace otelpipe
