// Graph: the instances of a plan, wired. See architecture.md, "graph".
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/counting.h"
#include "graph/fanout.h"
#include "graph/plan.h"
#include "otelpipe/component/component.h"

namespace otelpipe {

// The line that the reference writes when it creates a component of this stability, and its level.
std::pair<LogLevel, std::string_view> StabilityLine(std::string_view stability);

class Graph {
 public:
  // Makes the context of one component; id, kind, signal, pipeline and location are filled in by the graph afterwards.
  using MakeContext = std::function<Context(const ComponentId&, ComponentKind, Signal, const std::string& pipeline)>;

  // Builds every instance; all errors of all components are added to `errors`, and then the graph is of no use.
  Graph(const Plan& plan, const MakeContext& context, std::vector<ConfigError>& errors);
  ~Graph();

  struct Instance {
    Component* component;
    ComponentKind kind;
    ComponentId id;
    std::string label;  // `exporter "loki" (logs)`
  };
  // In order of flow, receivers first: the order of stopping. Starting is the reverse.
  const std::vector<Instance>& instances() const { return instances_; }
  Component* Find(ComponentKind kind, const ComponentId& id) const;

 private:
  template <typename T>
  T* Keep(absl::StatusOr<std::unique_ptr<T>> made, const PlannedComponent& planned, ComponentKind kind,
          std::string label, std::vector<ConfigError>& errors);
  Consumer* Join(std::vector<Consumer*> consumers);

  std::vector<std::unique_ptr<Component>> owned_;
  std::vector<std::unique_ptr<FanOut>> fanouts_;
  std::vector<std::unique_ptr<Counting>> counting_;
  std::vector<Instance> instances_;
};

}  // namespace otelpipe
