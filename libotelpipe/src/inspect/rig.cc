#include "inspect/rig.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/gates.h"
#include "otelpipe/version.h"
#include "service/settings.h"

namespace otelpipe::inspect {
namespace {

using Look = std::function<void(const Batch&)>;

// Looks at what passes.
class Tap final : public Processor {
 public:
  explicit Tap(Look look) : look_(std::move(look)) {}
  void Consume(Batch batch, Done done) override {
    look_(batch);
    next()->Consume(std::move(batch), std::move(done));
  }
  bool mutates() const override { return next() != nullptr && next()->mutates(); }

 private:
  Look look_;
};

// Stands where an exporter would.
class Sink final : public Exporter {
 public:
  explicit Sink(Look look) : look_(std::move(look)) {}
  void Consume(Batch batch, Done done) override {
    look_(batch);
    done.Finished(absl::OkStatus());
  }

 private:
  Look look_;
};

bool HasOperators(const ComponentFactory& factory) {
  return std::any_of(factory.fields.begin(), factory.fields.end(), [](const FieldInfo& f) { return f.key == "operators"; });
}

bool Holds(const std::vector<Reference>& references, const ComponentId& id) {
  return std::any_of(references.begin(), references.end(), [&](const Reference& r) { return r.id == id; });
}

}  // namespace

Rig::Rig(RigOptions options) : options_(std::move(options)), runtime_(MakeRuntime(1)), loop_(&runtime_->loop().io()) {
  if (options_.now != absl::InfinitePast()) loop_.SetNow(options_.now);
}

Rig::~Rig() {
  Shutdown();
  graph_.reset();
  seen_.clear();
}

absl::StatusOr<std::unique_ptr<Rig>> Rig::Create(const Config& config, const Registry& registry, RigOptions options) {
  std::unique_ptr<Rig> rig(new Rig(std::move(options)));
  OTELPIPE_RETURN_IF_ERROR(CopyObserved(registry, rig->options_.observer, rig->registry_));
  OTELPIPE_RETURN_IF_ERROR(rig->Build(config));
  OTELPIPE_RETURN_IF_ERROR(rig->Start());
  return rig;
}

absl::Status Rig::ChooseReceiver(const Plan& plan, ComponentId& id) const {
  std::vector<ComponentId> fitting;
  for (const PlannedPipeline& p : plan.pipelines) {
    if (p.signal != Signal::kLogs) continue;
    for (const Reference& r : p.receivers) {
      const PlannedComponent* c = plan.Find(ComponentKind::kReceiver, r.id);
      if (c == nullptr || !HasOperators(*c->factory)) continue;
      if (std::find(fitting.begin(), fitting.end(), r.id) == fitting.end()) fitting.push_back(r.id);
    }
  }
  const std::string names = absl::StrJoin(fitting, ", ", [](std::string* out, const ComponentId& i) { *out += i.ToString(); });
  if (options_.receiver.empty()) {
    if (fitting.size() == 1) {
      id = fitting[0];
      return absl::OkStatus();
    }
    return fitting.empty() ? absl::NotFoundError("no pipeline of logs has a receiver with operators")
                           : absl::NotFoundError(absl::StrCat("several receivers have operators: name one of ", names));
  }
  OTELPIPE_ASSIGN_OR_RETURN(id, ComponentId::Parse(options_.receiver));
  if (std::find(fitting.begin(), fitting.end(), id) != fitting.end()) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("no pipeline of logs has a receiver \"", options_.receiver, "\" with operators",
                                          fitting.empty() ? "" : absl::StrCat("; there are: ", names)));
}

void Rig::Reduce(Plan& plan, const ComponentId& receiver) {
  // Pipelines that the receiver feeds, also through connectors.
  std::set<const PlannedPipeline*> reached;
  std::set<ComponentId> sources = {receiver};
  for (bool more = true; more;) {
    more = false;
    for (const PlannedPipeline& p : plan.pipelines) {
      const bool fed = std::any_of(p.receivers.begin(), p.receivers.end(), [&](const Reference& r) { return sources.count(r.id) > 0; });
      if (p.signal != Signal::kLogs || !fed || !reached.insert(&p).second) continue;
      more = true;
      for (const Reference& r : p.exporters) {
        if (plan.Find(ComponentKind::kConnector, r.id) != nullptr) sources.insert(r.id);
      }
    }
  }
  auto look = [this](Place place) -> Look {
    places_.push_back(std::move(place));
    return [this, index = places_.size() - 1](const Batch& batch) { seen_.push_back({index, batch.Share()}); };
  };
  auto add = [&](ComponentKind kind, Place place, Location location) {
    PlannedComponent planned;
    planned.id = {kind == ComponentKind::kProcessor ? "tap" : "sink", std::to_string(places_.size())};
    planned.location = std::move(location);
    auto factory = std::make_unique<ComponentFactory>();
    factory->kind = kind;
    factory->type = planned.id.type;
    factory->signals = {Signal::kLogs};
    if (kind == ComponentKind::kProcessor) {
      factory->make_processor = [f = look(std::move(place))](AnyConfig, Context) -> absl::StatusOr<std::unique_ptr<Processor>> {
        return std::make_unique<Tap>(f);
      };
    } else {
      factory->make_exporter = [f = look(std::move(place))](AnyConfig, Context) -> absl::StatusOr<std::unique_ptr<Exporter>> {
        return std::make_unique<Sink>(f);
      };
    }
    planned.factory = factory.get();
    factories_.push_back(std::move(factory));
    const ComponentId id = planned.id;
    plan.components[kind].push_back(std::move(planned));
    return Reference{id, {}};
  };

  std::vector<PlannedPipeline> kept;
  bool at_receiver = true;  // one place for it, whatever the number of its pipelines
  for (const PlannedPipeline& p : plan.pipelines) {
    if (reached.count(&p) == 0) continue;
    PlannedPipeline& out = kept.emplace_back(p);
    out.receivers.clear();
    for (const Reference& r : p.receivers) {
      if (sources.count(r.id) > 0) out.receivers.push_back(r);
    }
    out.processors.clear();
    out.exporters.clear();
    if (at_receiver && Holds(out.receivers, receiver)) {
      at_receiver = false;
      out.processors.push_back(add(ComponentKind::kProcessor, {Place::Kind::kReceiver, receiver.ToString(), p.name}, p.location));
    }
    for (const Reference& r : p.processors) {
      out.processors.push_back(r);
      out.processors.push_back(add(ComponentKind::kProcessor, {Place::Kind::kProcessor, r.id.ToString(), p.name}, p.location));
    }
    for (const Reference& r : p.exporters) {
      const bool connector = plan.Find(ComponentKind::kConnector, r.id) != nullptr;
      out.exporters.push_back(
          connector ? r : add(ComponentKind::kExporter, {Place::Kind::kExporter, r.id.ToString(), p.name}, p.location));
    }
  }
  plan.pipelines = std::move(kept);
}

