#include "shared/http/http_connection.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "shared/net/address.h"

namespace otelpipe::http_internal {
namespace {

using Tcp = asio::ip::tcp;

// As asio::transfer_all, which hands the kernel 64 KiB a call: a system call and a wake-up of the other side for each.
size_t AllAtOnce(const error_code& error, size_t) { return error ? 0 : size_t{8} << 20; }

template <typename Stream>
class ConnectionOf final : public Connection {
 public:
  template <typename... StreamArgs>
  ConnectionOf(asio::io_context& io, std::shared_ptr<const Route> route, StreamArgs&&... stream)
      : io_(io), stream_(io, std::forward<StreamArgs>(stream)...), route_(std::move(route)) {}

  void Exchange(std::string_view header, const std::vector<Buffer>& body, bool head, size_t max_body, Done done) override {
    header_ = header;
    body_ = &body;
    head_ = head;
    max_body_ = max_body;
    done_ = std::move(done);
    answered_ = false;
    if (connected_) return Write();
    Resolve();
  }

  void Close() override {
    done_ = nullptr;
    closed_ = true;
    error_code ignored;
    LowestLayer(stream_).close(ignored);
    if (resolver_) resolver_->cancel();
  }

  bool Connected() const override { return connected_; }

  bool Alive() override {
    if (closed_ || !connected_) return false;
    char byte;
    const ssize_t n = ::recv(LowestLayer(stream_).native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    // Bytes that nobody asked for are no good sign either, except on TLS, where session tickets come late.
    if (n > 0) return kIsTls<Stream>;
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

 private:
  std::shared_ptr<ConnectionOf> Self() { return std::static_pointer_cast<ConnectionOf>(shared_from_this()); }

  void Fail(std::string_view what, bool fresh = true) {
    if (!done_) return;
    Done done = std::exchange(done_, nullptr);
    Close();
    done(absl::UnavailableError(A(what)), fresh);
  }

  void Resolve() {
    const std::string& host = route_->proxy_host.empty() ? route_->url.host : route_->proxy_host;
    const std::string& port = route_->proxy_host.empty() ? route_->url.port : route_->proxy_port;
    error_code error;
    const auto number = static_cast<uint16_t>(std::atoi(port.c_str()));
    const asio::ip::address address = asio::ip::make_address(host, error);
    if (!error) {
      targets_ = {Tcp::endpoint(address, number)};
      return Connect(0);
    }
    if (host == "localhost") {  // known without a resolver, whose lookups cost a thread
      targets_ = {Tcp::endpoint(asio::ip::address_v4::loopback(), number), Tcp::endpoint(asio::ip::address_v6::loopback(), number)};
      return Connect(0);
    }
    resolver_.emplace(io_);
    resolver_->async_resolve(host, port, [self = Self(), host](const error_code& e, const Tcp::resolver::results_type& found) {
      if (self->closed_) return;
      if (e || found.empty()) return self->Fail(absl::StrCat("dial tcp: lookup ", host, ": no such host"));
      for (const auto& entry : found) self->targets_.push_back(entry.endpoint());
      self->Connect(0);
    });
  }

  void Connect(size_t index) {
    Socket& socket = LowestLayer(stream_);
    error_code ignored;
    socket.close(ignored);
    socket.async_connect(Protocol::endpoint(targets_[index]), [self = Self(), index](const error_code& error) {
      if (self->closed_) return;
      if (error) {
        if (index + 1 < self->targets_.size()) return self->Connect(index + 1);
        const Protocol::endpoint target(self->targets_[0]);
        return self->Fail(absl::StrCat(self->route_->proxy_host.empty() ? "" : "proxyconnect tcp: ", "dial tcp ", ToText(target),
                                       ": connect: ", ErrorText(error)));
      }
      error_code none;
      LowestLayer(self->stream_).set_option(Tcp::no_delay(true), none);
      if (!self->route_->connect.empty()) return self->Tunnel();
      self->Secure();
    });
  }

  void Tunnel() {
    asio::async_write(LowestLayer(stream_), asio::buffer(route_->connect), [self = Self()](const error_code& error, size_t) {
      if (self->closed_) return;
      if (error) return self->Fail(absl::StrCat("proxyconnect tcp: ", ErrorText(error)));
      self->parser_.emplace();
      self->parser_->skip(true);
      self->ReadTunnel();
    });
  }
  void ReadTunnel() {
    LowestLayer(stream_).async_read_some(buffer_.prepare(kReadSize), [self = Self()](const error_code& error, size_t n) {
      if (self->closed_) return;
      if (error) return self->Fail(absl::StrCat("proxyconnect tcp: ", ErrorText(error)));
      self->buffer_.commit(n);
      error_code parse;
      self->buffer_.consume(self->parser_->put(self->buffer_.data(), parse));
      if (parse && parse != http::error::need_more) return self->Fail("proxyconnect tcp: malformed HTTP response");
      if (!self->parser_->is_header_done()) return self->ReadTunnel();
      if (self->parser_->get().result_int() != 200) return self->Fail(View(self->parser_->get().reason()));
      self->buffer_.clear();
      self->Secure();
    });
  }

  void Secure() {
    if constexpr (kIsTls<Stream>) {
      SSL* ssl = stream_.native_handle();
      const std::string& name = route_->verify_name;
      in6_addr address{};
      const bool ip = inet_pton(AF_INET, name.c_str(), &address) == 1 || inet_pton(AF_INET6, name.c_str(), &address) == 1;
      if (!ip) SSL_set_tlsext_host_name(ssl, name.c_str());
      if (route_->verify) {
        if (ip) {
          X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str());
        } else {
          SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
          SSL_set1_host(ssl, name.c_str());
        }
      }
      stream_.async_handshake(asio::ssl::stream_base::client, [self = Self()](const error_code& error) {
        if (self->closed_) return;
        if (error) {
          const long verdict = SSL_get_verify_result(self->stream_.native_handle());
          if (self->route_->verify && verdict != X509_V_OK) {
            return self->Fail(absl::StrCat("tls: failed to verify certificate: x509: ", X509_verify_cert_error_string(verdict)));
          }
          return self->Fail(absl::StrCat("tls: ", ErrorText(error)));
        }
        self->connected_ = true;
        self->Write();
      });
    } else {
      connected_ = true;
      Write();
    }
  }

  void Write() {
    pieces_.clear();
    pieces_.push_back(asio::buffer(header_.data(), header_.size()));
    for (const Buffer& b : *body_) {
      if (!b.bytes.empty()) pieces_.push_back(asio::buffer(b.bytes.data(), b.bytes.size()));
    }
    parser_.emplace();
    parser_->header_limit(1 << 20);
    parser_->body_limit(max_body_);
    parser_->eager(true);
    if (head_) parser_->skip(true);
    // Reads while it writes: a server may refuse a large body before it has taken all of it.
    writing_ = true;
    asio::async_write(stream_, pieces_, AllAtOnce, [self = Self()](const error_code& error, size_t) {
      self->writing_ = false;
      if (self->closed_) return;
      if (error) self->write_error_ = error;
      if (self->parked_) self->Finish();
    });
    Read();
  }

  void Read() {
    stream_.async_read_some(buffer_.prepare(kReadSize), [self = Self()](const error_code& error, size_t n) {
      if (self->closed_) return;
      if (error) return self->Ended(error);
      self->buffer_.commit(n);
      self->answered_ = true;
      self->OnData();
    });
  }

  void Ended(const error_code& error) {
    const bool eof = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    if (eof && answered_ && parser_->is_header_done()) {
      error_code parse;
      parser_->put_eof(parse);
      if (!parse && parser_->is_done()) return Finish();
      return Fail("unexpected EOF");
    }
    const error_code& first = write_error_ ? write_error_ : error;
    const bool reused = exchanges_ > 0;
    if (eof || first == asio::error::eof) return Fail("EOF", !(reused && !answered_));
    Fail(absl::StrCat(write_error_ ? "write tcp: " : "read tcp: ", ErrorText(first)), !(reused && !answered_));
  }

  void OnData() {
    while (buffer_.size() > 0) {
      error_code error;
      buffer_.consume(parser_->put(buffer_.data(), error));
      if (error == http::error::need_more) break;
      if (error == http::error::body_limit) {
        truncated_ = true;
        return Finish();
      }
      if (error) return Fail(absl::StrCat("net/http: HTTP/1.x transport connection broken: malformed HTTP response: ", error.message()));
      if (!parser_->is_done()) continue;
      if (parser_->get().result_int() / 100 == 1) {  // 100 Continue and its kin announce the answer
        parser_.emplace();
        parser_->header_limit(1 << 20);
        parser_->body_limit(max_body_);
        parser_->eager(true);
        continue;
      }
      return Finish();
    }
    Read();
  }

  void Finish() {
    if (!done_) return;
    const bool whole = !truncated_ && !write_error_;
    if (writing_ && whole && parser_->get().keep_alive()) {
      // Answered before all was sent: the connection can be kept once the rest has gone.
      parked_ = true;
      return;
    }
    parked_ = false;
    WireResponse response;
    response.keep = whole && !writing_ && parser_->get().keep_alive() && buffer_.size() == 0;
    response.truncated = truncated_;
    response.message = parser_->release();
    parser_.reset();
    ++exchanges_;
    Done done = std::exchange(done_, nullptr);
    if (!response.keep) Close();
    done(std::move(response), true);
  }

  asio::io_context& io_;
  Stream stream_;
  std::shared_ptr<const Route> route_;
  boost::optional<Tcp::resolver> resolver_;
  std::vector<Tcp::endpoint> targets_;
  std::vector<asio::const_buffer> pieces_;
  beast::flat_buffer buffer_;
  boost::optional<http::response_parser<http::string_body>> parser_;
  std::string_view header_;
  const std::vector<Buffer>* body_ = nullptr;
  size_t max_body_ = 0;
  Done done_;
  error_code write_error_;
  size_t exchanges_ = 0;
  bool head_ = false;
  bool connected_ = false;
  bool closed_ = false;
  bool writing_ = false;
  bool parked_ = false;
  bool answered_ = false;
  bool truncated_ = false;
};

}  // namespace

std::shared_ptr<Connection> MakeConnection(asio::io_context& io, std::shared_ptr<const Route> route, SslContext tls) {
  if (!tls) return std::make_shared<ConnectionOf<Socket>>(io, std::move(route));
  asio::ssl::context context = AsioContext(tls);
  return std::make_shared<ConnectionOf<TlsStream>>(io, std::move(route), context);
}

}  // namespace otelpipe::http_internal
