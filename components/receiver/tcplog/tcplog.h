// The tcplog receiver: records that come over TCP connections. The work is done by shared/stream (sockets, framing, delivery) and OperatorProgram.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/stream/log_input.h"
#include "shared/stream/tcp_input.h"

namespace otelpipe {

struct TcplogConfig : stream::InputConfig {
  stream::TcpConfig tcp;
  ConfigNode node;  // the whole block, for the places of mistakes
  static void Describe(Fields<TcplogConfig>& f);
};
void DecodeField(const ConfigNode& node, TcplogConfig& out, DecodeContext& context);

class TcplogReceiver final : public Receiver {
 public:
  static constexpr std::string_view kType = "tcplog";
  static constexpr std::array<std::string_view, 1> kAliases = {"tcp_log"};
  static constexpr std::array kSignals = {Signal::kLogs};
  static constexpr std::string_view kStability = "alpha";
  using Config = TcplogConfig;

  TcplogReceiver(Config config, Context context);
  absl::Status Init();
  void SetOutput(Signal signal, Consumer* next) override;
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  // The port listened on, for tests that bind port 0.
  int port() const { return tcp_.port(); }

 private:
  Config config_;
  stream::LogInput input_;
  stream::TcpInput tcp_;
};

}  // namespace otelpipe
