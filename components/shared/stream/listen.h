// Opening of listening sockets with Asio. Heavy: sources only.
#pragma once

#include <netinet/in.h>

#include <memory>
#include <string>
#include <utility>  // Boost 1.74 needs it before Asio
#include <vector>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/socket_base.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "shared/net/address.h"
#include "shared/stream/endpoint.h"

namespace otelpipe::stream {

// `connection refused`: the system's text in lower case at its start, as Go prints it.
inline std::string ErrorText(const boost::system::error_code& error) {
  std::string text = error.message();
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

inline std::string AddressText(const boost::asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

// Opens and binds `out`, and listens where the socket can. Unavailable: `listen tcp 127.0.0.1:514: bind: permission denied`.
// A name is looked up here and now, IPv4 first; no name means all interfaces of both families.
template <typename Out, typename Protocol>
absl::Status Listen(boost::asio::io_context& io, const ListenAddress& where, std::string_view network, std::unique_ptr<Out>& out) {
  namespace asio = boost::asio;
  using Endpoint = typename Protocol::endpoint;
  boost::system::error_code error;
  std::vector<Endpoint> targets;
  if (where.host.empty()) {
    targets = {Endpoint(Protocol::v6(), where.port), Endpoint(Protocol::v4(), where.port)};
  } else {
    asio::ip::address address = asio::ip::make_address(where.host == "localhost" ? "127.0.0.1" : where.host, error);
    if (error) {
      typename Protocol::resolver resolver(io);
      const auto results = resolver.resolve(where.host, "", error);
      if (error || results.empty()) {
        return absl::UnavailableError(absl::StrCat("listen ", A(network), ": lookup ", where.host, ": no such host"));
      }
      address = results.begin()->endpoint().address();
      for (const auto& r : results) {
        if (!r.endpoint().address().is_v4()) continue;
        address = r.endpoint().address();
        break;
      }
    }
    targets = {Endpoint(address, where.port)};
  }
  const std::string shown = where.host.empty() ? absl::StrCat(":", where.port) : JoinHostPort(where.host, std::to_string(where.port));
  absl::Status status;
  for (const Endpoint& target : targets) {
    const char* call = "socket";
    out = std::make_unique<Out>(io);
    out->open(target.protocol(), error);
    // A machine without IPv6 has the other family.
    const bool may_try_next = static_cast<bool>(error);
    if (!error) {
      call = "bind";
      boost::system::error_code ignored;
      if constexpr (requires { out->listen(1, error); }) out->set_option(asio::socket_base::reuse_address(true), ignored);
      if (target.address().is_v6() && where.host.empty()) out->set_option(asio::ip::v6_only(false), ignored);
      out->bind(target, error);
    }
    if constexpr (requires { out->listen(1, error); }) {
      if (!error) {
        call = "listen";
        out->listen(asio::socket_base::max_listen_connections, error);
      }
    }
    if (!error) return absl::OkStatus();
    status = absl::UnavailableError(absl::StrCat("listen ", A(network), " ", shown, ": ", call, ": ", ErrorText(error)));
    out.reset();
    if (!may_try_next) break;
  }
  return status;
}

}  // namespace otelpipe::stream
