// Cross-origin rules of an HTTP server (otlp receiver, health check), as the reference applies them.
#pragma once

#include <string>
#include <string_view>

#include "shared/http/http_config.h"

namespace otelpipe::http_internal {

class Cors {
 public:
  Cors() = default;  // off
  explicit Cors(CorsConfig config);
  bool active() const { return !config_.allowed_origins.empty(); }
  // Header lines (with CRLF) of the answer to a preflight.
  std::string Preflight(std::string_view origin, std::string_view method, std::string_view headers) const;
  // Header lines added to the answer of any other request; `origin` may be empty.
  std::string Simple(std::string_view origin) const;

 private:
  bool AllowsOrigin(std::string_view origin) const;
  bool AllowsHeaders(std::string_view names) const;
  CorsConfig config_;
  bool any_origin_ = false;
  bool any_header_ = false;
};

}  // namespace otelpipe::http_internal
