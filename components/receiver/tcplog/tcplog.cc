#include "receiver/tcplog/tcplog.h"

#include <utility>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"

namespace otelpipe {

void TcplogConfig::Describe(Fields<TcplogConfig>& f) {
  f.Inline(&TcplogConfig::tcp);
  f.InlineBase<stream::InputConfig>();
}

void DecodeField(const ConfigNode& node, TcplogConfig& out, DecodeContext& context) {
  out.node = node;
  internal::DecodeTable(node, TableOf<TcplogConfig>(), &out, context);
}

TcplogReceiver::TcplogReceiver(Config config, Context context)
    : config_(std::move(config)), input_(context), tcp_(config_.tcp, context, &input_) {}

absl::Status TcplogReceiver::Init() {
  OTELPIPE_RETURN_IF_ERROR(tcp_.Init(config_.node, "", false));
  OTELPIPE_RETURN_IF_ERROR(input_.Init(config_, config_.node, "tcp_input"));
  input_.SetOnRoom([this] { tcp_.Resume(); });
  return absl::OkStatus();
}

void TcplogReceiver::SetOutput(Signal, Consumer* next) { input_.SetNext(next); }

absl::Status TcplogReceiver::Start(Host&) {
  OTELPIPE_RETURN_IF_ERROR(input_.Start());
  return Annotate(tcp_.Start(), "start stanza: ");
}

void TcplogReceiver::Shutdown(ShutdownDone done) {
  tcp_.Stop();
  input_.Stop(std::move(done));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(receiver, tcplog, registry) { return registry.AddReceiver<otelpipe::TcplogReceiver>(); }
