// The udplog receiver: records that come in UDP datagrams. All of it is shared/stream and OperatorProgram.
#pragma once

#include <array>
#include <string_view>

#include "shared/stream/socket_receiver.h"
#include "shared/stream/udp_input.h"

namespace otelpipe {

struct UdplogTraits {
  static constexpr std::string_view kType = "udplog";
  static constexpr std::array<std::string_view, 1> kAliases = {"udp_log"};
  static constexpr const char* kInput = "udp_input";
  using Socket = stream::UdpInput;
  using SocketConfig = stream::UdpConfig;
};
using UdplogConfig = stream::SocketReceiverConfig<UdplogTraits>;
using UdplogReceiver = stream::SocketReceiver<UdplogTraits>;

}  // namespace otelpipe
