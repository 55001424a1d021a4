#include "graph/plan.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

class Checker {
 public:
  Checker(const Plan& plan, std::vector<ConfigError>& errors) : plan_(plan), errors_(errors) {}

  void Run() {
    CheckIds();
    for (const Reference& r : plan_.extensions) {
      if (plan_.Find(ComponentKind::kExtension, r.id) == nullptr) {
        Error(r.location, "service::extensions",
              absl::StrCat("references extension \"", r.id.ToString(), "\" which is not configured"),
              Known(ComponentKind::kExtension));
      }
    }
    if (plan_.pipelines.empty() && !plan_.may_have_no_pipeline) {
      Error(plan_.pipelines_at, "service::pipelines", "service must have at least one pipeline",
            "for example logs: {receivers: [a], exporters: [b]}");
    }
    for (const PlannedPipeline& p : plan_.pipelines) CheckPipeline(p);
    CheckConnectors();
    if (errors_.empty()) CheckCycles();
  }

 private:
  void Error(Location location, std::string path, std::string message, std::string hint = "") {
    errors_.push_back({std::move(location), std::move(path), std::move(message), std::move(hint)});
  }

  std::string Known(ComponentKind kind) const {
    auto it = plan_.components.find(kind);
    if (it == plan_.components.end() || it->second.empty()) {
      return absl::StrCat("add it under ", A(KindSection(kind)));
    }
    return absl::StrCat("configured: ", absl::StrJoin(it->second, ", ", [](std::string* out, const PlannedComponent& c) {
                          out->append(c.id.ToString());
                        }));
  }

  bool SectionIsEmpty(ComponentKind kind) const {
    auto it = plan_.components.find(kind);
    return it == plan_.components.end() || it->second.empty();
  }

  void CheckIds() {
    auto connectors = plan_.components.find(ComponentKind::kConnector);
    if (connectors == plan_.components.end()) return;
    for (const PlannedComponent& c : connectors->second) {
      for (ComponentKind kind : {ComponentKind::kExporter, ComponentKind::kReceiver}) {
        if (plan_.Find(kind, c.id) == nullptr) continue;
        const std::string id = c.id.ToString();
        Error(c.location, absl::StrCat("connectors::", id),
              absl::StrCat("ambiguous ID: Found both \"", id, "\" ", A(KindName(kind)), " and \"", id,
                           "\" connector. Change one of the components' IDs to eliminate ambiguity (e.g. rename \"", id,
                           "\" connector to \"", id, "/connector\")"));
      }
    }
  }

  void CheckPipeline(const PlannedPipeline& p) {
    const std::string path = absl::StrCat("service::pipelines::", p.name);
    if (p.receivers.empty() && !p.receivers_reported) Error(p.location, path, "must have at least one receiver");
    if (p.exporters.empty() && !p.exporters_reported) Error(p.location, path, "must have at least one exporter");
    CheckReferences(p, path, ComponentKind::kReceiver, p.receivers);
    std::set<ComponentId> seen;
    for (const Reference& r : p.processors) {
      if (!seen.insert(r.id).second) {
        Error(r.location, path, absl::StrCat("references processor \"", r.id.ToString(), "\" multiple times"));
      }
    }
    CheckReferences(p, path, ComponentKind::kProcessor, p.processors);
    CheckReferences(p, path, ComponentKind::kExporter, p.exporters);
  }

  void CheckReferences(const PlannedPipeline& p, const std::string& path, ComponentKind kind,
                       const std::vector<Reference>& references) {
    for (const Reference& r : references) {
      const PlannedComponent* c = plan_.Find(kind, r.id);
      if (c == nullptr && kind != ComponentKind::kProcessor) c = plan_.Find(ComponentKind::kConnector, r.id);
      if (c == nullptr) {
        // That the whole section is missing has been said once.
        if (kind != ComponentKind::kProcessor && SectionIsEmpty(kind)) continue;
        Error(r.location, path,
              absl::StrCat("references ", A(KindName(kind)), " \"", r.id.ToString(), "\" which is not configured"),
              Known(kind));
        continue;
      }
      if (c->factory == nullptr) continue;
      const auto& signals = c->factory->signals;
      if (std::count(signals.begin(), signals.end(), p.signal) == 0) {
        const std::string what =
            kind == ComponentKind::kProcessor
                ? absl::StrCat("failed to create \"", r.id.ToString(), "\" processor, in pipeline \"", p.name, "\"")
                : absl::StrCat("failed to create \"", r.id.ToString(), "\" ", A(KindName(kind)), " for data type \"",
                               A(SignalName(p.signal)), "\"");
        std::string can;
        for (Signal s : signals) absl::StrAppend(&can, can.empty() ? "" : ", ", A(SignalName(s)));
        Error(r.location, path, absl::StrCat(what, ": telemetry type is not supported"), absl::StrCat("it supports ", can));
      }
    }
  }

