// Plan: a service's components and pipelines after decoding, and the structural checks that need no instance.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "otelpipe/component/config_node.h"
#include "otelpipe/component/ids.h"
#include "otelpipe/registry.h"

namespace otelpipe {

// One configured component.
struct PlannedComponent {
  ComponentId id;
  const ComponentFactory* factory = nullptr;
  AnyConfig config;
  Location location;
  // False when the type is unknown or its configuration did not decode: reported already, not built.
  bool usable = true;
  // True when some of its settings had the wrong type and have their defaults instead: it is built to find more mistakes, and never run.
  bool partial = false;
};

// A name in a pipeline's list.
struct Reference {
  ComponentId id;
  Location location;
};

struct PlannedPipeline {
  Signal signal = Signal::kLogs;
  std::string name;  // "logs/2"
  Location location;
  std::vector<Reference> receivers;
  std::vector<Reference> processors;
  std::vector<Reference> exporters;
  // The list could not be read, which was reported: that it is empty is no news.
  bool receivers_reported = false;
  bool exporters_reported = false;
};

struct Plan {
  std::map<ComponentKind, std::vector<PlannedComponent>> components;
  std::vector<PlannedPipeline> pipelines;
  std::vector<Reference> extensions;
  Location pipelines_at;            // where pipelines are written, or would be
  bool may_have_no_pipeline = false;  // feature gate service.AllowNoPipelines

  const PlannedComponent* Find(ComponentKind kind, const ComponentId& id) const;
};

// Dangling names, duplicates, empty pipelines, connectors used on one side only, cycles, signals that a component does not support.
// In the reference's words.
void CheckPlan(const Plan& plan, std::vector<ConfigError>& errors);

// The pipelines so that each comes before those it feeds through connectors. CheckPlan has made sure that there is such an order.
std::vector<const PlannedPipeline*> FlowOrder(const Plan& plan);

}  // namespace otelpipe
