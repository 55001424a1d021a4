#include "receiver/syslog/syslog.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"

namespace otelpipe {
namespace {

// Keys of the receiver that are the parser's.
constexpr std::string_view kParserKeys[] = {"protocol",   "location",              "enable_octet_counting",
                                            "max_octets", "allow_skip_pri_header", "non_transparent_framing_trailer",
                                            "on_error"};
constexpr std::string_view kFirst = "operators::0";

ConfigNode Text(std::string_view text, const Location& location) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kString;
  node.text = std::string(text);
  node.location = location;
  return node;
}

// The block of the parser as a user would write it.
ConfigNode ParserBlock(const ConfigNode& receiver, const std::string& id) {
  ConfigNode list;
  list.kind = ConfigNode::Kind::kList;
  list.location = receiver.location;
  ConfigNode block;
  block.kind = ConfigNode::Kind::kMap;
  block.location = receiver.location;
  block.entries.push_back({"type", receiver.location, Text("syslog_parser", receiver.location)});
  block.entries.push_back({"id", receiver.location, Text(id + "_internal_parser", receiver.location)});
  for (std::string_view key : kParserKeys) {
    for (const ConfigNode::Entry& entry : receiver.entries) {
      if (entry.key == key && !entry.value.is_null()) block.entries.push_back(entry);
    }
  }
  list.items.push_back(std::move(block));
  return list;
}

// The parser stands before the configured operators: mistakes show the places of the configuration.
absl::Status Renumbered(const absl::Status& status) {
  if (status.ok()) return status;
  std::vector<ConfigError> errors = ConfigErrorsFromStatus(status);
  for (ConfigError& error : errors) {
    std::string_view path = error.path;
    if (!path.starts_with("operators::")) continue;
    if (path == kFirst || path.starts_with(absl::StrCat(A(kFirst), "::"))) {
      error.path = std::string(path.size() > kFirst.size() ? path.substr(kFirst.size() + 2) : "");
      continue;
    }
    path.remove_prefix(11);
    size_t digits = 0;
    int64_t number = 0;
    while (digits < path.size() && path[digits] >= '0' && path[digits] <= '9') number = number * 10 + (path[digits++] - '0');
    error.path = absl::StrCat("operators::", number - 1, A(path.substr(digits)));
  }
  return ConfigErrorsToStatus(errors);
}

}  // namespace

void SyslogConfig::Describe(Fields<SyslogConfig>& f) {
  using C = SyslogConfig;
  f.Optional("protocol", &C::protocol, "rfc3164 or rfc5424. Required.");
  f.Optional("location", &C::location, "Time zone of RFC 3164 times: an IANA name, UTC or Local; default UTC.");
  f.Optional("enable_octet_counting", &C::enable_octet_counting, "Messages have their length in front (RFC 6587); rfc5424 over TCP only.");
  f.Optional("max_octets", &C::max_octets, "Largest length that octet counting accepts; default 8192.");
  f.Optional("allow_skip_pri_header", &C::allow_skip_pri_header, "Take messages without priority.");
  f.Optional("non_transparent_framing_trailer", &C::non_transparent_framing_trailer,
             "Messages end with this character: LF or NUL; rfc5424 over TCP only.");
  f.Optional("on_error", &C::on_error, "What becomes of messages that do not parse: send (default), drop and their quiet forms.");
  f.Optional("tcp", &C::tcp, "Settings of the TCP input, as of the tcplog receiver.");
  f.Optional("udp", &C::udp, "Settings of the UDP input, as of the udplog receiver.");
  f.InlineBase<stream::InputConfig>();
}

void DecodeField(const ConfigNode& node, SyslogConfig& out, DecodeContext& context) {
  out.node = node;
  const size_t before = context.error_count();
  internal::DecodeTable(node, TableOf<SyslogConfig>(), &out, context);
  if (context.error_count() != before || !node.is_map()) return;
  DecodeField(ParserBlock(node, out.id.empty() ? "syslog_input" : out.id), out.parser, context);
}

SyslogReceiver::SyslogReceiver(Config config, Context context)
    : config_(std::move(config)), context_(context), input_(std::move(context)) {}

absl::Status SyslogReceiver::Init() {
  if (!config_.tcp && !config_.udp) {
    return stream::ErrorAt(config_.node, "", absl::InvalidArgumentError("need tcp config or udp config"));
  }
  if (config_.parser.members.empty()) return absl::InvalidArgumentError("missing field 'protocol'");
  stream::InputConfig all = config_;
  all.operators.members.insert(all.operators.members.begin(), config_.parser.members.begin(), config_.parser.members.end());
  OTELPIPE_RETURN_IF_ERROR(Renumbered(input_.Init(all, config_.node, "syslog_input")));
  if (config_.tcp) {
    if (config_.udp) context_.log.Warn("both tcp and udp are configured: only tcp is used");
    tcp_ = std::make_unique<stream::TcpInput>(*config_.tcp, context_, &input_);
    OTELPIPE_RETURN_IF_ERROR(tcp_->Init(config_.node, "tcp", config_.enable_octet_counting));
    input_.SetOnRoom([this] { tcp_->Resume(); });
    return absl::OkStatus();
  }
  if (config_.enable_octet_counting || !config_.non_transparent_framing_trailer.empty()) {
    return stream::ErrorAt(config_.node, config_.enable_octet_counting ? "enable_octet_counting" : "non_transparent_framing_trailer",
                           absl::InvalidArgumentError("octet_counting and non_transparent_framing is not compatible with UDP"));
  }
  udp_ = std::make_unique<stream::UdpInput>(*config_.udp, context_, &input_);
  OTELPIPE_RETURN_IF_ERROR(udp_->Init(config_.node, "udp"));
  input_.SetOnRoom([this] { udp_->Resume(); });
  return absl::OkStatus();
}

void SyslogReceiver::SetOutput(Signal, Consumer* next) { input_.SetNext(next); }

absl::Status SyslogReceiver::Start(Host& host) {
  OTELPIPE_ASSIGN_OR_RETURN(storage_, stream::OpenStorage(config_.storage, config_.node, host, context_));
  OTELPIPE_RETURN_IF_ERROR(input_.Start());
  return Annotate(tcp_ != nullptr ? tcp_->Start() : udp_->Start(), "start stanza: ");
}

void SyslogReceiver::Shutdown(ShutdownDone done) {
  if (tcp_ != nullptr) tcp_->Stop();
  if (udp_ != nullptr) udp_->Stop();
  input_.Stop(std::move(done));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(receiver, syslog, registry) { return registry.AddReceiver<otelpipe::SyslogReceiver>(); }
