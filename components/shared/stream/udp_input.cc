#include "shared/stream/udp_input.h"

#include <utility>  // Boost 1.74 needs it before Asio

#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "shared/stream/endpoint.h"
#include "shared/stream/framing.h"
#include "shared/stream/listen.h"

namespace otelpipe::stream {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Udp = asio::ip::udp;
using Socket = asio::basic_datagram_socket<Udp, asio::io_context::executor_type>;

constexpr size_t kLargest = 64 << 10;
// Datagrams taken at one go: one batch, and others on the loop have their turn.
constexpr int kMostAtOnce = 256;
constexpr size_t kMostPeers = 1024;
// The reference's default pattern, which matches nothing.
constexpr std::string_view kNever = ".^";

}  // namespace

void UdpAsync::Describe(Fields<UdpAsync>& f) {
  f.Optional("readers", &UdpAsync::readers, "Without effect.");
  f.Optional("processors", &UdpAsync::processors, "Without effect.");
  f.Optional("max_queue_length", &UdpAsync::max_queue_length, "Without effect: the system's buffer is the queue.");
}

void UdpConfig::Describe(Fields<UdpConfig>& f) {
  using C = UdpConfig;
  f.Optional("listen_address", &C::listen_address, "Where to listen, as host:port. Required.");
  f.Optional("one_log_per_packet", &C::one_log_per_packet, "A datagram is one record, untrimmed.");
  f.Optional("add_attributes", &C::add_attributes, "Adds net.transport, net.host.* and net.peer.*.");
  f.Optional("encoding", &C::encoding, "Encoding of the records.");
  f.Optional("multiline", &C::multiline, "Several records in one datagram; by default a datagram is one record.");
  f.Optional("preserve_leading_whitespaces", &C::preserve_leading_whitespaces, "Keep blanks at the start of records.");
  f.Optional("preserve_trailing_whitespaces", &C::preserve_trailing_whitespaces, "Keep blanks at the end of records.");
  f.Optional("async", &C::async, "Accepted without effect: one loop serves the socket.");
}

