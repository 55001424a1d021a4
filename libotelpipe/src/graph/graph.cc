#include "graph/graph.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

bool IsWithin(std::string_view path, std::string_view outer) {
  return path == outer || (path.size() > outer.size() && path.starts_with(outer) && path.substr(outer.size()).starts_with("::"));
}

// Whether an error of a component of which some settings have their defaults, because what was written is wrong, is only about one of those: it has no place of
// its own, or that of something that was told already.
bool FollowsFromAnother(const ConfigError& error, const std::vector<ConfigError>& errors) {
  if (error.path.empty() || error.location.line == 0) return true;
  return std::any_of(errors.begin(), errors.end(), [&](const ConfigError& other) {
    return !other.warning && (IsWithin(error.path, other.path) || IsWithin(other.path, error.path));
  });
}

// Errors of a component's construction, with its section and subject added.
void AddBuildErrors(const absl::Status& status, const PlannedComponent& c, ComponentKind kind,
                    std::vector<ConfigError>& errors) {
  for (ConfigError& e : ConfigErrorsFromStatus(status)) {
    const std::string id = c.id.ToString();
    std::string path = absl::StrCat(A(KindSection(kind)), "::", id);
    if (!e.path.empty()) absl::StrAppend(&path, "::", e.path);
    if (c.partial) {
      ConfigError placed = e;
      placed.path = placed.path.empty() ? "" : path;
      if (FollowsFromAnother(placed, errors)) continue;
    }
    if (e.location.line == 0) e.location = c.location;
    e.path = std::move(path);
    e.message = absl::StrCat("\"", id, "\" ", A(KindName(kind)), ": ", e.message);
    // The same component built for a second signal or pipeline makes the same mistakes again.
    const bool known = std::any_of(errors.begin(), errors.end(), [&](const ConfigError& other) {
      return other.path == e.path && other.message == e.message && other.location.line == e.location.line;
    });
    if (!known) errors.push_back(std::move(e));
  }
}

}  // namespace

std::pair<LogLevel, std::string_view> StabilityLine(std::string_view stability) {
  if (stability == "unmaintained") return {LogLevel::kInfo, "Unmaintained component. Actively looking for contributors."};
  if (stability == "deprecated") return {LogLevel::kInfo, "Deprecated component. Will be removed in future releases."};
  if (stability == "development") return {LogLevel::kInfo, "Development component. May change in the future."};
  if (stability == "alpha") return {LogLevel::kDebug, "Alpha component. May change in the future."};
  if (stability == "beta") return {LogLevel::kDebug, "Beta component. May change in the future."};
  return {LogLevel::kDebug, "Stable component."};
}

template <typename T>
T* Graph::Keep(absl::StatusOr<std::unique_ptr<T>> made, const PlannedComponent& planned, ComponentKind kind,
               std::string label, std::vector<ConfigError>& errors) {
  if (!made.ok()) {
    AddBuildErrors(made.status(), planned, kind, errors);
    return nullptr;
  }
  T* raw = made->get();
  owned_.push_back(*std::move(made));
  instances_.push_back({raw, kind, planned.id, std::move(label)});
  return raw;
}

Consumer* Graph::Join(std::vector<Consumer*> consumers) {
  if (consumers.size() == 1) return consumers[0];
  fanouts_.push_back(std::make_unique<FanOut>(std::move(consumers)));
  return fanouts_.back().get();
}

