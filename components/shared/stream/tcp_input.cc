#include "shared/stream/tcp_input.h"

#include <openssl/ssl.h>

#include <utility>  // Boost 1.74 needs it before Asio

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "shared/net/address.h"
#include "shared/stream/endpoint.h"
#include "shared/stream/framing.h"
#include "shared/stream/listen.h"
#include "shared/tls/openssl_context.h"

namespace otelpipe::stream {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
using TlsStream = asio::ssl::stream<Socket>;

constexpr int64_t kDefaultMaxSize = 1 << 20;
constexpr int64_t kLeastMaxSize = 64 << 10;
constexpr size_t kReadSize = 64 << 10;
constexpr size_t kTlsReadSize = 16 << 10;  // one TLS record
constexpr int kReadsAtStop = 64;           // per connection

Socket& Lowest(Socket& s) { return s; }
Socket& Lowest(TlsStream& s) { return s.next_layer(); }

// What all connections of an input share.
struct Shared {
  TcpConfig config;
  Context context;
  LogInput* output = nullptr;
  std::optional<Framing> framing;
  tail::Encoding encoding;
  std::unique_ptr<HostNames> names;  // with add_attributes
  std::vector<char> scratch;
  std::vector<std::string_view> records;
  class Connection;
  std::set<std::shared_ptr<Connection>> connections;
  bool stopped = false;
};

class Shared::Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(Shared* shared) : shared_(shared) {}
  virtual ~Connection() = default;
  virtual void Run() = 0;
  virtual void Read() = 0;
  // Takes what has arrived, without waiting.
  virtual void Drain() = 0;
  virtual void Close() = 0;

  void Resume() {
    if (std::exchange(waiting_, false)) Read();
  }
  void Finish() {
    if (shared_ == nullptr) return;
    Drain();
    End();
  }
  void Abandon() {
    shared_ = nullptr;
    Close();
  }

 protected:
  // Peer and host of the net.* attributes, then the first read.
  void Begin(const Tcp::endpoint& peer, const Tcp::endpoint& host) {
    begun_ = true;
    if (!shared_->config.add_attributes) return Read();
    auto net = std::make_shared<NetNames>();
    net->transport = "IP.TCP";
    net->peer_ip = AddressText(peer.address());
    net->peer_port = std::to_string(peer.port());
    net->host_ip = AddressText(host.address());
    net->host_port = std::to_string(host.port());
    shared_->names->Lookup({net->peer_ip, net->host_ip}, [self = shared_from_this(), net] {
      if (self->shared_ == nullptr) return;
      const std::string* peer_name = self->shared_->names->Find(net->peer_ip);
      const std::string* host_name = self->shared_->names->Find(net->host_ip);
      net->peer_name = peer_name != nullptr ? *peer_name : net->peer_ip;
      net->host_name = host_name != nullptr ? *host_name : net->host_ip;
      self->net_ = net;
      self->Read();
    });
  }

  bool MayRead() {
    if (shared_ == nullptr) return false;
    if (shared_->output->HasRoom()) return true;
    waiting_ = true;
    return false;
  }

  // False when the connection has ended.
  bool Take(std::string_view bytes) {
    if (shared_ == nullptr) return false;
    if (shared_->config.one_log_per_packet) {
      // Kept until the connection ends; what is over the limit is dropped, as in the reference.
      const size_t max = static_cast<size_t>(shared_->config.max_log_size.bytes);
      rest_.append(bytes.substr(0, max - std::min(max, rest_.size())));
      return true;
    }
    bool fits = true;
    if (rest_.empty()) {
      const size_t used = Emit(bytes, false, &fits);
      rest_.assign(bytes.substr(used));
    } else {
      rest_.append(bytes);
      const size_t used = Emit(rest_, false, &fits);
      rest_.erase(0, used);
    }
    if (fits) return true;
    rest_.clear();
    Fail("bufio.Scanner: token too long");
    End();
    return false;
  }

  void Fail(const std::string& error) { shared_->context.log.Error("Scanner error", {{"error", error}}); }

