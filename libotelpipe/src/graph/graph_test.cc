#include "graph/graph.h"

#include <catch2/catch.hpp>

#include "otelpipe/testing/test_loop.h"

namespace otelpipe {
namespace {

// Components that write what happens to them into one trace.
std::vector<std::string>* trace = nullptr;

struct Empty {
  static void Describe(Fields<Empty>&) {}
};

class In final : public Receiver {
 public:
  static constexpr std::string_view kType = "in";
  using Config = Empty;
  In(Config, Context context) : context_(std::move(context)) {}
  void SetOutput(Signal signal, Consumer* next) override { next_[static_cast<int>(signal)] = next; }
  Consumer* next_[3] = {};
  Context context_;
};

class Mark final : public EditProcessor {
 public:
  static constexpr std::string_view kType = "mark";
  using Config = Empty;
  Mark(Config, Context context) : context_(std::move(context)) {}
  absl::Status Process(Batch& batch) override {
    trace->push_back(context_.id.ToString() + " in " + context_.pipeline);
    auto logs = batch.EditLogs();
    if (!logs.ok()) return logs.status();
    (*logs)->resources[0].resource.attributes.Set((*logs)->arena, "mark", Value::Int(1));
    return absl::OkStatus();
  }
  Context context_;
};

class Out final : public Exporter {
 public:
  static constexpr std::string_view kType = "out";
  using Config = Empty;
  Out(Config, Context context) : context_(std::move(context)) {}
  absl::Status Init() {
    return context_.id.name == "bad" ? ConfigErrorAt({"f.yaml", 9, 1}, "x::y", "does not compile") : absl::OkStatus();
  }
  void Consume(Batch batch, Done done) override {
    const bool marked = (*batch.ReadLogs())->resources[0].resource.attributes.Find("mark") != nullptr;
    trace->push_back(context_.id.ToString() + (marked ? " marked" : " plain"));
    done.Finished(absl::OkStatus());
  }
  Context context_;
};

class Pass final : public Connector {
 public:
  static constexpr std::string_view kType = "pass";
  using Config = Empty;
  Pass(Config, Context) {}
  void SetOutput(Signal, Consumer* next) override { next_ = next; }
  void Consume(Batch batch, Done done) override { next_->Consume(std::move(batch), std::move(done)); }
  Consumer* next_ = nullptr;
};

struct Fixture {
  Fixture() {
    trace = &events;
    REQUIRE(registry.AddReceiver<In>().ok());
    REQUIRE(registry.AddProcessor<Mark>().ok());
    REQUIRE(registry.AddExporter<Out>().ok());
    REQUIRE(registry.AddConnector<Pass>().ok());
  }
  void Add(ComponentKind kind, std::string id) {
    PlannedComponent c;
    c.id = *ComponentId::Parse(id);
    c.factory = registry.Find(kind, c.id.type);
    c.config = std::make_shared<Empty>();
    plan.components[kind].push_back(c);
  }
  static std::vector<Reference> Refs(std::vector<std::string> ids) {
    std::vector<Reference> out;
    for (auto& id : ids) out.push_back({*ComponentId::Parse(id), {}});
    return out;
  }
  void Pipeline(std::string name, std::vector<std::string> in, std::vector<std::string> through,
                std::vector<std::string> out) {
    plan.pipelines.push_back({Signal::kLogs, name, {}, Refs(in), Refs(through), Refs(out)});
  }
  std::vector<ConfigError> Check() {
    std::vector<ConfigError> errors;
    CheckPlan(plan, errors);
    return errors;
  }
  std::unique_ptr<Graph> Build(std::vector<ConfigError>& errors) {
    return std::make_unique<Graph>(
        plan, [](const ComponentId&, ComponentKind, Signal, const std::string&) { return Context{}; }, errors);
  }
  Registry registry;
  Plan plan;
  std::vector<std::string> events;
};

Batch OneLog() {
  auto data = std::make_unique<LogsData>();
  data->resources.Add(data->arena).scopes.Add(data->arena).records.Add(data->arena);
  return Batch::FromLogs(std::move(data));
}

TEST_CASE("pipelines share receivers and exporters, and an edit in one is not seen in the other", "[graph]") {
  Fixture f;
  f.Add(ComponentKind::kReceiver, "in");
  f.Add(ComponentKind::kProcessor, "mark");
  f.Add(ComponentKind::kExporter, "out");
  f.Add(ComponentKind::kExporter, "out/2");
  f.Pipeline("logs", {"in"}, {}, {"out"});
  f.Pipeline("logs/2", {"in"}, {"mark"}, {"out/2", "out"});
  CHECK(f.Check().empty());
  std::vector<ConfigError> errors;
  auto graph = f.Build(errors);
  REQUIRE(errors.empty());
  CHECK(graph->instances().size() == 4);
  CHECK(graph->instances().front().kind == ComponentKind::kReceiver);
  CHECK(graph->instances().back().kind == ComponentKind::kExporter);
  auto* in = static_cast<In*>(graph->Find(ComponentKind::kReceiver, {"in", ""}));
  int finished = 0;
  in->next_[static_cast<int>(Signal::kLogs)]->Consume(OneLog(), Done::OnFinished([&](const absl::Status& s) {
                                                       CHECK(s.ok());
                                                       ++finished;
                                                     }));
  CHECK(finished == 1);
  // The editing pipeline first, as in the reference.
  CHECK(f.events == std::vector<std::string>{"mark in logs/2", "out/2 marked", "out marked", "out plain"});
}

TEST_CASE("what goes into and comes out of an editing processor is counted", "[graph]") {
  Fixture f;
  f.Add(ComponentKind::kReceiver, "in");
  f.Add(ComponentKind::kProcessor, "mark");
  f.Add(ComponentKind::kExporter, "out");
  f.Pipeline("logs", {"in"}, {"mark"}, {"out"});
  Metrics metrics;
  std::vector<ConfigError> errors;
  Graph graph(
      f.plan,
      [&metrics](const ComponentId&, ComponentKind, Signal, const std::string&) {
        Context c;
        c.metrics = &metrics;
        return c;
      },
      errors);
  REQUIRE(errors.empty());
  auto* in = static_cast<In*>(graph.Find(ComponentKind::kReceiver, {"in", ""}));
  Consumer* first = in->next_[static_cast<int>(Signal::kLogs)];
  CHECK(first->mutates());
  first->Consume(OneLog(), Done());
  first->Consume(OneLog(), Done());
  const Labels labels = {{"otel_signal", "logs"}, {"processor", "mark"}};
  CHECK(metrics.AddCounter("otelcol_processor_incoming_items", labels)->value() == 2);
  CHECK(metrics.AddCounter("otelcol_processor_outgoing_items", labels)->value() == 2);
}

TEST_CASE("a connector joins two pipelines, downstream instances come after upstream ones", "[graph]") {
  Fixture f;
  f.Add(ComponentKind::kReceiver, "in");
  f.Add(ComponentKind::kProcessor, "mark");
  f.Add(ComponentKind::kExporter, "out");
  f.Add(ComponentKind::kConnector, "pass");
  f.Pipeline("logs/b", {"pass"}, {"mark"}, {"out"});
  f.Pipeline("logs/a", {"in"}, {}, {"pass"});
  CHECK(f.Check().empty());
  std::vector<ConfigError> errors;
  auto graph = f.Build(errors);
  REQUIRE(errors.empty());
  std::vector<ComponentKind> kinds;
  for (auto& i : graph->instances()) kinds.push_back(i.kind);
  CHECK(kinds == std::vector<ComponentKind>{ComponentKind::kReceiver, ComponentKind::kConnector,
                                            ComponentKind::kProcessor, ComponentKind::kExporter});
  auto* in = static_cast<In*>(graph->Find(ComponentKind::kReceiver, {"in", ""}));
  in->next_[static_cast<int>(Signal::kLogs)]->Consume(OneLog(), Done());
  CHECK(f.events == std::vector<std::string>{"mark in logs/b", "out marked"});
}

TEST_CASE("structural mistakes are all reported, in the reference's words", "[graph]") {
  Fixture f;
  f.Add(ComponentKind::kReceiver, "in");
  f.Add(ComponentKind::kExporter, "out");
  f.Add(ComponentKind::kProcessor, "mark");
  f.Add(ComponentKind::kConnector, "pass");
  f.Pipeline("logs", {"in"}, {"mark", "mark", "gone"}, {"pass", "nowhere"});
  f.Pipeline("logs/2", {"in"}, {}, {});
  std::string all;
  for (const ConfigError& e : f.Check()) all += e.path + ": " + e.message + "\n";
  CHECK(all ==
        "service::pipelines::logs: references processor \"mark\" multiple times\n"
        "service::pipelines::logs: references processor \"gone\" which is not configured\n"
        "service::pipelines::logs: references exporter \"nowhere\" which is not configured\n"
        "service::pipelines::logs/2: must have at least one exporter\n"
        "connectors::pass: connector \"pass\" used as exporter in [logs] pipeline but not used in any supported receiver "
        "pipeline\n");
}

TEST_CASE("a way round through connectors is named", "[graph]") {
  Fixture f;
  f.Add(ComponentKind::kProcessor, "mark");
  f.Add(ComponentKind::kConnector, "pass");
  f.Add(ComponentKind::kConnector, "pass/2");
  f.Pipeline("logs", {"pass/2"}, {"mark"}, {"pass"});
  f.Pipeline("logs/2", {"pass"}, {}, {"pass/2"});
  auto errors = f.Check();
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message.find("cycle detected: ") == 0);
  CHECK(errors[0].message.find("connector \"pass\" (logs to logs)") != std::string::npos);
  CHECK(errors[0].message.find("processor \"mark\" in pipeline \"logs\"") != std::string::npos);
}

TEST_CASE("a component that can't be built says where, once, and the others are still tried", "[graph]") {
  Fixture f;
  f.Add(ComponentKind::kReceiver, "in");
  f.Add(ComponentKind::kExporter, "out/bad");
  f.Pipeline("logs", {"in"}, {}, {"out/bad"});
  f.Pipeline("logs/2", {"in"}, {}, {"out/bad"});
  std::vector<ConfigError> errors;
  auto graph = f.Build(errors);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].location.line == 9);
  CHECK(errors[0].path == "exporters::out/bad::x::y");
  CHECK(errors[0].message == "\"out/bad\" exporter: does not compile");
}

}  // namespace
}  // namespace otelpipe
