// floor_http: the least a forwarder of OTLP/HTTP can cost on Boost.Beast. Each accepted connection
// has one upstream connection; a request is read, its body written on with a new head, the answer
// written back. No decoding, no batching, no queue. With --gzip the body is packed with libdeflate
// level 1 on the way.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "common/gzip.h"
#include "common/http_io.h"
#include "common/text.h"

namespace otelpipe::bench {
namespace {

struct Settings {
  std::string listen = "127.0.0.1:4318";
  std::string to;
  bool gzip = false;
  bool repack = false;
};

struct Shared {
  Settings settings;
  tcp::endpoint upstream;
};

constexpr std::string_view kBadGateway = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";

void AppendField(std::string* head, std::string_view name, beast::string_view value) {
  if (value.empty()) return;
  head->append(name).append(": ").append(value.data(), value.size()).append("\r\n");
}

asio::awaitable<bool> Connect(tcp::socket& socket, const tcp::endpoint& upstream) {
  boost::system::error_code error;
  socket.close(error);
  co_await socket.async_connect(upstream, asio::redirect_error(asio::use_awaitable, error));
  if (!error) socket.set_option(tcp::no_delay(true), error);
  co_return !error;
}

asio::awaitable<void> Session(Shared* shared, tcp::socket client) {
  tcp::socket upstream(client.get_executor());
  ReadState client_state;
  ReadState upstream_state;
  // Not shared: its buffer is being written out while other sessions run.
  GzipWriter writer(1);
  GzipReader reader;
  HttpMessage<true> request;
  HttpMessage<false> response;
  std::string head;
  while (co_await ReadMessage(client, &client_state, &request)) {
    std::string_view body = request.body;
    beast::string_view encoding = request.header[http::field::content_encoding];
    if (shared->settings.repack && encoding == "gzip") {
      if (!reader.Unpack(body, &body)) co_return;
      encoding = "";
    }
    if ((shared->settings.gzip || shared->settings.repack) && encoding.empty()) {
      body = writer.Pack(body);
      encoding = "gzip";
    }
    head = "POST ";
    const auto target = request.header.target();
    head.append(target.data(), target.size());
    head.append(" HTTP/1.1\r\nHost: ").append(shared->settings.to).append("\r\n");
    AppendField(&head, "Content-Type", request.header[http::field::content_type]);
    AppendField(&head, "Content-Encoding", encoding);
    head.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    bool answered = upstream.is_open();
    if (!answered) answered = co_await Connect(upstream, shared->upstream);
    if (answered) answered = co_await WriteAll(upstream, head, body);
    if (answered) answered = co_await ReadMessage(upstream, &upstream_state, &response);
    if (!answered) {
      boost::system::error_code ignored;
      upstream.close(ignored);
      upstream_state.buffer.clear();
      upstream_state.consumed = 0;
      const bool told = co_await WriteAll(client, kBadGateway, "");
      if (!told) co_return;
      continue;
    }
    head = "HTTP/1.1 ";
    head.append(std::to_string(response.header.result_int())).append(" \r\n");
    AppendField(&head, "Content-Type", response.header[http::field::content_type]);
    AppendField(&head, "Retry-After", response.header[http::field::retry_after]);
    head.append("Content-Length: ").append(std::to_string(response.body.size()));
    head.append("\r\n\r\n");
    const bool written = co_await WriteAll(client, head, response.body);
    if (!written || !request.keep_alive) co_return;
  }
}

int Run(const Settings& settings) {
  Shared shared{settings, {}};
  std::string host;
  uint16_t port = 0;
  boost::system::error_code error;
  if (!SplitHostPort(settings.to, &host, &port)) {
    std::fprintf(stderr, "floor_http: --to: want IP:port\n");
    return 2;
  }
  shared.upstream = tcp::endpoint(asio::ip::make_address(host, error), port);
  asio::io_context context(1);
  std::optional<tcp::acceptor> acceptor;
  if (!error && SplitHostPort(settings.listen, &host, &port)) {
    acceptor = Listen(context, host, port, &error);
  }
  if (!acceptor) {
    std::fprintf(stderr, "floor_http: %s: %s\n", settings.listen.c_str(), error.message().c_str());
    return 1;
  }
  asio::co_spawn(
      context,
      AcceptLoop(std::move(*acceptor),
                 [&shared](tcp::socket socket) { return Session(&shared, std::move(socket)); }),
      asio::detached);
  std::puts("ready");
  std::fflush(stdout);
  context.run();
  return 0;
}

}  // namespace
}  // namespace otelpipe::bench

int main(int argc, char** argv) {
  otelpipe::bench::Settings settings;
  CLI::App app("Forwards OTLP/HTTP requests untouched.", "floor_http");
  app.option_defaults()->always_capture_default();
  app.add_option("--listen", settings.listen, "IP:port to listen on");
  app.add_option("--to", settings.to, "IP:port to forward to")->required();
  app.add_flag("--gzip", settings.gzip, "pack what is sent on");
  app.add_flag("--repack", settings.repack, "unpack what comes in, and pack what is sent on");
  CLI11_PARSE(app, argc, argv);
  // Nothing is buffered here, so ending at once loses nothing.
  signal(SIGTERM, [](int) { std::_Exit(0); });
  signal(SIGINT, [](int) { std::_Exit(0); });
  return otelpipe::bench::Run(settings);
}
