#include "shared/grpc/tls_front.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <random>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/http/asio_types.h"
#include "shared/net/address.h"
#include "shared/tls/openssl_context.h"

namespace otelpipe::grpc_internal {

using http_internal::Acceptor;
using http_internal::AsioContext;
using http_internal::error_code;
using http_internal::ErrorText;
using http_internal::Protocol;
using http_internal::Socket;
using http_internal::TlsStream;
using http_internal::ToText;
namespace asio = http_internal::asio;
using Tcp = asio::ip::tcp;

namespace {

constexpr absl::Duration kHandshakeLimit = absl::Seconds(10);
constexpr absl::Duration kDialLimit = absl::Seconds(20);  // gRPC's own
constexpr absl::Duration kAcceptPause = absl::Milliseconds(50);

std::string TlsErrorText(SSL* ssl, const error_code& error) {
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK)
    return absl::StrCat("tls: failed to verify certificate: x509: ", X509_verify_cert_error_string(verdict));
  return absl::StrCat("tls: ", ErrorText(error));
}

// Carries bytes between a TLS connection and a plain socket, each way with one buffer, until either side ends. Owners
// hold it weakly: the operations under way keep it alive.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  Pipe(TlsStream tls, Socket plain) : tls_(std::move(tls)), plain_(std::move(plain)) {}
  ~Pipe() {
    if (ended_) ended_();
  }
  void OnEnd(std::function<void()> ended) { ended_ = std::move(ended); }
  void Run() {
    Inward();
    Outward();
  }
  void Close() {
    error_code ignored;
    tls_.next_layer().close(ignored);
    plain_.close(ignored);
  }
  // The owner is gone.
  void Abandon() {
    ended_ = nullptr;
    Close();
  }

 private:
  void Inward() {
    tls_.async_read_some(asio::buffer(in_), [self = shared_from_this()](const error_code& error, size_t n) {
      if (error) return self->Close();
      asio::async_write(self->plain_, asio::buffer(self->in_.data(), n), [self](const error_code& failed, size_t) {
        if (failed) return self->Close();
        self->Inward();
      });
    });
  }
  void Outward() {
    plain_.async_read_some(asio::buffer(out_), [self = shared_from_this()](const error_code& error, size_t n) {
      if (error) return self->Close();
      asio::async_write(self->tls_, asio::buffer(self->out_.data(), n), [self](const error_code& failed, size_t) {
        if (failed) return self->Close();
        self->Outward();
      });
    });
  }

  TlsStream tls_;
  Socket plain_;
  std::function<void()> ended_;
  std::array<char, 32 << 10> in_;
  std::array<char, 32 << 10> out_;
};

// All that a server or a dialer has open.
struct Pipes {
  std::unordered_set<Pipe*> open;
  void CloseAll() {
    const std::vector<Pipe*> all(open.begin(), open.end());
    for (Pipe* pipe : all) {
      if (const std::shared_ptr<Pipe> held = pipe->weak_from_this().lock()) held->Abandon();
    }
    open.clear();
  }
};

}  // namespace

bool NeedsTlsFront(const TlsConfig& c) {
  return c.min_version == "1.3" || c.min_version == "1.0" || c.min_version == "1.1" ||
         (!c.max_version.empty() && c.max_version != "1.3") || !c.cipher_suites.empty() || !c.curve_preferences.empty();
}

// --- server
class TlsAcceptor::Impl : public std::enable_shared_from_this<TlsAcceptor::Impl> {
 public:
  Impl(Context context, Take take)
      : context_(std::move(context)), acceptor_(context_.loop->io()), take_(std::move(take)) {}

