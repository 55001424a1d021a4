// The syslog receiver: a TCP or UDP input (shared/stream) with a syslog_parser in front of the configured operators.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/feed.h"
#include "otelpipe/component/fields.h"
#include "shared/stream/log_input.h"
#include "shared/stream/storage.h"
#include "shared/stream/tcp_input.h"
#include "shared/stream/udp_input.h"

namespace otelpipe {

struct SyslogConfig : stream::InputConfig {
  std::string protocol;
  std::string location;
  bool enable_octet_counting = false;
  int64_t max_octets = 0;
  bool allow_skip_pri_header = false;
  std::string non_transparent_framing_trailer;
  std::string on_error;
  std::optional<stream::TcpConfig> tcp;
  std::optional<stream::UdpConfig> udp;
  ConfigNode node;  // the whole block, for the places of mistakes
  // What the syslog_parser was made of; empty when it could not be.
  OperatorList parser;
  static void Describe(Fields<SyslogConfig>& f);
};
// Also decodes the parser, so that its mistakes are told with the others.
void DecodeField(const ConfigNode& node, SyslogConfig& out, DecodeContext& context);

class SyslogReceiver final : public Receiver, public FeedTarget {
 public:
  static constexpr std::string_view kType = "syslog";
  static constexpr std::array kSignals = {Signal::kLogs};
  static constexpr std::string_view kStability = "alpha";
  using Config = SyslogConfig;

  SyslogReceiver(Config config, Context context);
  absl::Status Init();
  void SetOutput(Signal signal, Consumer* next) override;
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  absl::Status StartFed() override { return input_.Start(); }
  absl::Status Feed(const Input& input) override { return tcp_ != nullptr ? tcp_->Feed(input) : udp_->Feed(input); }
  bool feeds_are_records() const override { return tcp_ == nullptr; }
  // The port listened on, for tests that bind port 0.
  int port() const { return tcp_ != nullptr ? tcp_->port() : udp_->port(); }

 private:
  Config config_;
  Context context_;
  // Nothing is kept in it, as in the reference; it is opened so that mistakes show.
  std::unique_ptr<StorageClient> storage_;
  stream::LogInput input_;
  std::unique_ptr<stream::TcpInput> tcp_;
  std::unique_ptr<stream::UdpInput> udp_;
};

}  // namespace otelpipe
