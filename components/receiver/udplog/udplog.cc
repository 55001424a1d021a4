#include "receiver/udplog/udplog.h"

#include <utility>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"

namespace otelpipe {

void UdplogConfig::Describe(Fields<UdplogConfig>& f) {
  f.Inline(&UdplogConfig::udp);
  f.InlineBase<stream::InputConfig>();
}

void DecodeField(const ConfigNode& node, UdplogConfig& out, DecodeContext& context) {
  out.node = node;
  internal::DecodeTable(node, TableOf<UdplogConfig>(), &out, context);
}

UdplogReceiver::UdplogReceiver(Config config, Context context)
    : config_(std::move(config)), input_(context), udp_(config_.udp, context, &input_) {}

absl::Status UdplogReceiver::Init() {
  OTELPIPE_RETURN_IF_ERROR(udp_.Init(config_.node, ""));
  OTELPIPE_RETURN_IF_ERROR(input_.Init(config_, config_.node, "udp_input"));
  input_.SetOnRoom([this] { udp_.Resume(); });
  return absl::OkStatus();
}

void UdplogReceiver::SetOutput(Signal, Consumer* next) { input_.SetNext(next); }

absl::Status UdplogReceiver::Start(Host&) {
  OTELPIPE_RETURN_IF_ERROR(input_.Start());
  return Annotate(udp_.Start(), "start stanza: ");
}

void UdplogReceiver::Shutdown(ShutdownDone done) {
  udp_.Stop();
  input_.Stop(std::move(done));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(receiver, udplog, registry) { return registry.AddReceiver<otelpipe::UdplogReceiver>(); }