  // What is left is a record; then the connection is gone.
  void End() {
    if (shared_ == nullptr) return;
    Shared* shared = shared_;
    if ((shared->config.one_log_per_packet && begun_) || !rest_.empty()) {
      bool fits = true;
      Emit(rest_, true, &fits);
      if (!fits) Fail("bufio.Scanner: token too long");
    }
    shared_ = nullptr;
    const auto self = shared_from_this();
    shared->connections.erase(self);
    Close();
  }

  Shared* shared_;  // null when the connection has ended
  bool waiting_ = false;
  bool begun_ = false;  // false: the handshake has not succeeded yet

 private:
  size_t Emit(std::string_view data, bool at_end, bool* fits) {
    LogInput& output = *shared_->output;
    std::vector<std::string_view>& records = shared_->records;
    records.clear();
    const Framing::Cut cut = shared_->framing->Split(data, at_end, records);
    *fits = !cut.too_long;
    // An empty "packet" is a record too.
    if (at_end && shared_->config.one_log_per_packet && records.empty()) records.push_back(data);
    if (records.empty()) return cut.used;
    // One copy for all: the records are views into the batch's arena.
    const size_t length = std::max(cut.used, static_cast<size_t>(records.back().data() + records.back().size() - data.data()));
    const std::string_view kept = output.arena().Copy(data.substr(0, length));
    if (net_ != nullptr) output.arena().KeepAlive(net_);
    for (std::string_view record : records) {
      const std::string_view raw =
          record.empty() ? std::string_view("") : kept.substr(static_cast<size_t>(record.data() - data.data()), record.size());
      output.Add(shared_->encoding.Decode(raw, output.arena()), [this](Entry& entry) {
        if (net_ != nullptr) net_->AddTo(entry, false);
      });
    }
    output.Flush(static_cast<int64_t>(cut.used));
    return cut.used;
  }

  std::string rest_;

 protected:
  std::shared_ptr<const NetNames> net_;
};

// Bytes that are said to have come through a connection.
class FedConnection final : public Shared::Connection {
 public:
  FedConnection(Shared* shared, std::shared_ptr<const NetNames> net) : Connection(shared) {
    net_ = std::move(net);
    begun_ = true;
  }
  void Run() override {}
  void Read() override {}
  void Drain() override {}
  void Close() override {}
  void TakeAll(std::string_view bytes) {
    if (Take(bytes)) End();
  }
};

template <typename Stream>
class ConnectionOf final : public Shared::Connection {
 public:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  ConnectionOf(Shared* shared, Socket socket) : Connection(shared), stream_(std::move(socket)) {}
  ConnectionOf(Shared* shared, Socket socket, asio::ssl::context& tls) : Connection(shared), stream_(std::move(socket), tls) {}

  void Run() override {
    if constexpr (kTls) {
      stream_.async_handshake(asio::ssl::stream_base::server, [self = Self()](const error_code& error) {
        if (self->shared_ == nullptr) return;
        if (!error) return self->Start();
        self->Fail(error.message());
        self->End();
      });
    } else {
      error_code ignored;
      stream_.non_blocking(true, ignored);
      Start();
    }
  }

  void Read() override {
    if (!MayRead()) return;
    if constexpr (kTls) {
      if (buffer_.empty()) buffer_.resize(kTlsReadSize);
      stream_.async_read_some(asio::buffer(buffer_), [self = Self()](const error_code& error, size_t n) { self->OnRead(error, n); });
    } else {
      // Idle connections own no buffer: bytes are read into the shared one when there are some.
      stream_.async_wait(Socket::wait_read, [self = Self()](const error_code& waited) {
        if (self->shared_ == nullptr) return;
        error_code error = waited;
        size_t n = 0;
        if (!error) n = self->stream_.read_some(asio::buffer(self->shared_->scratch), error);
        if (error == asio::error::would_block) return self->Read();
        self->OnRead(error, n);
      });
    }
  }

  void Drain() override {
    if constexpr (!kTls) {
      for (int i = 0; i < kReadsAtStop && shared_ != nullptr; ++i) {
        error_code error;
        const size_t n = stream_.read_some(asio::buffer(shared_->scratch), error);
        if (error || n == 0 || !Take(std::string_view(shared_->scratch.data(), n))) return;
      }
    }
  }

  void Close() override {
    error_code ignored;
    Lowest(stream_).close(ignored);
  }

