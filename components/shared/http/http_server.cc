#include "shared/http/http_server.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/http/http_session.h"
#include "shared/net/address.h"

namespace otelpipe {

using namespace http_internal;  // NOLINT: the folder's own names

std::string_view HttpServerRequest::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (EqualFold(key, name)) return value;
  }
  return {};
}

namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The token at the beginning of `text`, taken off it.
std::string_view TakeToken(std::string_view& text) {
  size_t n = 0;
  while (n < text.size() && static_cast<unsigned char>(text[n]) > 0x20 && static_cast<unsigned char>(text[n]) < 0x7f &&
         std::string_view("()<>@,;:\\\"/[]?=").find(text[n]) == std::string_view::npos) {
    ++n;
  }
  const std::string_view token = text.substr(0, n);
  text.remove_prefix(n);
  return token;
}

// `; name=value` or `; name="quoted"`, any number of them, and perhaps a semicolon at the end.
bool ValidParameters(std::string_view text) {
  std::vector<std::string> names;
  while (true) {
    text = Trim(text);
    if (text.empty() || text == ";") return true;
    if (text[0] != ';') return false;
    text = Trim(text.substr(1));
    const std::string name = ToLower(TakeToken(text));
    text = Trim(text);
    if (name.empty() || text.empty() || text[0] != '=') return false;
    text = Trim(text.substr(1));
    for (const std::string& known : names) {
      if (known == name) return false;
    }
    names.push_back(name);
    if (text.empty() || text[0] != '"') {
      if (TakeToken(text).empty()) return false;
      continue;
    }
    size_t end = 1;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    if (end >= text.size()) return false;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string HttpServerRequest::MediaType() const {
  const std::string_view value = Header("Content-Type");
  const size_t semicolon = std::min(value.find(';'), value.size());
  const std::string_view type = Trim(value.substr(0, semicolon));
  std::string_view rest = type;
  if (TakeToken(rest).empty()) return "";
  if (!rest.empty()) {
    if (rest[0] != '/') return "";
    rest.remove_prefix(1);
    if (TakeToken(rest).empty() || !rest.empty()) return "";
  }
  return ValidParameters(value.substr(semicolon)) ? ToLower(type) : "";
}

HttpReply HttpReply::Make(int status, std::string_view content_type, std::string body) {
  HttpReply reply;
  reply.status = status;
  reply.content_type = content_type;
  reply.body = CopyToBuffer(body);
  return reply;
}

HttpReply HttpReply::Text(int status, std::string text) {
  HttpReply reply = Make(status, "text/plain; charset=utf-8", std::move(text));
  reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return reply;
}

HttpResponder::~HttpResponder() {
  if (session_) session_->Reply(turn_, HttpReply::Make(500, "text/plain; charset=utf-8", "Internal Server Error\n"));
}

void HttpResponder::Send(HttpReply reply) {
  if (auto session = std::exchange(session_, nullptr)) session->Reply(turn_, std::move(reply));
}

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(HttpServerConfig config, Context context, Handler handler, HttpServerSettings settings)
      : state_(std::make_shared<HttpServerState>()) {
    state_->config = std::move(config);
    state_->context = std::move(context);
    state_->handler = std::move(handler);
    state_->settings = std::move(settings);
  }

  absl::Status Start(Host& host) {
    HttpServerState& s = *state_;
    const HttpServerConfig& c = s.config;
    if (c.auth) {
      OTELPIPE_ASSIGN_OR_RETURN(s.auth, FindServerAuth(*c.auth, host));
    }
    if (c.tls) OTELPIPE_RETURN_IF_ERROR(tls_.Start(*c.tls, s.now()));
    if (c.max_request_body_size > 0) s.body_limit = static_cast<size_t>(c.max_request_body_size);
    if (c.compression_algorithms) {
      for (const std::string& name : *c.compression_algorithms) {
        if (absl::StatusOr<Compression> kind = ParseCompression(name); kind.ok()) s.encodings[static_cast<size_t>(*kind)] = true;
      }
    } else {
      s.encodings.fill(true);
      s.encodings[static_cast<size_t>(Compression::kSnappyFramed)] = s.context.gate_enabled("confighttp.framedSnappy");
    }
    for (const auto& [name, value] : c.response_headers) s.fixed_headers += absl::StrCat(name, ": ", value, "\r\n");
    if (c.cors) {
      s.cors = Cors(*c.cors);
      if (!s.cors.active() && !c.cors->allowed_headers.empty()) {
        s.context.log.Warn(
            "The CORS configuration specifies allowed headers but no allowed origins, and is therefore ignored.");
      }
    }
    s.time_limits = c.read_timeout > absl::ZeroDuration() || c.read_header_timeout > absl::ZeroDuration() ||
                    c.write_timeout > absl::ZeroDuration() || c.idle_timeout > absl::ZeroDuration() || c.tls.has_value();
    OTELPIPE_RETURN_IF_ERROR(Listen());
    Accept();
    return absl::OkStatus();
  }

  int port() const { return port_; }

  void Shutdown(Component::ShutdownDone done) {
    CloseAcceptor();
    HttpServerState& s = *state_;
    s.stopping = true;
    if (s.sessions.empty()) return done();
    auto held = std::make_shared<Component::ShutdownDone>(std::move(done));
    s.on_idle = [held, loop = s.context.loop] { loop->Post([held] { (*held)(); }); };
    for (auto& session : Sessions()) session->Stop();
  }

  // The server is gone: nothing calls the handler any more, and connections close.
  void Abandon() {
    CloseAcceptor();
    timer_.Cancel();
    state_->handler = nullptr;
    state_->settings = {};
    state_->auth = nullptr;
    state_->on_idle = nullptr;
    for (auto& session : Sessions()) session->Abort();
  }

 private:
  // Held by owning pointers: stopping one may end it.
  std::vector<std::shared_ptr<HttpResponder::Session>> Sessions() {
    std::vector<std::shared_ptr<HttpResponder::Session>> out;
    for (HttpResponder::Session* session : state_->sessions) {
      if (auto held = session->weak_from_this().lock()) out.push_back(std::move(held));
    }
    return out;
  }

  void CloseAcceptor() {
    if (!acceptor_) return;
    error_code ignored;
    acceptor_->close(ignored);
    if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
    unix_path_.clear();
  }

  absl::Status Open(const Protocol::endpoint& endpoint, std::string_view shown, bool dual_stack) {
    const auto fail = [&](const char* call, const error_code& error) {
      acceptor_.reset();
      return absl::UnavailableError(absl::StrCat("listen ", unix_path_.empty() ? "tcp " : "unix ", A(shown), ": ", call, ": ",
                                                 ErrorText(error)));
    };
    error_code error;
    acceptor_ = std::make_unique<Acceptor>(state_->context.loop->io());
    if (acceptor_->open(endpoint.protocol(), error); error) return fail("socket", error);
    if (unix_path_.empty()) acceptor_->set_option(asio::socket_base::reuse_address(true), error);
    if (dual_stack) acceptor_->set_option(asio::detail::socket_option::boolean<IPPROTO_IPV6, IPV6_V6ONLY>(false), error);
    if (acceptor_->bind(endpoint, error); error) return fail("bind", error);
    if (acceptor_->listen(asio::socket_base::max_listen_connections, error); error) return fail("listen", error);
    const Protocol::endpoint bound = acceptor_->local_endpoint(error);
    if (!error && unix_path_.empty()) {
      const sockaddr* address = bound.data();
      port_ = ntohs(address->sa_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(address)->sin6_port
                                                   : reinterpret_cast<const sockaddr_in*>(address)->sin_port);
    }
    return absl::OkStatus();
  }

  absl::Status Listen() {
    const std::string& endpoint = state_->config.endpoint;
    if (endpoint.starts_with("unix:")) {
      std::string path = endpoint.substr(endpoint.starts_with("unix://") ? 7 : 5);
      sockaddr_un address{};
      if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        return absl::InvalidArgumentError(absl::StrCat("listen unix ", path, ": invalid argument"));
      }
      address.sun_family = AF_UNIX;
      path.copy(address.sun_path, path.size());
      unix_path_ = path;
      absl::Status status = Open(Protocol::endpoint(&address, sizeof(address)), path, false);
      if (!status.ok()) unix_path_.clear();
      return status;
    }
    absl::StatusOr<HostPort> where = SplitHostPort(endpoint.empty() ? ":0" : endpoint);
    if (!where.ok()) return absl::InvalidArgumentError(absl::StrCat("listen tcp: ", where.status().message()));
    absl::StatusOr<uint16_t> port = ParsePort(where->port);
    if (!port.ok()) return absl::InvalidArgumentError(absl::StrCat("listen tcp: ", port.status().message()));
    if (where->host.empty()) {
      // All interfaces: one socket for both families, or IPv4 alone where the machine has no IPv6.
      const std::string shown = absl::StrCat(":", *port);
      absl::Status both = Open(asio::ip::tcp::endpoint(asio::ip::tcp::v6(), *port), shown, true);
      if (both.ok() || absl::StrContains(both.message(), "bind")) return both;
      return Open(asio::ip::tcp::endpoint(asio::ip::tcp::v4(), *port), shown, false);
    }
    error_code error;
    const std::string host = where->host == "localhost" ? "127.0.0.1" : where->host;
    asio::ip::address address = asio::ip::make_address(host, error);
    if (error) {
      // A name: looked up here and now, once per start. IPv4 first, as Go listens.
      asio::ip::tcp::resolver resolver(state_->context.loop->io());
      const auto results = resolver.resolve(host, "", error);
      if (error || results.empty()) {
        return absl::UnavailableError(absl::StrCat("listen tcp: lookup ", where->host, ": no such host"));
      }
      address = results.begin()->endpoint().address();
      for (const auto& r : results) {
        if (r.endpoint().address().is_v4()) {
          address = r.endpoint().address();
          break;
        }
      }
    }
    const asio::ip::tcp::endpoint target(address, *port);
    return Open(target, ToText(target), false);
  }

  void Accept() {
    socket_ = std::make_unique<Socket>(state_->context.loop->io());
    acceptor_->async_accept(*socket_, [weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (!self || self->state_->stopping || error == asio::error::operation_aborted) return;
      if (error) {
        // Out of file descriptors, mostly: others will end and free some.
        self->retry_ = self->state_->context.loop->After(absl::Milliseconds(50), [self_weak = weak] {
          if (auto s = self_weak.lock(); s && !s->state_->stopping) s->Accept();
        });
        return;
      }
      self->Take(std::move(*self->socket_));
      self->Accept();
    });
  }

  void Take(Socket socket) {
    HttpServerState& s = *state_;
    error_code ignored;
    if (unix_path_.empty()) socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    SslContext context;
    if (tls_) {
      absl::StatusOr<SslContext> made = tls_.Get(s.now());
      if (!made.ok()) {
        s.context.log.Error("TLS handshake refused", {{"error", made.status()}});
        return;
      }
      context = *std::move(made);
    }
    MakeSession(state_, std::move(socket), std::move(context))->Run();
    Watch();
  }

  // Deadlines are looked at ten times a second, all at once: cheaper than a timer per request. A connection that lingers switches
  // time limits on, so the watch runs as long as there are connections.
  void Watch() {
    if (watching_) return;
    watching_ = true;
    timer_ = state_->context.loop->After(absl::Milliseconds(state_->time_limits ? 100 : 500), [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->watching_ = false;
      const int64_t now = self->state_->now();
      for (auto& session : self->Sessions()) {
        if (session->deadline() != 0 && session->deadline() < now) session->Abort();
      }
      if (!self->state_->sessions.empty()) self->Watch();
    });
  }

  std::shared_ptr<HttpServerState> state_;
  std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<Socket> socket_;
  std::string unix_path_;
  ReloadingContext tls_;
  Timer timer_;
  Timer retry_;
  bool watching_ = false;
  int port_ = 0;
};

HttpServer::HttpServer(HttpServerConfig config, Context context, Handler handler, HttpServerSettings settings)
    : impl_(std::make_shared<Impl>(std::move(config), std::move(context), std::move(handler), std::move(settings))) {}
HttpServer::~HttpServer() { impl_->Abandon(); }
absl::Status HttpServer::Start(Host& host) { return impl_->Start(host); }
int HttpServer::port() const { return impl_->port(); }
void HttpServer::Shutdown(Component::ShutdownDone done) { impl_->Shutdown(std::move(done)); }

}  // namespace otelpipe