  absl::Status Listen(const GrpcServerConfig& config) {
    OTELPIPE_RETURN_IF_ERROR(tls_.Start(*config.tls, Now(), Alpn::kH2));
    OTELPIPE_ASSIGN_OR_RETURN(const HostPort where, SplitHostPort(config.endpoint.empty() ? ":0" : config.endpoint));
    OTELPIPE_ASSIGN_OR_RETURN(const uint16_t number, ParsePort(where.port));
    error_code error;
    Tcp::endpoint target(Tcp::v6(), number);
    if (where.host.empty()) {
      if (config.transport == "tcp4") target = Tcp::endpoint(Tcp::v4(), number);
    } else {
      const std::string host = where.host == "localhost" && config.transport != "tcp6" ? "127.0.0.1" : where.host;
      asio::ip::address address = asio::ip::make_address(host, error);
      if (error) {
        Tcp::resolver resolver(context_.loop->io());
        const auto found = resolver.resolve(host, "", error);  // once, at the start
        if (error || found.empty())
          return absl::UnavailableError(absl::StrCat("listen tcp: lookup ", where.host, ": no such host"));
        address = found.begin()->endpoint().address();
      }
      target = Tcp::endpoint(address, number);
    }
    absl::Status status = Open(target, where.host.empty());
    if (!status.ok() && where.host.empty() && target.protocol() == Tcp::v6())
      status = Open(Tcp::endpoint(Tcp::v4(), number), false);
    OTELPIPE_RETURN_IF_ERROR(status);
    const Protocol::endpoint bound = acceptor_.local_endpoint(error);
    const sockaddr* address = bound.data();
    port_ = ntohs(address->sa_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(address)->sin6_port
                                                 : reinterpret_cast<const sockaddr_in*>(address)->sin_port);
    Accept();
    return absl::OkStatus();
  }

  void Stop() {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    retry_.Cancel();
  }
  void Abandon() {
    Stop();
    take_ = nullptr;
    pipes_.CloseAll();
    for (const auto& [stream, timer] : shaking_) {
      error_code ignored;
      stream->next_layer().close(ignored);
    }
  }
  int port() const { return port_; }
  std::string PeerOf(const std::string& name) const {
    const auto known = peers_.find(name);
    return known == peers_.end() ? name : known->second;
  }

 private:
  int64_t Now() const { return context_.loop->MonotonicNanos(); }

  absl::Status Open(const Tcp::endpoint& target, bool dual_stack) {
    error_code error;
    const auto fail = [&](const char* call) {
      error_code ignored;
      acceptor_.close(ignored);
      return absl::UnavailableError(absl::StrCat("listen tcp ", ToText(target), ": ", call, ": ", ErrorText(error)));
    };
    if (acceptor_.open(Protocol(target.protocol().family(), IPPROTO_TCP), error); error) return fail("socket");
    acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (dual_stack) acceptor_.set_option(asio::detail::socket_option::boolean<IPPROTO_IPV6, IPV6_V6ONLY>(false), error);
    if (acceptor_.bind(target, error); error) return fail("bind");
    if (acceptor_.listen(asio::socket_base::max_listen_connections, error); error) return fail("listen");
    return absl::OkStatus();
  }

  void Accept() {
    incoming_ = std::make_unique<Socket>(context_.loop->io());
    acceptor_.async_accept(*incoming_, [self = shared_from_this()](const error_code& error) {
      if (self->stopping_ || error == asio::error::operation_aborted) return;
      if (error) {  // out of file descriptors, mostly
        self->retry_ = self->context_.loop->After(kAcceptPause, [weak = self->weak_from_this()] {
          if (const auto again = weak.lock(); again && !again->stopping_) again->Accept();
        });
        return;
      }
      self->Shake(std::move(*self->incoming_));
      self->Accept();
    });
  }

  void Shake(Socket socket) {
    absl::StatusOr<SslContext> ssl = tls_.Get(Now());
    if (!ssl.ok()) {
      context_.log.Error("TLS handshake refused", {{"error", ssl.status()}});
      return;
    }
    error_code ignored;
    socket.set_option(Tcp::no_delay(true), ignored);
    const std::string peer = ToText(socket.remote_endpoint(ignored));
    asio::ssl::context context = AsioContext(*ssl);
    auto stream = std::make_shared<TlsStream>(std::move(socket), context);
    shaking_[stream] = context_.loop->After(kHandshakeLimit, [stream] {
      error_code none;
      stream->next_layer().close(none);
    });
    stream->async_handshake(
        asio::ssl::stream_base::server, [self = shared_from_this(), stream, peer](const error_code& error) {
          self->shaking_.erase(stream);
          if (error) {
            self->context_.log.Debug("TLS handshake error",
                                     {{"remote", peer}, {"error", TlsErrorText(stream->native_handle(), error)}});
            return;
          }
          if (self->take_) self->HandOver(std::move(*stream), peer);
        });
  }

