// TcpInput: listens on a TCP port and feeds the records of its connections to a LogInput. Shared by the receivers tcplog and syslog.
//
// Back-pressure: while the pipeline has no room, connections are not read, so the senders wait. At the stop what the connections hold is
// taken, and an unfinished last record is a record. Loop thread only.
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
#include "shared/tls/tls_config.h"

namespace otelpipe::stream {

struct TcpConfig {
  std::string listen_address;
  ByteSize max_log_size;  // 0 = 1 MiB
  std::optional<TlsServerConfig> tls;
  bool add_attributes = false;
  bool one_log_per_packet = false;
  std::string encoding = "utf-8";
  MultilineConfig multiline;
  bool preserve_leading_whitespaces = false;
  bool preserve_trailing_whitespaces = false;
  static void Describe(Fields<TcpConfig>& f);
};

class TcpInput {
 public:
  static constexpr bool kDatagrams = false;
  // `output` outlives the input.
  TcpInput(TcpConfig config, const Context& context, LogInput* output);
  ~TcpInput();
  TcpInput(const TcpInput&) = delete;

  // Checks the configuration, in the reference's words; `path` is the place of its block below `block` ("" or "tcp").
  absl::Status Init(const ConfigNode& block, std::string_view path, bool octet_counting = false);
  absl::Status Start();
  // The pipeline has room again.
  void Resume();
  // Takes what the connections hold and closes them.
  void Stop();
  // The bytes of one connection from `source`, taken without one; Start is not called then.
  absl::Status Feed(const FeedTarget::Input& input);
  // The port listened on; 0 before Start.
  int port() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace otelpipe::stream
