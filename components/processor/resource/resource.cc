#include "processor/resource/resource.h"

#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"

namespace otelpipe {

void ResourceProcessor::Config::Describe(Fields<Config>& f) {
  f.Optional("attributes", &Config::attributes, "The actions, run in order on the attributes of each resource.");
  f.Validate([](const Config& c) {
    return c.attributes.empty() ? absl::InvalidArgumentError("missing required field \"attributes\"") : absl::OkStatus();
  });
}

absl::Status ResourceProcessor::Init() {
  OTELPIPE_ASSIGN_OR_RETURN(actions_, attraction::Actions::Compile(config_.attributes, "attributes"));
  return absl::OkStatus();
}

absl::Status ResourceProcessor::Process(Batch& batch) {
  auto edit = [&](auto* data) {
    actions_->BeginBatch(data->arena, batch.client().get());
    for (auto& resource : data->resources) actions_->Apply(resource.resource.attributes, context_.log);
  };
  switch (batch.signal()) {
    case Signal::kLogs: {
      OTELPIPE_ASSIGN_OR_RETURN(LogsData* data, batch.EditLogs());
      edit(data);
      break;
    }
    case Signal::kTraces: {
      OTELPIPE_ASSIGN_OR_RETURN(TracesData* data, batch.EditTraces());
      edit(data);
      break;
    }
    case Signal::kMetrics: {
      OTELPIPE_ASSIGN_OR_RETURN(MetricsData* data, batch.EditMetrics());
      edit(data);
      break;
    }
  }
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(processor, resource, registry) { return registry.AddProcessor<otelpipe::ResourceProcessor>(); }
