// SocketReceiver: a receiver of log records that come over one kind of socket; tcplog and udplog are made of it.
//
//   struct TcplogTraits {
//     static constexpr std::string_view kType = "tcplog";
//     static constexpr std::array<std::string_view, 1> kAliases = {"tcp_log"};
//     static constexpr const char* kInput = "tcp_input";   // how the operators call it
//     using Socket = stream::TcpInput;
//     using SocketConfig = stream::TcpConfig;
//   };
//   using TcplogReceiver = stream::SocketReceiver<TcplogTraits>;
//
// The work is done by the socket (tcp_input.h, udp_input.h) and LogInput. Loop thread only.
#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/feed.h"
#include "otelpipe/component/fields.h"
#include "shared/stream/log_input.h"
#include "shared/stream/storage.h"

namespace otelpipe::stream {

template <typename Traits>
struct SocketReceiverConfig : InputConfig {
  typename Traits::SocketConfig socket;
  ConfigNode node;  // the whole block, for the places of mistakes
  static void Describe(Fields<SocketReceiverConfig>& f) {
    f.Inline(&SocketReceiverConfig::socket);
    f.template InlineBase<InputConfig>();
  }
};
template <typename Traits>
void DecodeField(const ConfigNode& node, SocketReceiverConfig<Traits>& out, DecodeContext& context) {
  out.node = node;
  internal::DecodeTable(node, TableOf<SocketReceiverConfig<Traits>>(), &out, context);
}

template <typename Traits>
class SocketReceiver final : public Receiver, public FeedTarget {
 public:
  static constexpr std::string_view kType = Traits::kType;
  static constexpr std::array<std::string_view, 1> kAliases = Traits::kAliases;
  static constexpr std::array kSignals = {Signal::kLogs};
  static constexpr std::string_view kStability = "alpha";
  using Config = SocketReceiverConfig<Traits>;

  SocketReceiver(Config config, Context context)
      : config_(std::move(config)), context_(context), input_(context), socket_(config_.socket, context, &input_) {}

  absl::Status Init() {
    OTELPIPE_RETURN_IF_ERROR(socket_.Init(config_.node, ""));
    OTELPIPE_RETURN_IF_ERROR(input_.Init(config_, config_.node, Traits::kInput));
    input_.SetOnRoom([this] { socket_.Resume(); });
    return absl::OkStatus();
  }
  void SetOutput(Signal, Consumer* next) override { input_.SetNext(next); }
  absl::Status Start(Host& host) override {
    OTELPIPE_ASSIGN_OR_RETURN(storage_, OpenStorage(config_.storage, config_.node, host, context_));
    OTELPIPE_RETURN_IF_ERROR(input_.Start());
    return Annotate(socket_.Start(), "start stanza: ");
  }
  void Shutdown(ShutdownDone done) override {
    socket_.Stop();
    input_.Stop(std::move(done));
  }
  absl::Status StartFed() override { return input_.Start(); }
  absl::Status Feed(const Input& input) override { return socket_.Feed(input); }
  bool feeds_are_records() const override { return Traits::Socket::kDatagrams; }
  // The port listened on, for tests that bind port 0.
  int port() const { return socket_.port(); }

 private:
  Config config_;
  Context context_;
  // Nothing is kept in it, as in the reference; it is opened so that mistakes show.
  std::unique_ptr<StorageClient> storage_;
  LogInput input_;
  typename Traits::Socket socket_;
};

}  // namespace otelpipe::stream
