#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <memory>

#include "common/http_io.h"
#include "common/text.h"
#include "load/plan.h"

namespace otelpipe::bench {
namespace {

struct Run {
  Plan* plan;
  Tally* tally;
  tcp::endpoint peer;
  std::string head;  // up to the value of Content-Length
  int64_t started = 0;
  bool unreachable = false;
};

enum class Outcome { kAccepted, kRefused, kFailed, kBroken };

asio::awaitable<bool> Connect(tcp::socket& socket, const tcp::endpoint& peer) {
  boost::system::error_code error;
  socket.close(error);
  co_await socket.async_connect(peer, asio::redirect_error(asio::use_awaitable, error));
  if (!error) socket.set_option(tcp::no_delay(true), error);
  co_return !error;
}

asio::awaitable<Outcome> Send(Run* run, tcp::socket& socket, asio::steady_timer& timer,
                              ReadState* state, std::string_view body) {
  std::string head = run->head;
  head.append(std::to_string(body.size())).append("\r\n\r\n");
  // The timer cuts the connection; the pending read or write then fails.
  timer.expires_after(run->plan->settings().timeout);
  timer.async_wait([&socket](const boost::system::error_code& cancelled) {
    boost::system::error_code ignored;
    if (!cancelled) socket.close(ignored);
  });
  HttpMessage<false> response;
  bool answered = co_await WriteAll(socket, head, body);
  if (answered) answered = co_await ReadMessage(socket, state, &response);
  timer.cancel();
  if (!answered) {
    run->tally->last_error = "connection closed or timed out";
    co_return Outcome::kBroken;
  }
  const unsigned code = response.header.result_int();
  if (code < 300) co_return response.keep_alive ? Outcome::kAccepted : Outcome::kBroken;
  run->tally->last_error = "http " + std::to_string(code);
  co_return code == 429 || code >= 500 ? Outcome::kRefused : Outcome::kFailed;
}

asio::awaitable<void> Slot(Run* run, asio::io_context& context) {
  tcp::socket socket(context);
  asio::steady_timer timer(context);
  asio::steady_timer pause(context);
  ReadState state;
  const bool connected = co_await Connect(socket, run->peer);
  if (!connected) {
    run->unreachable = true;
    co_return;
  }
  std::string own;
  Tally* tally = run->tally;
  while (!run->plan->Over(*tally, run->started)) {
    ++run->started;
    const std::string_view body = run->plan->Next(&own);
    while (true) {
      const auto sent = Clock::now();
      const Outcome outcome = co_await Send(run, socket, timer, &state, body);
      if (outcome == Outcome::kAccepted) {
        tally->latencies.push_back((Clock::now() - sent).count());
        ++tally->accepted;
        break;
      }
      if (outcome == Outcome::kFailed) {
        ++tally->failed;
        break;
      }
      ++tally->refused;
      if (run->plan->GiveUp()) co_return;
      boost::system::error_code error;
      pause.expires_after(run->plan->settings().backoff);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      if (outcome == Outcome::kBroken) {
        state.buffer.clear();
        state.consumed = 0;
        co_await Connect(socket, run->peer);  // whether it worked, the next Send tells
      }
    }
  }
}

}  // namespace

bool RunHttpLoad(Plan* plan, Tally* tally) {
  const LoadSettings& settings = plan->settings();
  Run run;
  run.plan = plan;
  run.tally = tally;
  std::string host;
  uint16_t port = 0;
  boost::system::error_code error;
  asio::ip::address address;
  if (SplitHostPort(settings.address, &host, &port)) {
    address = asio::ip::make_address(host, error);
  }
  if (port == 0 || error) {
    std::fprintf(stderr, "otlp_load: %s: want IP:port\n", settings.address.c_str());
    return false;
  }
  run.peer = tcp::endpoint(address, port);
  run.head = "POST /v1/" + settings.signal + " HTTP/1.1\r\nHost: " + settings.address +
             "\r\nContent-Type: application/x-protobuf\r\n" +
             (settings.gzip ? "Content-Encoding: gzip\r\n" : "") + "Content-Length: ";
  asio::io_context context(1);
  plan->Begin();
  for (int i = 0; i < settings.connections * settings.in_flight; ++i) {
    asio::co_spawn(context, Slot(&run, context), asio::detached);
  }
  context.run();
  tally->seconds = plan->Elapsed();
  if (run.unreachable) {
    std::fprintf(stderr, "otlp_load: %s: no connection\n", settings.address.c_str());
  }
  return !run.unreachable;
}

}  // namespace otelpipe::bench
