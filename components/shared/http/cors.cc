#include "shared/http/cors.h"

#include <algorithm>

#include "shared/http/asio_types.h"

namespace otelpipe::http_internal {

Cors::Cors(CorsConfig config) : config_(std::move(config)) {
  for (std::string& origin : config_.allowed_origins) {
    if (origin == "*") any_origin_ = true;
    origin = ToLower(origin);
  }
  if (config_.allowed_headers.empty()) config_.allowed_headers = {"accept", "content-type", "x-requested-with"};
  for (std::string& name : config_.allowed_headers) {
    if (name == "*") any_header_ = true;
    name = ToLower(name);
  }
}

bool Cors::AllowsOrigin(std::string_view origin) const {
  if (any_origin_) return true;
  const std::string lower = ToLower(origin);
  for (const std::string& allowed : config_.allowed_origins) {
    const size_t star = allowed.find('*');
    if (star == std::string::npos) {
      if (lower == allowed) return true;
      continue;
    }
    const std::string_view head = std::string_view(allowed).substr(0, star);
    const std::string_view tail = std::string_view(allowed).substr(star + 1);
    if (lower.size() >= head.size() + tail.size() && lower.starts_with(head) && lower.ends_with(tail)) return true;
  }
  return false;
}

bool Cors::AllowsHeaders(std::string_view names) const {
  if (any_header_ || names.empty()) return true;
  // Browsers send the list in lower case and sorted; anything else is refused, as upstream's library does.
  std::string_view previous;
  while (true) {
    const size_t comma = names.find(',');
    std::string_view name = names.substr(0, comma);
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (name <= previous && !previous.empty()) return false;
    if (std::find(config_.allowed_headers.begin(), config_.allowed_headers.end(), name) == config_.allowed_headers.end()) {
      return false;
    }
    previous = name;
    if (comma == std::string_view::npos) return true;
    names.remove_prefix(comma + 1);
  }
}

std::string Cors::Preflight(std::string_view origin, std::string_view method, std::string_view headers) const {
  std::string out = "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n";
  const bool method_allowed = method == "GET" || method == "POST" || method == "HEAD";
  if (origin.empty() || !AllowsOrigin(origin) || !method_allowed || !AllowsHeaders(headers)) return out;
  out += "Access-Control-Allow-Origin: ";
  out += any_origin_ ? std::string_view("*") : origin;
  out += "\r\nAccess-Control-Allow-Methods: ";
  out += method;
  if (!headers.empty()) {
    out += "\r\nAccess-Control-Allow-Headers: ";
    out += headers;
  }
  out += "\r\nAccess-Control-Allow-Credentials: true\r\n";
  if (config_.max_age > 0) out += "Access-Control-Max-Age: " + std::to_string(config_.max_age) + "\r\n";
  return out;
}

std::string Cors::Simple(std::string_view origin) const {
  std::string out = "Vary: Origin\r\n";
  if (origin.empty() || !AllowsOrigin(origin)) return out;
  out += "Access-Control-Allow-Origin: ";
  out += any_origin_ ? std::string_view("*") : origin;
  out += "\r\nAccess-Control-Allow-Credentials: true\r\n";
  return out;
}

}  // namespace otelpipe::http_internal
