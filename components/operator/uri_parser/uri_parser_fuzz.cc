// URIs and query strings. What parses is written as a URI that parses to the same text again; its parts come from the input; pairs written as a query are
// read back.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "shared/text/url.h"

namespace {

using namespace otelpipe::uri;

void Require(bool condition) {
  if (!condition) std::abort();
}

std::string Escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    char buffer[8];
    std::snprintf(buffer, sizeof(buffer), "%%%02X", static_cast<unsigned char>(c));
    out += c >= 'a' && c <= 'z' ? std::string(1, c) : c == ' ' ? "+" : std::string(buffer);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 2000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (bool request : {false, true}) {
    const absl::StatusOr<Url> url = ParseUrl(text, request);
    if (!url.ok()) {
      Require(!url.status().message().empty());
      continue;
    }
    for (char c : url->scheme) Require((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.');
    for (char c : url->EscapedPath()) Require(static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F);
    Require(url->Port().find_first_not_of("0123456789") == std::string::npos);
    Require(text.find(url->query) != std::string_view::npos);
    if (request) continue;
    const std::string first = url->ToString();
    const absl::StatusOr<Url> again = ParseUrl(first, false);
    if (again.ok()) Require(again->ToString() == first && again->scheme == url->scheme && again->query == url->query);
  }
  QueryPairs pairs, again;
  (void)ParseQuery(text, pairs);
  std::string query;
  for (const auto& [key, value] : pairs) query += (query.empty() ? "" : "&") + Escape(key) + "=" + Escape(value);
  Require(ParseQuery(query, again).ok() && again == pairs);
  return 0;
}
