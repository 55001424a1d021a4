#include "shared/http/asio_types.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/un.h>

#include <array>

#include "shared/net/address.h"

namespace otelpipe::http_internal {

asio::ssl::context AsioContext(const SslContext& context) {
  SSL_CTX_up_ref(context.get());
  return asio::ssl::context(context.get());
}

std::string ToText(const Protocol::endpoint& endpoint) {
  const sockaddr* address = endpoint.data();
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    return JoinHostPort(text.data(), std::to_string(ntohs(v4->sin_port)));
  }
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
      inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text.data(), text.size());
    } else {
      inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
    }
    return JoinHostPort(text.data(), std::to_string(ntohs(v6->sin6_port)));
  }
  if (address->sa_family == AF_UNIX && endpoint.size() > sizeof(sa_family_t)) {
    return reinterpret_cast<const sockaddr_un*>(address)->sun_path;
  }
  return "@";
}

std::string ErrorText(const error_code& error) {
  if (error == asio::error::eof) return "EOF";
  std::string text = error.message();
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

bool EqualFold(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string ToLower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

}  // namespace otelpipe::http_internal
