// One connection of an HttpClient. Internal.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/pdata/arena.h"
#include "shared/http/asio_types.h"
#include "shared/http/http_client.h"
#include "shared/http/url.h"

namespace otelpipe::http_internal {

// How to reach a host; the same for all connections of a pool.
struct Route {
  HttpUrl url;  // target unused
  std::string proxy_host, proxy_port;  // "" = straight
  std::string connect;  // the CONNECT request through the proxy; "" = none
  std::string verify_name;  // name in the certificate
  bool verify = true;
};

struct WireResponse {
  http::response<http::string_body> message;
  bool truncated = false;
  bool keep = false;  // the connection can take another request
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `fresh` false: the peer closed a kept connection before it answered anything; the request may be sent again elsewhere.
  using Done = std::function<void(absl::StatusOr<WireResponse> response, bool fresh)>;
  virtual ~Connection() = default;
  // Connects first when it is new. `header` and the memory of `body` stay with the caller until done is called or Close.
  virtual void Exchange(std::string_view header, const std::vector<Buffer>& body, bool head, size_t max_body, Done done) = 0;
  // Aborts; done is not called any more.
  virtual void Close() = 0;
  // Whether an idle connection is still open at the other side.
  virtual bool Alive() = 0;
  // Past the dial and the TLS handshake.
  virtual bool Connected() const = 0;

  int64_t idle_since = 0;
};

std::shared_ptr<Connection> MakeConnection(asio::io_context& io, std::shared_ptr<const Route> route, SslContext tls);

}  // namespace otelpipe::http_internal
