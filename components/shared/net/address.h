// Addresses as configurations write them: `host:port`, `[::1]:4317`, `:4317`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "otelpipe/component/component.h"

namespace otelpipe {

struct HostPort {
  std::string host;  // without brackets; "" = all interfaces
  std::string port;  // as written
};

// Splits at the last colon. InvalidArgument in the reference's words: `address x: missing port in address`, `address a:b:c: too many
// colons in address`, `address [::1: missing ']' in address`.
absl::StatusOr<HostPort> SplitHostPort(std::string_view address);
// "host:port", with brackets around a host that holds colons.
std::string JoinHostPort(std::string_view host, std::string_view port);
// A port number; InvalidArgument when it is none. Empty means 0.
absl::StatusOr<uint16_t> ParsePort(std::string_view port);

// "name/version (linux/amd64)", the User-Agent of a service.
std::string UserAgent(const Context& context);

}  // namespace otelpipe