Graph::Graph(const Plan& plan, const MakeContext& make_context, std::vector<ConfigError>& errors) {
  const std::vector<const PlannedPipeline*> order = FlowOrder(plan);
  auto context = [&](const PlannedComponent& c, ComponentKind kind, Signal signal, const std::string& pipeline) {
    Context out = make_context(c.id, kind, signal, pipeline);
    out.id = c.id;
    out.kind = kind;
    out.signal = signal;
    out.pipeline = pipeline;
    out.location = c.location;
    const auto [level, text] = StabilityLine(c.factory->stability);
    out.log.Log(level, text);
    return out;
  };
  auto label = [](ComponentKind kind, const ComponentId& id, std::string_view where) {
    return absl::StrCat(A(KindName(kind)), " \"", id.ToString(), "\"", where.empty() ? "" : absl::StrCat(" (", A(where), ")"));
  };

  // From the end of the flow: what a component hands over to exists before it. Each list of instances is appended in this backward order and
  // turned round at the end.
  auto usable = [&plan](ComponentKind kind, const Reference& r, Signal signal) -> const PlannedComponent* {
    const PlannedComponent* c = plan.Find(kind, r.id);
    if (c == nullptr || !c->usable) return nullptr;
    return std::count(c->factory->signals.begin(), c->factory->signals.end(), signal) > 0 ? c : nullptr;
  };
  std::map<std::pair<ComponentId, int>, Exporter*> exporters;
  std::map<std::pair<ComponentId, Signal>, Connector*> connectors;
  std::map<std::pair<ComponentId, Signal>, std::vector<Consumer*>> entries;  // by receiver or connector: pipelines it feeds

  for (const PlannedPipeline* p : order) {
    for (const Reference& r : p->exporters) {
      const PlannedComponent* c = usable(ComponentKind::kExporter, r, p->signal);
      if (c == nullptr) continue;
      const int slot = c->factory->one_per_id ? -1 : static_cast<int>(p->signal);
      auto [it, inserted] = exporters.try_emplace({r.id, slot}, nullptr);
      if (!inserted) continue;
      it->second = Keep(c->factory->make_exporter(c->config, context(*c, ComponentKind::kExporter, p->signal, "")), *c,
                        ComponentKind::kExporter, label(ComponentKind::kExporter, r.id, slot < 0 ? "" : SignalName(p->signal)),
                        errors);
    }
  }
  for (auto p = order.rbegin(); p != order.rend(); ++p) {
    const PlannedPipeline& pipeline = **p;
    std::vector<Consumer*> ends;
    for (const Reference& r : pipeline.exporters) {
      if (const PlannedComponent* c = usable(ComponentKind::kExporter, r, pipeline.signal)) {
        const int slot = c->factory->one_per_id ? -1 : static_cast<int>(pipeline.signal);
        Consumer* exporter = exporters[{r.id, slot}];
        if (exporter != nullptr && std::count(ends.begin(), ends.end(), exporter) == 0) ends.push_back(exporter);
        continue;
      }
      const PlannedComponent* c = usable(ComponentKind::kConnector, r, pipeline.signal);
      if (c == nullptr) continue;
      auto [it, inserted] = connectors.try_emplace({r.id, pipeline.signal}, nullptr);
      if (inserted) {
        it->second = Keep(c->factory->make_connector(c->config, context(*c, ComponentKind::kConnector, pipeline.signal, "")),
                          *c, ComponentKind::kConnector, label(ComponentKind::kConnector, r.id, SignalName(pipeline.signal)),
                          errors);
        if (it->second != nullptr) it->second->SetOutput(pipeline.signal, Join(entries[{r.id, pipeline.signal}]));
      }
      if (it->second != nullptr && std::count(ends.begin(), ends.end(), it->second) == 0) ends.push_back(it->second);
    }
    // Without an end (an error was reported) the rest is built all the same, to find its mistakes too.
    Consumer* next = ends.empty() ? nullptr : Join(std::move(ends));
    for (auto r = pipeline.processors.rbegin(); r != pipeline.processors.rend(); ++r) {
      const PlannedComponent* c = usable(ComponentKind::kProcessor, *r, pipeline.signal);
      if (c == nullptr) continue;
      Context its = context(*c, ComponentKind::kProcessor, pipeline.signal, pipeline.name);
      Metrics* const metrics = its.metrics;
      Processor* made = Keep(c->factory->make_processor(c->config, std::move(its)), *c, ComponentKind::kProcessor,
                             label(ComponentKind::kProcessor, r->id, pipeline.name), errors);
      if (made == nullptr) continue;
      if (metrics != nullptr && next != nullptr && dynamic_cast<EditProcessor*>(made) != nullptr) {
        const Labels labels = {{"processor", r->id.ToString()}, {"otel_signal", std::string(SignalName(pipeline.signal))}};
        auto count = [&](const char* name, const char* help, Consumer* to) {
          counting_.push_back(std::make_unique<Counting>(
              metrics->AddCounter(name, labels, help, "{items}", "go.opentelemetry.io/collector/processor/processorhelper"), to));
          return counting_.back().get();
        };
        made->SetNext(count("otelcol_processor_outgoing_items", "Number of items emitted from the processor. [alpha]", next));
        next = count("otelcol_processor_incoming_items", "Number of items passed to the processor. [alpha]", made);
      } else {
        made->SetNext(next);
        next = made;
      }
    }
    for (const Reference& r : pipeline.receivers) {
      std::vector<Consumer*>& fed = entries[{r.id, pipeline.signal}];
      if (next != nullptr && std::count(fed.begin(), fed.end(), next) == 0) fed.push_back(next);
    }
  }
  std::map<ComponentId, Receiver*> receivers;
  for (const PlannedPipeline* p : order) {
    for (const Reference& r : p->receivers) {
      const PlannedComponent* c = usable(ComponentKind::kReceiver, r, p->signal);
      if (c == nullptr) continue;
      auto [it, inserted] = receivers.try_emplace(r.id, nullptr);
      if (!inserted) continue;
      it->second = Keep(c->factory->make_receiver(c->config, context(*c, ComponentKind::kReceiver, p->signal, "")), *c,
                        ComponentKind::kReceiver, label(ComponentKind::kReceiver, r.id, ""), errors);
      if (it->second == nullptr) continue;
      for (Signal signal : kAllSignals) {
        auto fed = entries.find({r.id, signal});
        if (fed != entries.end() && !fed->second.empty()) it->second->SetOutput(signal, Join(fed->second));
      }
    }
  }
  std::reverse(instances_.begin(), instances_.end());
}

Graph::~Graph() {
  // Receivers first: they may still call what comes after them.
  for (const Instance& i : instances_) {
    auto it = std::find_if(owned_.begin(), owned_.end(), [&](const auto& o) { return o.get() == i.component; });
    if (it != owned_.end()) owned_.erase(it);
  }
}

Component* Graph::Find(ComponentKind kind, const ComponentId& id) const {
  for (const Instance& i : instances_) {
    if (i.kind == kind && i.id == id) return i.component;
  }
  return nullptr;
}

}  // namespace otelpipe
