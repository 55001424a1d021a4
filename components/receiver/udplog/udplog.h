// The udplog receiver: records that come in UDP datagrams. The work is done by shared/stream (sockets, framing, delivery) and OperatorProgram.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/stream/log_input.h"
#include "shared/stream/udp_input.h"

namespace otelpipe {

struct UdplogConfig : stream::InputConfig {
  stream::UdpConfig udp;
  ConfigNode node;  // the whole block, for the places of mistakes
  static void Describe(Fields<UdplogConfig>& f);
};
void DecodeField(const ConfigNode& node, UdplogConfig& out, DecodeContext& context);

class UdplogReceiver final : public Receiver {
 public:
  static constexpr std::string_view kType = "udplog";
  static constexpr std::array<std::string_view, 1> kAliases = {"udp_log"};
  static constexpr std::array kSignals = {Signal::kLogs};
  static constexpr std::string_view kStability = "alpha";
  using Config = UdplogConfig;

  UdplogReceiver(Config config, Context context);
  absl::Status Init();
  void SetOutput(Signal signal, Consumer* next) override;
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  // The port listened on, for tests that bind port 0.
  int port() const { return udp_.port(); }

 private:
  Config config_;
  stream::LogInput input_;
  stream::UdpInput udp_;
};

}  // namespace otelpipe