  // A connector must appear on both sides, of pipelines of the same signal (the only kind there is).
  void CheckConnectors() {
    auto connectors = plan_.components.find(ComponentKind::kConnector);
    if (connectors == plan_.components.end()) return;
    for (const PlannedComponent& c : connectors->second) {
      std::map<Signal, std::vector<std::string>> as_exporter, as_receiver;
      Location exporter_at, receiver_at;
      for (const PlannedPipeline& p : plan_.pipelines) {
        for (const Reference& r : p.exporters) {
          if (r.id == c.id) as_exporter[p.signal].push_back(p.name), exporter_at = r.location;
        }
        for (const Reference& r : p.receivers) {
          if (r.id == c.id) as_receiver[p.signal].push_back(p.name), receiver_at = r.location;
        }
      }
      for (const auto& [signal, names] : as_exporter) {
        if (as_receiver.count(signal) == 0) {
          Error(exporter_at, absl::StrCat("connectors::", c.id.ToString()),
                absl::StrCat("connector \"", c.id.ToString(), "\" used as exporter in [", absl::StrJoin(names, " "),
                             "] pipeline but not used in any supported receiver pipeline"));
        }
      }
      for (const auto& [signal, names] : as_receiver) {
        if (as_exporter.count(signal) == 0) {
          Error(receiver_at, absl::StrCat("connectors::", c.id.ToString()),
                absl::StrCat("connector \"", c.id.ToString(), "\" used as receiver in [", absl::StrJoin(names, " "),
                             "] pipeline but not used in any supported exporter pipeline"));
        }
      }
    }
  }

  // Walks pipeline -> connector -> pipeline and reports the first way back.
  void CheckCycles() {
    std::set<const PlannedPipeline*> done;
    for (const PlannedPipeline& p : plan_.pipelines) {
      std::vector<std::string> trail;
      std::vector<const PlannedPipeline*> stack;
      if (Walk(p, stack, trail, done)) return;
    }
  }
  bool Walk(const PlannedPipeline& p, std::vector<const PlannedPipeline*>& stack, std::vector<std::string>& trail,
            std::set<const PlannedPipeline*>& done) {
    auto at = std::find(stack.begin(), stack.end(), &p);
    if (at != stack.end()) {
      // The trail holds, per pipeline walked, its processors and then the connector; the cycle starts at the connector before `at`.
      const std::string last = trail.back();
      size_t first = 0;
      while (first + 1 < trail.size() && trail[first] != last) ++first;
      std::vector<std::string> cycle(trail.begin() + static_cast<std::ptrdiff_t>(first), trail.end());
      if (cycle.size() == 1) {  // the way round passes one connector only
        cycle.assign(trail.begin(), trail.end());
        cycle.insert(cycle.begin(), last);
      }
      Error(p.location, absl::StrCat("service::pipelines::", p.name),
            absl::StrCat("cycle detected: ", absl::StrJoin(cycle, " -> ")));
      return true;
    }
    if (done.count(&p) > 0) return false;
    stack.push_back(&p);
    const size_t mark = trail.size();
    for (const Reference& r : p.processors) {
      trail.push_back(absl::StrCat("processor \"", r.id.ToString(), "\" in pipeline \"", p.name, "\""));
    }
    for (const Reference& r : p.exporters) {
      if (plan_.Find(ComponentKind::kConnector, r.id) == nullptr) continue;
      const std::string signal(SignalName(p.signal));
      trail.push_back(absl::StrCat("connector \"", r.id.ToString(), "\" (", signal, " to ", signal, ")"));
      for (const PlannedPipeline& next : plan_.pipelines) {
        if (next.signal != p.signal) continue;
        for (const Reference& in : next.receivers) {
          if (in.id == r.id && Walk(next, stack, trail, done)) return true;
        }
      }
      trail.pop_back();
    }
    trail.resize(mark);
    stack.pop_back();
    done.insert(&p);
    return false;
  }

  const Plan& plan_;
  std::vector<ConfigError>& errors_;
};

}  // namespace

const PlannedComponent* Plan::Find(ComponentKind kind, const ComponentId& id) const {
  auto it = components.find(kind);
  if (it == components.end()) return nullptr;
  for (const PlannedComponent& c : it->second) {
    if (c.id == id) return &c;
  }
  return nullptr;
}

void CheckPlan(const Plan& plan, std::vector<ConfigError>& errors) {
  std::vector<ConfigError> found;
  Checker(plan, found).Run();
  for (ConfigError& e : found) errors.push_back(std::move(e));
}

std::vector<const PlannedPipeline*> FlowOrder(const Plan& plan) {
  std::vector<const PlannedPipeline*> order;
  std::set<const PlannedPipeline*> placed;
  while (order.size() < plan.pipelines.size()) {
    const size_t before = order.size();
    for (const PlannedPipeline& p : plan.pipelines) {
      if (placed.count(&p) > 0) continue;
      bool ready = true;
      for (const Reference& r : p.receivers) {
        if (plan.Find(ComponentKind::kConnector, r.id) == nullptr) continue;
        for (const PlannedPipeline& feeder : plan.pipelines) {
          if (feeder.signal != p.signal || placed.count(&feeder) > 0) continue;
          for (const Reference& out : feeder.exporters) ready &= !(out.id == r.id);
        }
      }
      if (!ready) continue;
      order.push_back(&p);
      placed.insert(&p);
    }
    if (order.size() == before) break;
  }
  return order;
}

}  // namespace otelpipe
