// The extensions that the service makes of `service.telemetry`: own metrics, own log lines.
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/component/own_logs.h"
#include "service/log_sampler.h"
#include "service/own_logs.h"
#include "service/service_impl.h"

namespace otelpipe {
namespace {

class TeeSink final : public LogSink {
 public:
  TeeSink(const LogSettings& settings, std::shared_ptr<LogSink> first, std::shared_ptr<LogSink> second)
      : level_(settings.level), sampler_(settings.sampling), first_(std::move(first)), second_(std::move(second)) {}
  bool Enabled(LogLevel level) const override { return level >= level_; }
  void Write(const LogLine& line) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!sampler_.Pass(line.level, line.message, line.unix_nanos)) return;
    }
    if (first_ != nullptr && first_->Enabled(line.level)) first_->Write(line);
    second_->Write(line);
  }

 private:
  const LogLevel level_;
  std::mutex mutex_;
  Sampler sampler_;
  const std::shared_ptr<LogSink> first_, second_;
};

ConfigNode NodeAt(const Location& location, ConfigNode::Kind kind) {
  ConfigNode node;
  node.kind = kind;
  node.location = location;
  return node;
}
ConfigNode TextAt(const Location& location, const std::string& text) {
  ConfigNode node = NodeAt(location, ConfigNode::Kind::kString);
  node.text = text;
  return node;
}
void Put(ConfigNode& map, const std::string& key, ConfigNode value) { map.entries.push_back({key, value.location, std::move(value)}); }

}  // namespace

std::shared_ptr<LogSink> MakeTeeSink(const LogSettings& settings, std::shared_ptr<LogSink> first, std::shared_ptr<LogSink> second) {
  return std::make_shared<TeeSink>(settings, std::move(first), std::move(second));
}

std::unique_ptr<Extension> Service::Impl::BuildOwnExtension(const char* type, const char* section, ConfigNode node, bool make,
                                                            std::vector<ConfigError>& errors) {
  const Location at = node.location;
  const std::string path = absl::StrCat("service::telemetry::", section);
  const ComponentId id{type, ""};
  const ComponentFactory* factory = registry_->Find(ComponentKind::kExtension, id.type);
  if (factory == nullptr) {
    errors.push_back({at, path, absl::StrCat("own ", section, " are not exposed: the extension ", type, " is not part of this program"), "", true});
    return nullptr;
  }
  ConfigNode resource = NodeAt(at, ConfigNode::Kind::kMap);
  for (const auto& [key, value] : resource_) Put(resource, key, TextAt(at, value));
  Put(node, "resource", std::move(resource));
  DecodeContext decode(&errors, path, "");
  const AnyConfig config = factory->decode(node, decode);
  if (decode.error_count() > 0 || !make) return nullptr;
  absl::StatusOr<std::unique_ptr<Extension>> made = factory->make_extension(config, MakeContext(id, ComponentKind::kExtension, Signal::kLogs, ""));
  if (made.ok()) return *std::move(made);
  errors.push_back({at, path, std::string(made.status().message()), ""});
  return nullptr;
}

void Service::Impl::BuildOwnMetrics(bool make, std::vector<ConfigError>& errors) {
  const MetricsSettings& metrics = settings_.metrics;
  const bool asked_for = metrics.readers_given || !metrics.address.empty();
  if (metrics.level == "none" || (!asked_for && !options_.default_metrics_reader)) return;
  if (!asked_for && registry_->Find(ComponentKind::kExtension, "telemetry_metrics") == nullptr) return;
  ConfigNode node = NodeAt(metrics.location, ConfigNode::Kind::kMap);
  Put(node, "level", TextAt(metrics.location, metrics.level));
  if (metrics.readers_given) Put(node, "readers", metrics.readers);
  if (metrics.views.is_list() && metrics.level == "detailed") Put(node, "views", metrics.views);
  if (!metrics.address.empty()) Put(node, "address", TextAt(metrics.location, metrics.address));
  ConfigNode flag = NodeAt(metrics.location, ConfigNode::Kind::kBool);
  flag.boolean = options_.default_metrics_reader;
  Put(node, "default_reader", std::move(flag));
  own_metrics_ = BuildOwnExtension("telemetry_metrics", "metrics", std::move(node), make, errors);
}

void Service::Impl::BuildOwnLogs(bool make, std::vector<ConfigError>& errors) {
  const ConfigNode& processors = settings_.log_processors;
  if (!processors.is_list() || processors.items.empty()) return;
  ConfigNode node = NodeAt(processors.location, ConfigNode::Kind::kMap);
  Put(node, "processors", processors);
  own_logs_ = BuildOwnExtension("telemetry_logs", "logs", std::move(node), make, errors);
  auto* logs = dynamic_cast<OwnLogs*>(own_logs_.get());
  if (logs != nullptr) options_.log_sink = MakeTeeSink(settings_.logs, options_.log_sink, logs->sink());
}

}  // namespace otelpipe
