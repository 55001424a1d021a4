#include "shared/grpc/grpc_errors.h"

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::grpc_internal {
namespace {

std::string Dialing(std::string_view what) {
  return absl::StrCat("connection error: desc = \"transport: Error while dialing: ", A(what), "\"");
}

std::string Handshake(std::string_view what) {
  return absl::StrCat("connection error: desc = \"transport: authentication handshake failed: ", A(what), "\"");
}

std::string LowerFirst(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] + 32);
  return out;
}

// "ipv6:%5B::1%5D:1" -> "[::1]:1"
std::string PlainAddress(std::string_view uri) {
  std::string out(uri.substr(uri.find(':') + 1));
  for (const auto& [code, plain] : {std::pair{"%5B", '['}, std::pair{"%5D", ']'}}) {
    if (const size_t at = out.find(code); at != std::string::npos) out.replace(at, 3, 1, plain);
  }
  return out;
}

}  // namespace

std::string GoErrorText(std::string_view text, std::string_view own) {
  if (text == "Deadline Exceeded") return "context deadline exceeded";
  constexpr std::string_view kResolve = "DNS resolution failed for ";
  if (text.starts_with(kResolve)) {
    std::string_view host = text.substr(kResolve.size());
    host = host.substr(0, host.find(": "));
    host = host.substr(0, host.rfind(':'));
    return Dialing(absl::StrCat("dial tcp: lookup ", A(host), ": no such host"));
  }
  constexpr std::string_view kLast = "last error: ";
  const size_t last = text.find(kLast);
  if (!text.starts_with("failed to connect to all addresses") || last == std::string_view::npos)
    return std::string(text);
  if (!own.empty()) return own.starts_with("dial ") ? Dialing(own) : Handshake(own);
  // "UNKNOWN: ipv4:127.0.0.1:1: what"
  std::string_view rest = text.substr(last + kLast.size());
  const size_t code = rest.find(": ");
  if (code == std::string_view::npos) return std::string(text);
  rest.remove_prefix(code + 2);
  const size_t end = rest.find(": ");
  if (end == std::string_view::npos || !rest.starts_with("ip")) return std::string(text);
  const std::string address = PlainAddress(rest.substr(0, end));
  const std::string_view what = rest.substr(end + 2);
  constexpr std::string_view kConnect = "Failed to connect to remote host: ";
  if (what.starts_with(kConnect)) {
    return Dialing(absl::StrCat("dial tcp ", address, ": connect: ", LowerFirst(what.substr(kConnect.size()))));
  }
  constexpr std::string_view kTls = "Ssl handshake failed: ";
  if (what.starts_with(kTls)) return Handshake(absl::StrCat("tls: ", A(what.substr(kTls.size()))));
  return std::string(text);
}

}  // namespace otelpipe::grpc_internal
