// Url: a URL taken apart with the rules of Go's url package.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace otelpipe::uri {

struct Url {
  std::string scheme;  // lower case
  std::string opaque;
  bool has_user = false;
  bool has_password = false;
  std::string user;
  std::string password;
  std::string host;      // with port and brackets
  std::string path;      // decoded
  std::string raw_path;  // as written, when it differs from the escaped path
  std::string query;     // as written
  bool force_query = false;
  std::string fragment;  // decoded

  std::string HostName() const;  // without port and brackets
  std::string Port() const;
  std::string EscapedPath() const;
  std::string ToString() const;
};

// `request`: as in a request line: absolute, or a path that begins with a slash; no fragment. Otherwise relative references and fragments are
// taken. Errors: `parse "x": invalid URI for request`.
absl::StatusOr<Url> ParseUrl(std::string_view text, bool request);

using QueryPairs = std::vector<std::pair<std::string, std::string>>;
// All pairs that can be decoded, and the first fault.
absl::Status ParseQuery(std::string_view query, QueryPairs& pairs);

}  // namespace otelpipe::uri