 private:
  std::shared_ptr<ConnectionOf> Self() { return std::static_pointer_cast<ConnectionOf>(shared_from_this()); }

  void Start() {
    error_code peer_error, host_error;
    const Tcp::endpoint peer = Lowest(stream_).remote_endpoint(peer_error);
    const Tcp::endpoint host = Lowest(stream_).local_endpoint(host_error);
    Begin(peer, host);
  }

  void OnRead(const error_code& error, size_t n) {
    if (shared_ == nullptr) return;
    const char* data = kTls ? buffer_.data() : shared_->scratch.data();
    if (n > 0 && !Take(std::string_view(data, n))) return;
    if (!error) return Read();
    if (error != asio::error::eof && error != asio::ssl::error::stream_truncated) Fail(ErrorText(error));
    End();
  }

  Stream stream_;
  std::vector<char> buffer_;
};

}  // namespace

void TcpConfig::Describe(Fields<TcpConfig>& f) {
  using C = TcpConfig;
  f.Optional("listen_address", &C::listen_address, "Where to listen, as host:port. Required.");
  f.Optional("max_log_size", &C::max_log_size, "Longest record, at least 64KiB; default 1MiB. A longer one ends its connection.");
  f.Optional("tls", &C::tls, "TLS of the connections.");
  f.Optional("add_attributes", &C::add_attributes, "Adds net.transport, net.peer.* and net.host.*.");
  f.Optional("one_log_per_packet", &C::one_log_per_packet, "All bytes of a connection are one record.");
  f.Optional("encoding", &C::encoding, "Encoding of the records.");
  f.Optional("multiline", &C::multiline, "Records of several lines.");
  f.Optional("preserve_leading_whitespaces", &C::preserve_leading_whitespaces, "Keep blanks at the start of records.");
  f.Optional("preserve_trailing_whitespaces", &C::preserve_trailing_whitespaces, "Keep blanks at the end of records.");
}

