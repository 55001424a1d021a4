// HttpClient: HTTP/1.1 requests on the component's loop, with a pool of kept connections, TLS, compression, authentication
// and the proxy of the environment.
//
//   HttpClient client_(config.http, context);             // no I/O
//   OTELPIPE_RETURN_IF_ERROR(client_.Start(host));         // loads TLS files, finds the auth extension
//   HttpRequest request{.url = "http://loki:3100/loki/api/v1/push", .headers = {{"Content-Type", "application/json"}}};
//   request.body = {buffer};                               // sent without a copy (packed first, when configured)
//   client_.Send(std::move(request), [](absl::StatusOr<HttpResponse> r) { ... });
//
// Everything runs on the loop; `done` is called exactly once, never from inside Send. Destroying the client aborts what is under way: the
// callbacks are destroyed uncalled. Call Shutdown to have them called with Cancelled.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "otelpipe/component/component.h"
#include "otelpipe/pdata/arena.h"
#include "shared/http/http_config.h"

namespace otelpipe {

struct HttpRequest {
  std::string method = "POST";
  std::string url;  // http:// or https://
  // Sent as written, before the configured ones, which replace those of the same name. Host, Content-Length, User-Agent, Accept-Encoding and
  // Content-Encoding are added by the client; a Content-Encoding here means: the body is packed already, leave it.
  Headers headers;
  std::vector<Buffer> body;
  absl::Duration timeout;  // 0 = the configured one; applies to the whole exchange
  size_t max_response_body = 4 << 20;  // more is cut off (HttpResponse::truncated)
  bool send_body = true;  // false: a GET without Content-Length
  std::shared_ptr<const ClientInfo> client;  // for authenticators
};

struct HttpResponse {
  int status = 0;
  Headers headers;  // names in lower case
  std::string body;  // unpacked when it was gzip
  bool truncated = false;
  // The first header of that (lower-case) name; "" when there is none.
  std::string_view Header(std::string_view name) const;
};

class HttpClient {
 public:
  HttpClient(HttpClientConfig config, Context context);
  ~HttpClient();
  // InvalidArgument or FailedPrecondition for TLS files, proxy_url and auth.
  absl::Status Start(Host& host);
  using Done = absl::AnyInvocable<void(absl::StatusOr<HttpResponse>)>;
  // Any HTTP status is a response. Errors: Unavailable `Post "<url>": dial tcp 127.0.0.1:80: connect: connection refused`, DeadlineExceeded
  // `Post "<url>": context deadline exceeded`, InvalidArgument for a URL that can't be, Cancelled after Shutdown, an authenticator's error.
  // Redirects 307 and 308 are followed, up to 10; others are handed over as they are.
  void Send(HttpRequest request, Done done);
  // Ends all exchanges with Cancelled and closes all connections.
  void Shutdown();
  // Connections open now, idle ones included.
  size_t connections() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace otelpipe