class UdpInput::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(UdpConfig config, const Context& context, LogInput* output) : config_(std::move(config)), context_(context), output_(output) {}

  absl::Status Init(const ConfigNode& block, std::string_view path) {
    auto at = [&](std::string_view key, const absl::Status& status) {
      return ErrorAt(block, path.empty() ? std::string(key) : absl::StrCat(A(path), "::", A(key)), status);
    };
    absl::StatusOr<ListenAddress> listen = ParseListenAddress(config_.listen_address);
    if (!listen.ok()) return at("listen_address", listen.status());
    listen_ = *std::move(listen);
    absl::StatusOr<tail::Encoding> encoding = tail::Encoding::Find(config_.encoding);
    if (!encoding.ok()) return at("encoding", encoding.status());
    encoding_ = *encoding;
    FramingOptions framing;
    framing.encoding = *std::move(encoding);
    framing.multiline = config_.multiline;
    if (framing.multiline.line_start_pattern.empty() && framing.multiline.line_end_pattern.empty()) {
      framing.multiline.line_end_pattern = kNever;
    }
    framing.trim_leading = !config_.preserve_leading_whitespaces;
    framing.trim_trailing = !config_.preserve_trailing_whitespaces;
    // One more than a datagram can have: no record is too long.
    framing.max_size = kLargest + 1;
    framing.whole = config_.one_log_per_packet;
    if (framing.encoding.kind() == tail::Encoding::Kind::kNop) {
      if (framing.multiline.line_end_pattern == kNever) framing.multiline.line_end_pattern.clear();
    }
    absl::StatusOr<Framing> made = Framing::Create(framing);
    if (!made.ok()) return at("multiline", made.status());
    framing_ = *std::move(made);
    return absl::OkStatus();
  }

  absl::Status Start() {
    buffer_.resize(kLargest);
    if (config_.add_attributes) names_ = std::make_unique<HostNames>(context_.loop);
    absl::Status status = Listen<Socket, Udp>(context_.loop->io(), listen_, "udp", socket_);
    if (!status.ok()) return Annotate(status, "failed to open connection: ");
    error_code error;
    socket_->non_blocking(true, error);
    const Udp::endpoint local = socket_->local_endpoint(error);
    port_ = local.port();
    host_ip_ = AddressText(local.address());
    Wait();
    return absl::OkStatus();
  }

  absl::Status Feed(const FeedTarget::Input& input) {
    std::shared_ptr<const NetNames> net;
    if (config_.add_attributes) {
      OTELPIPE_ASSIGN_OR_RETURN(net, FedNames("IP.UDP", input.source, listen_));
    }
    Emit(Trimmed(input.bytes), net);
    output_->Flush(static_cast<int64_t>(input.bytes.size()));
    return absl::OkStatus();
  }

  void Resume() {
    if (std::exchange(waiting_, false)) Wait();
  }

  void Stop() {
    if (!socket_ || stopped_) return;
    if (held_) Finish();
    Take();
    Close();
  }

  void Close() {
    stopped_ = true;
    retry_.Cancel();
    names_.reset();
    error_code ignored;
    if (socket_) socket_->close(ignored);
  }

  int port() const { return port_; }

 private:
  // The end of a datagram is often a line feed or a NUL.
  static std::string_view Trimmed(std::string_view message) {
    while (!message.empty() && static_cast<unsigned char>(message.back()) < 32) message.remove_suffix(1);
    return message;
  }

  void Wait() {
    if (stopped_) return;
    if (!output_->HasRoom()) {
      waiting_ = true;
      return;
    }
    socket_->async_wait(Socket::wait_read, [weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (!self || self->stopped_) return;
      if (error) {
        self->context_.log.Error("Failed reading messages", {{"error", ErrorText(error)}});
        self->retry_ = self->context_.loop->After(absl::Milliseconds(100), [weak] {
          if (const auto s = weak.lock()) s->Wait();
        });
        return;
      }
      if (self->Take()) self->Wait();
    });
  }

  // Takes what has arrived, as one batch. False when a name has to be looked up first.
  bool Take() {
    int64_t bytes = 0;
    bool go_on = true;
    for (int i = 0; i < kMostAtOnce; ++i) {
      error_code error;
      Udp::endpoint from;
      const size_t n = socket_->receive_from(asio::buffer(buffer_), from, 0, error);
      if (error) {
        if (error != asio::error::would_block) context_.log.Error("Failed reading messages", {{"error", ErrorText(error)}});
        break;
      }
      bytes += static_cast<int64_t>(n);
      const std::string_view message = Trimmed({buffer_.data(), n});
      if (!config_.add_attributes) {
        Emit(message, nullptr);
        continue;
      }
      if (std::shared_ptr<const NetNames> net = NamesOf(from); net != nullptr) {
        Emit(message, net);
        continue;
      }
      held_ = true;
      held_message_ = std::string(message);
      held_from_ = from;
      names_->Lookup({AddressText(from.address()), host_ip_}, [this] {
        if (stopped_ || !held_) return;
        Finish();
        Wait();
      });
      go_on = false;
      break;
    }
    output_->Flush(bytes);
    return go_on;
  }

  // The datagram that waited for a name.
  void Finish() {
    held_ = false;
    std::shared_ptr<const NetNames> net = NamesOf(held_from_);
    Emit(held_message_, net != nullptr ? net : MakeNames(held_from_, AddressText(held_from_.address()), host_ip_));
    output_->Flush(0);
  }

  std::shared_ptr<const NetNames> MakeNames(const Udp::endpoint& from, const std::string& peer, const std::string& host) const {
    auto net = std::make_shared<NetNames>();
    net->transport = "IP.UDP";
    net->peer_ip = AddressText(from.address());
    net->peer_port = std::to_string(from.port());
    net->peer_name = peer;
    net->host_ip = host_ip_;
    net->host_port = std::to_string(port_);
    net->host_name = host;
    return net;
  }

  // Null while a name is not known.
  std::shared_ptr<const NetNames> NamesOf(const Udp::endpoint& from) {
    const std::string* peer = names_->Find(AddressText(from.address()));
    const std::string* host = names_->Find(host_ip_);
    if (peer == nullptr || host == nullptr) return nullptr;
    std::shared_ptr<const NetNames>& known = peers_[from];
    if (known == nullptr || known->peer_name != *peer || known->host_name != *host) known = MakeNames(from, *peer, *host);
    std::shared_ptr<const NetNames> out = known;
    if (peers_.size() > kMostPeers) peers_.clear();
    return out;
  }

  void Emit(std::string_view message, const std::shared_ptr<const NetNames>& net) {
    records_.clear();
    framing_->Split(message, true, records_);
    if (config_.one_log_per_packet && records_.empty()) records_.push_back(message);
    if (records_.empty()) return;
    Arena& arena = output_->arena();
    if (net != nullptr) arena.KeepAlive(net);
    for (std::string_view record : records_) {
      output_->Add(encoding_.Decode(arena.Copy(record), arena), [&](Entry& entry) {
        if (net != nullptr) net->AddTo(entry, true);
      });
    }
  }

  UdpConfig config_;
  Context context_;
  LogInput* output_;
  ListenAddress listen_;
  tail::Encoding encoding_;
  std::optional<Framing> framing_;
  std::unique_ptr<HostNames> names_;  // with add_attributes
  std::map<Udp::endpoint, std::shared_ptr<const NetNames>> peers_;
  std::unique_ptr<Socket> socket_;
  std::vector<char> buffer_;
  std::vector<std::string_view> records_;
  std::string host_ip_;
  std::string held_message_;
  Udp::endpoint held_from_;
  Timer retry_;
  bool held_ = false;
  bool waiting_ = false;
  bool stopped_ = false;
  int port_ = 0;
};

UdpInput::UdpInput(UdpConfig config, const Context& context, LogInput* output)
    : impl_(std::make_shared<Impl>(std::move(config), context, output)) {}
UdpInput::~UdpInput() { impl_->Close(); }
absl::Status UdpInput::Init(const ConfigNode& block, std::string_view path) { return impl_->Init(block, path); }
absl::Status UdpInput::Start() { return impl_->Start(); }
absl::Status UdpInput::Feed(const FeedTarget::Input& input) { return impl_->Feed(input); }
void UdpInput::Resume() { impl_->Resume(); }
void UdpInput::Stop() { impl_->Stop(); }
int UdpInput::port() const { return impl_->port(); }

}  // namespace otelpipe::stream
