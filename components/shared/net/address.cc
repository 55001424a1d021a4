#include "shared/net/address.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {

absl::StatusOr<HostPort> SplitHostPort(std::string_view address) {
  const auto fail = [&](const char* what) {
    return absl::InvalidArgumentError(absl::StrCat("address ", A(address), ": ", what));
  };
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return fail("missing port in address");
  HostPort out;
  if (!address.empty() && address[0] == '[') {
    const size_t end = address.find(']');
    if (end == std::string_view::npos) return fail("missing ']' in address");
    if (end + 1 == address.size()) return fail("missing port in address");
    if (end + 1 != colon) return fail(address[end + 1] == ':' ? "too many colons in address" : "missing port in address");
    out.host = address.substr(1, end - 1);
  } else {
    out.host = address.substr(0, colon);
    if (out.host.find(':') != std::string::npos) return fail("too many colons in address");
  }
  if (out.host.find('[') != std::string::npos) return fail("unexpected '[' in address");
  if (out.host.find(']') != std::string::npos) return fail("unexpected ']' in address");
  out.port = address.substr(colon + 1);
  return out;
}

std::string JoinHostPort(std::string_view host, std::string_view port) {
  if (host.find(':') != std::string_view::npos) return absl::StrCat("[", A(host), "]:", A(port));
  return absl::StrCat(A(host), ":", A(port));
}

absl::StatusOr<uint16_t> ParsePort(std::string_view port) {
  if (port.empty()) return uint16_t{0};
  uint32_t number = 0;
  if (!absl::SimpleAtoi(A(port), &number) || number > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("invalid port \"", A(port), "\""));
  }
  return static_cast<uint16_t>(number);
}

std::string UserAgent(const Context& context) {
#if defined(__x86_64__)
  constexpr const char* kArch = "amd64";
#elif defined(__aarch64__)
  constexpr const char* kArch = "arm64";
#else
  constexpr const char* kArch = "unknown";
#endif
  return absl::StrCat(context.service_name, "/", context.service_version, " (linux/", kArch, ")");
}

}  // namespace otelpipe