absl::Status Rig::Build(const Config& config) {
  std::vector<ConfigError> errors;
  auto real = [&errors] {
    std::vector<ConfigError> out;
    for (const ConfigError& e : errors) {
      if (!e.warning) out.push_back(e);
    }
    return out;
  };
  Settings settings = DecodeSettings(config.root(), registry_, GateEnabled(options_.gates, "service.AllowNoPipelines"), errors);
  CheckPlan(settings.plan, errors);
  if (std::vector<ConfigError> wrong = real(); !wrong.empty()) return ConfigErrorsToStatus(wrong);
  ComponentId id;
  OTELPIPE_RETURN_IF_ERROR(ChooseReceiver(settings.plan, id));
  receiver_ = id.ToString();
  Reduce(settings.plan, id);

  const ConfigNode* block = config.root().Find("receivers");
  for (const ConfigNode::Entry& entry : block->entries) {
    const absl::StatusOr<ComponentId> its = ComponentId::Parse(entry.key);
    if (!its.ok() || *its != id || !entry.value.is_map()) continue;
    const ConfigNode* include = entry.value.Find("include");
    if (include != nullptr && include->is_list() && !include->items.empty()) {
      for (char c : include->items[0].text) {
        if (c == '*' && default_source_.ends_with("example")) continue;
        if (c == '*') {
          default_source_ += "example";
        } else {
          default_source_ += c;
        }
      }
    }
  }

  auto context = [&](const ComponentId& component, ComponentKind kind, Signal, const std::string& pipeline) {
    Context c;
    c.id = component;
    c.loop = &loop_;
    c.metrics = &metrics_;
    c.registry = &registry_;
    c.service_version = OTELPIPE_VERSION;
    c.gate_enabled = [gates = options_.gates](std::string_view gate) { return GateEnabled(gates, gate); };
    std::vector<LogField> fields = {{"otelcol.component.id", component.ToString()}, {"otelcol.component.kind", KindName(kind)}};
    if (kind == ComponentKind::kProcessor) fields.push_back({"otelcol.pipeline.id", pipeline});
    c.log = Logger(options_.log, std::move(fields));
    return c;
  };
  graph_ = std::make_unique<Graph>(settings.plan, context, errors);
  if (std::vector<ConfigError> wrong = real(); !wrong.empty()) return ConfigErrorsToStatus(wrong);
  target_ = dynamic_cast<FeedTarget*>(graph_->Find(ComponentKind::kReceiver, id));
  if (target_ == nullptr) {
    return absl::UnimplementedError(absl::StrCat("receiver \"", receiver_, "\" cannot be given its input by call"));
  }
  return absl::OkStatus();
}

absl::Status Rig::Start() {
  const auto& instances = graph_->instances();
  for (auto i = instances.rbegin(); i != instances.rend(); ++i) {
    absl::Status status = i->kind == ComponentKind::kReceiver ? target_->StartFed() : i->component->Start(*this);
    if (!status.ok()) return Annotate(status, absl::StrCat("failed to start ", i->label, ": "));
  }
  loop_.RunUntilIdle();
  return fatal_;
}

std::string Rig::DefaultSource() const { return default_source_; }

absl::Status Rig::Feed(const std::string& source, std::string_view bytes) {
  OTELPIPE_RETURN_IF_ERROR(target_->Feed({source, bytes}));
  loop_.RunUntilIdle();
  return fatal_;
}

absl::Status Rig::FeedLine(const std::string& source, std::string_view line) {
  return feeds_are_records() ? Feed(source, line) : Feed(source, absl::StrCat(A(line), "\n"));
}

void Rig::Advance(absl::Duration span) { loop_.Advance(span); }

void Rig::Shutdown() {
  if (stopped_ || graph_ == nullptr) return;
  stopped_ = true;
  for (const Graph::Instance& i : graph_->instances()) {
    auto done = std::make_shared<bool>(false);
    i.component->Shutdown([done] { *done = true; });
    loop_.RunUntilIdle();
    // Ten seconds of the virtual clock for a component that has something to wait for.
    for (int n = 0; n < 100 && !*done; ++n) loop_.Advance(absl::Milliseconds(100));
  }
  for (const Graph::Instance& i : graph_->instances()) i.component->Drained();
}

std::vector<Rig::Seen> Rig::TakeSeen() { return std::exchange(seen_, {}); }

}  // namespace otelpipe::inspect
