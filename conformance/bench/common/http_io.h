// HTTP/1.1 over Boost.Beast with bodies kept out of Beast's parser: the header is parsed, then the
// body is read straight into one reused buffer (or left where it already is). Used by the sink, the
// floor and the load.
//
//   HttpMessage<true> request;
//   while (co_await ReadMessage(socket, &state, &request)) {
//     ... request.header.target(), request.body ...
//     co_await WriteAll(socket, "HTTP/1.1 204 No Content\r\n\r\n", "");
//   }
//
// Keep co_await out of the operands of && and ||: when the short circuit skips it, g++ 12 still
// destroys the awaitable that was never made.
//
// One ReadState per connection; a body lives until the next ReadMessage on it. Coroutines run on
// the executor of the socket; nothing here locks.
#pragma once

#include <utility>  // Boost 1.74 needs it before awaitable.hpp

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace otelpipe::bench {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

inline constexpr size_t kMaxBody = size_t{256} << 20;

// What a connection keeps between messages.
struct ReadState {
  // As large as Beast reads at once: a request of 100 records then costs one system call.
  static constexpr size_t kBuffer = 128 << 10;
  beast::flat_buffer buffer;
  std::string body;
  size_t consumed = 0;  // bytes at the front of `buffer` that the last body occupied
  ReadState() { buffer.reserve(kBuffer); }
};

template <bool kIsRequest>
struct HttpMessage {
  http::header<kIsRequest, http::fields> header;
  std::string_view body;
  bool keep_alive = true;
};

// Reads one message. False: the peer closed, or sent what is not HTTP.
template <bool kIsRequest>
asio::awaitable<bool> ReadMessage(tcp::socket& socket, ReadState* state,
                                  HttpMessage<kIsRequest>* message) {
  boost::system::error_code error;
  const auto token = [&error] { return asio::redirect_error(asio::use_awaitable, error); };
  state->buffer.consume(std::exchange(state->consumed, 0));
  std::optional<http::parser<kIsRequest, http::empty_body>> parser(std::in_place);
  parser->body_limit(kMaxBody);
  co_await http::async_read_header(socket, state->buffer, *parser, token());
  if (error) co_return false;
  message->keep_alive = parser->keep_alive();
  if (parser->chunked()) {
    http::parser<kIsRequest, http::string_body> whole(std::move(*parser));
    co_await http::async_read(socket, state->buffer, whole, token());
    if (error) co_return false;
    state->body = std::move(whole.get().body());
    message->header = std::move(whole.get().base());
    message->body = state->body;
    co_return true;
  }
  const size_t size = static_cast<size_t>(parser->content_length().value_or(0));
  message->header = std::move(parser->get().base());
  if (size > kMaxBody) co_return false;
  const size_t have = state->buffer.size();
  const auto* front = static_cast<const char*>(state->buffer.data().data());
  if (have >= size) {
    message->body = {front, size};
    state->consumed = size;
    co_return true;
  }
  if (state->body.size() < size) state->body.resize(size);
  std::memcpy(state->body.data(), front, have);
  state->buffer.consume(have);
  co_await asio::async_read(socket, asio::buffer(state->body.data() + have, size - have), token());
  message->body = {state->body.data(), size};
  co_return !error;
}

// Writes head and body with one gathered write. False: the peer is gone.
inline asio::awaitable<bool> WriteAll(tcp::socket& socket, std::string_view head,
                                      std::string_view body) {
  boost::system::error_code error;
  const std::array<asio::const_buffer, 2> parts = {asio::buffer(head.data(), head.size()),
                                                   asio::buffer(body.data(), body.size())};
  co_await asio::async_write(socket, parts, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

// Accepts forever; `session` is started as a coroutine of its own for each connection.
inline asio::awaitable<void> AcceptLoop(
    tcp::acceptor acceptor, std::function<asio::awaitable<void>(tcp::socket)> session) {
  while (true) {
    boost::system::error_code error;
    tcp::socket socket =
        co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error) continue;
    socket.set_option(tcp::no_delay(true), error);
    asio::co_spawn(acceptor.get_executor(), session(std::move(socket)), asio::detached);
  }
}

// Binds and listens, or returns nothing and says why in `error`.
inline std::optional<tcp::acceptor> Listen(asio::io_context& context, const std::string& host,
                                           uint16_t port, boost::system::error_code* error) {
  const auto address = asio::ip::make_address(host, *error);
  if (*error) return std::nullopt;
  const tcp::endpoint endpoint(address, port);
  tcp::acceptor acceptor(context);
  acceptor.open(endpoint.protocol(), *error);
  if (!*error) acceptor.set_option(tcp::acceptor::reuse_address(true), *error);
  if (!*error) acceptor.bind(endpoint, *error);
  if (!*error) acceptor.listen(tcp::socket::max_listen_connections, *error);
  if (*error) return std::nullopt;
  return acceptor;
}

}  // namespace otelpipe::bench
