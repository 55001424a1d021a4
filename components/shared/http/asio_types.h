// The Asio and Beast types of this folder. Heavy: sources only, never a public header.
#pragma once

#include <utility>  // Boost 1.74 needs it before Asio under newer compilers

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/optional.hpp>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "shared/tls/openssl_context.h"

namespace otelpipe::http_internal {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

// One socket type for TCP and unix sockets, bound to the io_context itself: the polymorphic executor costs twice as much per operation.
using Executor = asio::io_context::executor_type;
using Protocol = asio::generic::stream_protocol;
using Socket = asio::basic_stream_socket<Protocol, Executor>;
using Acceptor = asio::basic_socket_acceptor<Protocol, Executor>;
using TlsStream = asio::ssl::stream<Socket>;

template <typename Stream>
inline constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

inline Socket& LowestLayer(Socket& s) { return s; }
inline Socket& LowestLayer(TlsStream& s) { return s.next_layer(); }

inline std::string_view View(boost::beast::string_view s) { return {s.data(), s.size()}; }

// Room for one read: a request of a hundred log records, packed, fits.
inline constexpr size_t kReadSize = 16 << 10;

// The SSL_CTX as Asio wants to see it. Asio frees what it is given, so it gets a reference of its own.
asio::ssl::context AsioContext(const SslContext& context);
// "127.0.0.1:4711" or the path of a unix socket.
std::string ToText(const Protocol::endpoint& endpoint);
// `connection refused`: the system's text in lower case at its start, as Go prints it.
std::string ErrorText(const error_code& error);
bool EqualFold(std::string_view a, std::string_view b);
std::string ToLower(std::string_view text);

}  // namespace otelpipe::http_internal