  void HandOver(TlsStream stream, const std::string& peer) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) return;
    Socket plain(context_.loop->io());
    error_code error;
    plain.assign(Protocol(AF_UNIX, 0), pair[0], error);
    const std::string name = absl::StrCat("fd:", pair[1]);
    auto pipe = std::make_shared<Pipe>(std::move(stream), std::move(plain));
    Pipe* const key = pipe.get();
    pipe->OnEnd([self = weak_from_this(), key, name, peer] {
      const auto impl = self.lock();
      if (!impl) return;
      impl->pipes_.open.erase(key);
      if (const auto known = impl->peers_.find(name); known != impl->peers_.end() && known->second == peer)
        impl->peers_.erase(known);
    });
    pipes_.open.insert(key);
    peers_[name] = peer;
    pipe->Run();
    take_(pair[1]);
  }

  const Context context_;
  Acceptor acceptor_;
  Take take_;
  ReloadingContext tls_;
  std::unique_ptr<Socket> incoming_;
  std::unordered_map<std::shared_ptr<TlsStream>, Timer> shaking_;
  Pipes pipes_;
  std::unordered_map<std::string, std::string> peers_;
  Timer retry_;
  int port_ = 0;
  bool stopping_ = false;
};

absl::StatusOr<std::unique_ptr<TlsAcceptor>> TlsAcceptor::Listen(const GrpcServerConfig& config, Context context,
                                                                 Take take) {
  auto impl = std::make_shared<Impl>(std::move(context), std::move(take));
  OTELPIPE_RETURN_IF_ERROR(impl->Listen(config));
  return std::unique_ptr<TlsAcceptor>(new TlsAcceptor(std::move(impl)));
}
TlsAcceptor::~TlsAcceptor() { impl_->Abandon(); }
int TlsAcceptor::port() const { return impl_->port(); }
void TlsAcceptor::StopAccepting() { impl_->Stop(); }
std::string TlsAcceptor::PeerOf(const std::string& name) const { return impl_->PeerOf(name); }

// --- client
class TlsDialer::Impl : public std::enable_shared_from_this<TlsDialer::Impl> {
 public:
  Impl(const TlsClientConfig& config, std::string host, std::string port, Context context)
      : config_(config),
        host_(std::move(host)),
        port_(std::move(port)),
        context_(std::move(context)),
        acceptor_(context_.loop->io()) {}

  absl::Status Listen() {
    OTELPIPE_RETURN_IF_ERROR(tls_.Start(config_, Now(), Alpn::kH2));
    std::random_device dice;
    const std::string name = absl::StrCat("otelpipe-", ::getpid(), "-", absl::Hex(dice()), absl::Hex(dice()));
    target_ = "unix-abstract:" + name;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, name.size());
    const Protocol::endpoint endpoint(&address, offsetof(sockaddr_un, sun_path) + 1 + name.size());
    error_code error;
    acceptor_.open(Protocol(AF_UNIX, 0), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(16, error);
    if (error) return absl::UnavailableError(absl::StrCat("a unix socket for TLS: ", ErrorText(error)));
    Accept();
    return absl::OkStatus();
  }

  void Abandon() {
    gone_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    pipes_.CloseAll();
    const std::unordered_set<std::shared_ptr<Dial>> dials = std::move(dials_);
    for (const auto& dial : dials) Drop(dial);
  }
  const std::string& target() const { return target_; }
  const std::string& last_error() const { return last_error_; }

 private:
  struct Dial {
    explicit Dial(asio::io_context& io) : plain(io), tcp(io), resolver(io) {}
    Socket plain, tcp;
    Tcp::resolver resolver;
    std::shared_ptr<TlsStream> tls;
    std::vector<Tcp::endpoint> targets;
    Timer timer;
  };
  using DialPtr = std::shared_ptr<Dial>;

  int64_t Now() const { return context_.loop->MonotonicNanos(); }

