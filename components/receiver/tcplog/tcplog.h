// The tcplog receiver: records that come over TCP connections. All of it is shared/stream and OperatorProgram.
#pragma once

#include <array>
#include <string_view>

#include "shared/stream/socket_receiver.h"
#include "shared/stream/tcp_input.h"

namespace otelpipe {

struct TcplogTraits {
  static constexpr std::string_view kType = "tcplog";
  static constexpr std::array<std::string_view, 1> kAliases = {"tcp_log"};
  static constexpr const char* kInput = "tcp_input";
  using Socket = stream::TcpInput;
  using SocketConfig = stream::TcpConfig;
};
using TcplogConfig = stream::SocketReceiverConfig<TcplogTraits>;
using TcplogReceiver = stream::SocketReceiver<TcplogTraits>;

}  // namespace otelpipe
