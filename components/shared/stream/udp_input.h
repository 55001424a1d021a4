// UdpInput: receives datagrams on a UDP port and feeds their records to a LogInput. Shared by the receivers udplog and syslog.
//
// A datagram is one record unless `multiline` divides it. While the pipeline has no room nothing is received; what the system's buffer cannot hold then
// is lost, as UDP has it. Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/feed.h"
#include "otelpipe/component/fields.h"
#include "shared/stream/input_config.h"
#include "shared/stream/log_input.h"

namespace otelpipe::stream {

// Accepted: one loop serves the socket, and the system's buffer is the queue. Not inside UdpConfig, where clang takes it for incomplete.
struct UdpAsync {
  int64_t readers = 1;
  int64_t processors = 1;
  int64_t max_queue_length = 100;
  static void Describe(Fields<UdpAsync>& f);
};

struct UdpConfig {
  std::string listen_address;
  bool one_log_per_packet = false;
  bool add_attributes = false;
  std::string encoding = "utf-8";
  MultilineConfig multiline;
  bool preserve_leading_whitespaces = false;
  bool preserve_trailing_whitespaces = false;
  std::optional<UdpAsync> async;
  static void Describe(Fields<UdpConfig>& f);
};

class UdpInput {
 public:
  static constexpr bool kDatagrams = true;
  // `output` outlives the input.
  UdpInput(UdpConfig config, const Context& context, LogInput* output);
  ~UdpInput();
  UdpInput(const UdpInput&) = delete;

  // Checks the configuration, in the reference's words; `path` is the place of its block below `block` ("" or "udp").
  absl::Status Init(const ConfigNode& block, std::string_view path);
  absl::Status Start();
  // The pipeline has room again.
  void Resume();
  // Takes what has arrived and closes the socket.
  void Stop();
  // One datagram from `source`, taken without a socket; Start is not called then.
  absl::Status Feed(const FeedTarget::Input& input);
  // The port received on; 0 before Start.
  int port() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace otelpipe::stream