  void Accept() {
    auto dial = std::make_shared<Dial>(context_.loop->io());
    acceptor_.async_accept(dial->plain, [self = shared_from_this(), dial](const error_code& error) {
      if (error || self->gone_) return;
      ucred who{};
      socklen_t size = sizeof(who);
      // The socket has a name that others of this machine can guess: only our own process is let in.
      if (::getsockopt(dial->plain.native_handle(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.pid == ::getpid())
        self->Begin(dial);
      self->Accept();
    });
  }

  void Drop(const DialPtr& dial) {
    dials_.erase(dial);
    dial->timer.Cancel();
    dial->resolver.cancel();
    error_code ignored;
    dial->plain.close(ignored);
    dial->tcp.close(ignored);
    if (dial->tls) dial->tls->next_layer().close(ignored);
  }
  void Fail(const DialPtr& dial, std::string_view why) {
    if (gone_ || dials_.count(dial) == 0) return;
    last_error_ = why;
    context_.log.Warn("TLS connection failed", {{"endpoint", JoinHostPort(host_, port_)}, {"error", why}});
    Drop(dial);
  }

  void Begin(const DialPtr& dial) {
    dials_.insert(dial);
    dial->timer = context_.loop->After(kDialLimit, [weak = weak_from_this(), weak_dial = std::weak_ptr<Dial>(dial)] {
      const auto self = weak.lock();
      const auto held = weak_dial.lock();
      if (self && held) self->Fail(held, "dial tcp: i/o timeout");
    });
    dial->resolver.async_resolve(
        host_, port_,
        [self = shared_from_this(), dial](const error_code& error, const Tcp::resolver::results_type& found) {
          if (self->gone_ || self->dials_.count(dial) == 0) return;
          if (error || found.empty())
            return self->Fail(dial, absl::StrCat("dial tcp: lookup ", self->host_, ": no such host"));
          for (const auto& entry : found) dial->targets.push_back(entry.endpoint());
          self->Connect(dial, 0);
        });
  }

  void Connect(const DialPtr& dial, size_t index) {
    error_code ignored;
    dial->tcp.close(ignored);
    dial->tcp.async_connect(
        Protocol::endpoint(dial->targets[index]), [self = shared_from_this(), dial, index](const error_code& error) {
          if (self->gone_ || self->dials_.count(dial) == 0) return;
          if (error && index + 1 < dial->targets.size()) return self->Connect(dial, index + 1);
          if (error)
            return self->Fail(dial, absl::StrCat("dial tcp ", ToText(Protocol::endpoint(dial->targets[0])),
                                                 ": connect: ", ErrorText(error)));
          self->Shake(dial);
        });
  }

  void Shake(const DialPtr& dial) {
    absl::StatusOr<SslContext> ssl = tls_.Get(Now());
    if (!ssl.ok()) return Fail(dial, S(ssl.status().message()));
    error_code ignored;
    dial->tcp.set_option(Tcp::no_delay(true), ignored);
    asio::ssl::context context = AsioContext(*ssl);
    dial->tls = std::make_shared<TlsStream>(std::move(dial->tcp), context);
    SSL* handle = dial->tls->native_handle();
    const std::string& name = config_.server_name_override.empty() ? host_ : config_.server_name_override;
    in6_addr address{};
    const bool ip = inet_pton(AF_INET, name.c_str(), &address) == 1 || inet_pton(AF_INET6, name.c_str(), &address) == 1;
    if (!ip) SSL_set_tlsext_host_name(handle, name.c_str());
    if (!config_.insecure_skip_verify) {
      if (ip) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), name.c_str());
      } else {
        SSL_set_hostflags(handle, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        SSL_set1_host(handle, name.c_str());
      }
    }
    dial->tls->async_handshake(asio::ssl::stream_base::client,
                               [self = shared_from_this(), dial](const error_code& error) {
                                 if (self->gone_ || self->dials_.count(dial) == 0) return;
                                 if (error) return self->Fail(dial, TlsErrorText(dial->tls->native_handle(), error));
                                 dial->timer.Cancel();
                                 self->last_error_.clear();
                                 self->dials_.erase(dial);
                                 auto pipe = std::make_shared<Pipe>(std::move(*dial->tls), std::move(dial->plain));
                                 Pipe* const key = pipe.get();
                                 pipe->OnEnd([weak = self->weak_from_this(), key] {
                                   if (const auto impl = weak.lock()) impl->pipes_.open.erase(key);
                                 });
                                 self->pipes_.open.insert(key);
                                 pipe->Run();
                               });
  }

  const TlsClientConfig config_;
  const std::string host_, port_;
  const Context context_;
  Acceptor acceptor_;
  ReloadingContext tls_;
  std::string target_;
  std::string last_error_;
  std::unordered_set<DialPtr> dials_;
  Pipes pipes_;
  bool gone_ = false;
};

absl::StatusOr<std::unique_ptr<TlsDialer>> TlsDialer::Start(const TlsClientConfig& config, std::string host,
                                                            std::string port, Context context) {
  auto impl = std::make_shared<Impl>(config, std::move(host), std::move(port), std::move(context));
  OTELPIPE_RETURN_IF_ERROR(impl->Listen());
  return std::unique_ptr<TlsDialer>(new TlsDialer(std::move(impl)));
}
TlsDialer::~TlsDialer() { impl_->Abandon(); }
const std::string& TlsDialer::last_error() const { return impl_->last_error(); }
const std::string& TlsDialer::target() const { return impl_->target(); }

}  // namespace otelpipe::grpc_internal
