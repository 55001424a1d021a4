// HttpServer: HTTP/1.1 on the component's loop, with TLS, CORS, authentication, and bounded headers, bodies and times.
//
//   HttpServer server_(config.http, context, [this](HttpServerRequest& request, HttpResponder responder) {
//     if (request.path != "/push") return responder.Send(HttpReply::Text(404, "404 page not found\n"));
//     next_->Consume(Parse(request.body), [r = std::move(responder)](absl::Status) mutable { r.Send({.status = 204}); });
//   });
//   OTELPIPE_RETURN_IF_ERROR(server_.Start(host));
//   int port = server_.port();
//
// Everything runs on the loop. The views of a request live during the call of the handler only; the body is a Buffer and may be
// kept. The responder may be called later, on the loop; after the server is gone it does nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "otelpipe/component/component.h"
#include "otelpipe/pdata/arena.h"
#include "shared/http/http_config.h"

namespace otelpipe {

struct HttpServerRequest {
  std::string_view method;
  std::string_view target;  // as sent
  std::string_view path;    // without the query
  std::string_view query;   // after '?', undecoded
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // names as sent
  Buffer body;  // decompressed
  // Why there is no body, for handlers that set HttpServerSettings::take_body_errors; others are not called then.
  absl::Status body_error;
  std::string_view remote;  // "127.0.0.1:4711"
  std::shared_ptr<const ClientInfo> client;  // never null

  // The first header of that name, any case; "" when there is none.
  std::string_view Header(std::string_view name) const;
  // The media type of Content-Type in lower case, without parameters; "" when it is malformed, parameters included.
  std::string MediaType() const;
};

struct HttpReply {
  int status = 200;
  std::string_view content_type;  // of static storage; "" = none
  Buffer body;
  Headers headers;  // further ones, names as they are to be sent

  // A text/plain reply with Go's manners: charset and nosniff.
  static HttpReply Text(int status, std::string text);
  // Body from a string, content type from static storage.
  static HttpReply Make(int status, std::string_view content_type, std::string body);
};

// One reply; destroyed unused it answers 500. Move-only.
class HttpResponder {
 public:
  class Session;  // the connection
  HttpResponder() = default;
  explicit HttpResponder(std::shared_ptr<Session> session, uint64_t turn) : session_(std::move(session)), turn_(turn) {}
  HttpResponder(HttpResponder&&) = default;
  HttpResponder& operator=(HttpResponder&&) = default;
  ~HttpResponder();
  void Send(HttpReply reply);

 private:
  std::shared_ptr<Session> session_;
  uint64_t turn_ = 0;
};

struct HttpServerSettings {
  bool take_body_errors = false;
  // Writes the refusals that the server makes by itself (authentication, unknown Content-Encoding). `http` is 401 or 400. Default: plain text.
  std::function<HttpReply(const HttpServerRequest& request, int http, const absl::Status& why)> refuse;
};

class HttpServer {
 public:
  using Handler = absl::AnyInvocable<void(HttpServerRequest&, HttpResponder)>;
  HttpServer(HttpServerConfig config, Context context, Handler handler, HttpServerSettings settings = {});
  ~HttpServer();
  // Binds and accepts. Errors in the reference's words: `listen tcp 127.0.0.1:4318: bind: address already in use`; TLS and auth errors.
  absl::Status Start(Host& host);
  // The bound port; 0 before Start and for unix sockets.
  int port() const;
  // Stops accepting, closes idle connections, lets running requests finish, then calls done.
  void Shutdown(Component::ShutdownDone done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace otelpipe