class TcpInput::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(TcpConfig config, const Context& context, LogInput* output) {
    shared_.config = std::move(config);
    shared_.context = context;
    shared_.output = output;
  }

  absl::Status Init(const ConfigNode& block, std::string_view path, bool octet_counting) {
    TcpConfig& c = shared_.config;
    auto at = [&](std::string_view key, const absl::Status& status) {
      return ErrorAt(block, path.empty() ? std::string(key) : absl::StrCat(A(path), "::", A(key)), status);
    };
    if (c.max_log_size.bytes == 0) c.max_log_size.bytes = kDefaultMaxSize;
    if (c.max_log_size.bytes < kLeastMaxSize) {
      return at("max_log_size", absl::InvalidArgumentError(
                                    "invalid value for parameter 'max_log_size', must be equal to or greater than 65536 bytes"));
    }
    if (c.max_log_size.bytes > 1 << 29) {
      return at("max_log_size", absl::InvalidArgumentError("invalid value for parameter 'max_log_size', must be at most 512 MiB"));
    }
    absl::StatusOr<ListenAddress> listen = ParseListenAddress(c.listen_address);
    if (!listen.ok()) return at("listen_address", listen.status());
    listen_ = *std::move(listen);
    absl::StatusOr<tail::Encoding> encoding = tail::Encoding::Find(c.encoding);
    if (!encoding.ok()) return at("encoding", encoding.status());
    shared_.encoding = *encoding;
    FramingOptions framing;
    framing.encoding = *std::move(encoding);
    framing.multiline = c.multiline;
    framing.trim_leading = !c.preserve_leading_whitespaces;
    framing.trim_trailing = !c.preserve_trailing_whitespaces;
    framing.max_size = c.max_log_size.bytes;
    framing.octet_counting = octet_counting && !c.one_log_per_packet;
    framing.whole = c.one_log_per_packet;
    absl::StatusOr<Framing> made = Framing::Create(framing);
    if (!made.ok()) return at("multiline", made.status());
    shared_.framing = *std::move(made);
    if (c.tls) {
      if (absl::Status status = tls_.Start(*c.tls, Now()); !status.ok()) return at("tls", status);
    }
    return absl::OkStatus();
  }

  absl::Status Start() {
    shared_.scratch.resize(kReadSize);
    if (shared_.config.add_attributes) shared_.names = std::make_unique<HostNames>(shared_.context.loop);
    const char* what = shared_.config.tls ? "failed to listen on interface: failed to configure tls listener: "
                                          : "failed to listen on interface: failed to configure tcp listener: ";
    absl::Status status = Listen<Acceptor, Tcp>(shared_.context.loop->io(), listen_, "tcp", acceptor_);
    if (!status.ok()) return Annotate(status, what);
    error_code error;
    port_ = acceptor_->local_endpoint(error).port();
    Accept();
    return absl::OkStatus();
  }

  absl::Status Feed(const FeedTarget::Input& input) {
    std::shared_ptr<const NetNames> net;
    if (shared_.config.add_attributes) {
      OTELPIPE_ASSIGN_OR_RETURN(net, FedNames("IP.TCP", input.source, listen_));
    }
    std::make_shared<FedConnection>(&shared_, std::move(net))->TakeAll(input.bytes);
    return absl::OkStatus();
  }

  void Resume() {
    // A connection that ends changes the set.
    for (const auto& connection : std::vector(shared_.connections.begin(), shared_.connections.end())) {
      if (!shared_.output->HasRoom()) return;
      connection->Resume();
    }
  }

  void Stop() {
    CloseAcceptor();
    for (const auto& connection : std::vector(shared_.connections.begin(), shared_.connections.end())) connection->Finish();
  }

  void Abandon() {
    CloseAcceptor();
    retry_.Cancel();
    for (const auto& connection : std::exchange(shared_.connections, {})) connection->Abandon();
    shared_.names.reset();
  }

  int port() const { return port_; }

 private:
  int64_t Now() const { return shared_.context.loop->MonotonicNanos(); }

  void CloseAcceptor() {
    shared_.stopped = true;
    if (!acceptor_) return;
    error_code ignored;
    acceptor_->close(ignored);
  }

  void Accept() {
    socket_ = std::make_unique<Socket>(shared_.context.loop->io());
    acceptor_->async_accept(*socket_, [weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (!self || self->shared_.stopped) return;
      if (error) {
        // Out of file descriptors, mostly: others will end and free some.
        self->shared_.context.log.Debug("Listener accept error", {{"error", ErrorText(error)}});
        self->retry_ = self->shared_.context.loop->After(absl::Milliseconds(100), [weak] {
          if (const auto s = weak.lock(); s && !s->shared_.stopped) s->Accept();
        });
        return;
      }
      self->Take(std::move(*self->socket_));
      self->Accept();
    });
  }

  void Take(Socket socket) {
    std::shared_ptr<Shared::Connection> connection;
    if (tls_) {
      absl::StatusOr<SslContext> made = tls_.Get(Now());
      if (!made.ok()) {
        shared_.context.log.Error("TLS handshake refused", {{"error", made.status()}});
        return;
      }
      // Asio frees what it is given, so it gets a reference of its own.
      SSL_CTX_up_ref(made->get());
      asio::ssl::context context(made->get());
      connection = std::make_shared<ConnectionOf<TlsStream>>(&shared_, std::move(socket), context);
    } else {
      connection = std::make_shared<ConnectionOf<Socket>>(&shared_, std::move(socket));
    }
    shared_.connections.insert(connection);
    connection->Run();
  }

  Shared shared_;
  ListenAddress listen_;
  ReloadingContext tls_;
  std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<Socket> socket_;
  Timer retry_;
  int port_ = 0;
};

TcpInput::TcpInput(TcpConfig config, const Context& context, LogInput* output)
    : impl_(std::make_shared<Impl>(std::move(config), context, output)) {}
TcpInput::~TcpInput() { impl_->Abandon(); }
absl::Status TcpInput::Init(const ConfigNode& block, std::string_view path, bool octet_counting) {
  return impl_->Init(block, path, octet_counting);
}
absl::Status TcpInput::Start() { return impl_->Start(); }
absl::Status TcpInput::Feed(const FeedTarget::Input& input) { return impl_->Feed(input); }
void TcpInput::Resume() { impl_->Resume(); }
void TcpInput::Stop() { impl_->Stop(); }
int TcpInput::port() const { return impl_->port(); }

}  // namespace otelpipe::stream
