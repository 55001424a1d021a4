// One connection of an HttpServer. Internal.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

#include "shared/compression/compression.h"
#include "shared/http/asio_types.h"
#include "shared/http/cors.h"
#include "shared/http/http_server.h"

namespace otelpipe {

// What the connections of one server share. Lives as long as the last of them.
struct HttpServerState {
  HttpServerConfig config;
  Context context;
  HttpServer::Handler handler;  // empty once the server is gone
  HttpServerSettings settings;
  http_internal::Cors cors;
  ServerAuth* auth = nullptr;
  Decompressor decompressor;
  size_t body_limit = 20 << 20;
  std::string fixed_headers;  // response_headers as lines
  std::array<bool, 8> encodings{};  // by Compression; [kNone] = without
  std::unordered_set<HttpResponder::Session*> sessions;
  std::function<void()> on_idle;  // called when the last connection ends, during a shutdown
  bool stopping = false;
  bool time_limits = false;
  std::string date;  // of `date_second`
  int64_t date_second = 0;

  std::string_view Date();
  int64_t now() const { return context.loop->MonotonicNanos(); }
};

class HttpResponder::Session : public std::enable_shared_from_this<HttpResponder::Session> {
 public:
  explicit Session(std::shared_ptr<HttpServerState> state) : state_(std::move(state)) { state_->sessions.insert(this); }
  virtual ~Session();
  virtual void Run() = 0;
  virtual void Reply(uint64_t turn, HttpReply reply) = 0;
  // Closes when idle; a request that runs is answered first.
  virtual void Stop() = 0;
  virtual void Abort() = 0;
  // When the peer's time is up; 0 = never.
  int64_t deadline() const { return deadline_; }

 protected:
  std::shared_ptr<HttpServerState> state_;
  int64_t deadline_ = 0;
};

std::shared_ptr<HttpResponder::Session> MakeSession(std::shared_ptr<HttpServerState> state, http_internal::Socket socket,
                                                    SslContext tls);

}  // namespace otelpipe
