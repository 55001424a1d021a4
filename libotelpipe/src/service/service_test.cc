#include "otelpipe/service.h"

#include <catch2/catch.hpp>
#include <future>

#include "otelpipe/gates.h"

namespace otelpipe {
namespace {

// What the components of one test did, in order. Only touched by the service's data thread, and by the test when that is still.
std::vector<std::string>* trace = nullptr;

struct OneKey {
  std::string key;
  static void Describe(Fields<OneKey>& f) { f.Optional("key", &OneKey::key, "A key."); }
};

template <typename Base>
class Tracing : public Base {
 public:
  using Config = OneKey;
  Tracing(Config config, Context context) : config_(std::move(config)), context_(std::move(context)) {}
  absl::Status Start(Host&) override {
    trace->push_back("start " + context_.id.ToString());
    return config_.key == "fail" ? absl::UnavailableError("cannot listen") : absl::OkStatus();
  }
  void Shutdown(Component::ShutdownDone done) override {
    trace->push_back("stop " + context_.id.ToString());
    if (config_.key != "hang") done();
  }
  void Drained() override { trace->push_back("drained " + context_.id.ToString()); }
  Config config_;
  Context context_;
};

class In final : public Tracing<Receiver>, public PushTarget {
 public:
  static constexpr std::string_view kType = "in";
  using Tracing::Tracing;
  void SetOutput(Signal, Consumer* next) override { next_ = next; }
  void Push(Batch batch, Done done) override { next_->Consume(std::move(batch), std::move(done)); }
  Consumer* next_ = nullptr;
};
class Out final : public Tracing<Exporter>, public TapTarget {
 public:
  static constexpr std::string_view kType = "out";
  using Tracing::Tracing;
  void SetTap(std::function<void(const Batch&)> tap) override { tap_ = std::move(tap); }
  void Consume(Batch batch, Done done) override {
    if (tap_) tap_(batch);
    done.Finished(absl::OkStatus());
  }
  std::function<void(const Batch&)> tap_;
};
class Picky final : public Tracing<Exporter> {
 public:
  static constexpr std::string_view kType = "picky";
  using Tracing::Tracing;
  absl::Status Init() { return config_.key == "bad" ? absl::InvalidArgumentError("key is bad") : absl::OkStatus(); }
  void Consume(Batch, Done done) override { done.Finished(absl::OkStatus()); }
};
class Ext final : public Tracing<Extension> {
 public:
  static constexpr std::string_view kType = "ext";
  using Tracing::Tracing;
  void PipelinesReady() override { trace->push_back("ready"); }
  void PipelinesNotReady() override { trace->push_back("not ready"); }
};

struct Fixture {
  Fixture() {
    trace = &events;
    REQUIRE(registry.AddReceiver<In>().ok());
    REQUIRE(registry.AddExporter<Out>().ok());
    REQUIRE(registry.AddExtension<Ext>().ok());
  }
  absl::StatusOr<std::unique_ptr<Service>> Make(std::string_view yaml, ServiceOptions options = {}) {
    auto config = Config::Parse(yaml, "t.yaml");
    if (!config.ok()) return config.status();
    return Service::Create(*std::move(config), registry, std::move(options));
  }
  Registry registry;
  std::vector<std::string> events;
};

constexpr char kGood[] = R"(
receivers:
  in:
exporters:
  out: {key: x}
extensions:
  ext:
service:
  extensions: [ext]
  pipelines:
    logs: {receivers: [in], exporters: [out]}
)";

TEST_CASE("a service starts from the end and stops from the front", "[service]") {
  Fixture f;
  auto service = f.Make(kGood);
  REQUIRE(service.ok());
  CHECK(f.events.empty());
  REQUIRE((*service)->Start().ok());
  ShutdownReport report = (*service)->Shutdown(absl::Seconds(10));
  CHECK(report.clean);
  CHECK(f.events == std::vector<std::string>{"start ext", "start out", "start in", "ready", "not ready", "stop in",
                                             "stop out", "drained in", "drained out", "stop ext"});
}

// Stands for the extension that serves the own metrics.
struct OwnMetricsConfig {
  std::string level, address;
  std::optional<std::vector<std::string>> readers;
  bool default_reader = false;
  std::map<std::string, std::string> resource;
  static void Describe(Fields<OwnMetricsConfig>& f) {
    f.Optional("level", &OwnMetricsConfig::level, "");
    f.Optional("address", &OwnMetricsConfig::address, "");
    f.Optional("readers", &OwnMetricsConfig::readers, "");
    f.Optional("default_reader", &OwnMetricsConfig::default_reader, "");
    f.Optional("resource", &OwnMetricsConfig::resource, "");
  }
};
class OwnMetrics final : public Extension {
 public:
  static constexpr std::string_view kType = "telemetry_metrics";
  using Config = OwnMetricsConfig;
  OwnMetrics(Config config, Context) : config_(std::move(config)) {}
  absl::Status Start(Host& host) override {
    trace->push_back("start " + config_.level + " of " + config_.resource.at("service.name") +
                     (config_.default_reader ? " by default" : ""));
    CHECK(host.Extensions().size() == 1);
    REQUIRE(host.Pipelines().size() == 1);
    CHECK(host.Pipelines()[0].name == "logs");
    CHECK(host.Pipelines()[0].receivers == std::vector<std::string>{"in"});
    return config_.address == "taken" ? absl::UnavailableError("address already in use") : absl::OkStatus();
  }
  void Shutdown(ShutdownDone done) override {
    trace->push_back("stop own metrics");
    done();
  }
  Config config_;
};

TEST_CASE("own metrics are served when asked for, from before the first to after the last component", "[service]") {
  Fixture f;
  REQUIRE(f.registry.AddExtension<OwnMetrics>().ok());
  const std::string good = kGood;
  auto run = [&](const std::string& metrics, bool by_default) {
    f.events.clear();
    ServiceOptions options;
    options.default_metrics_reader = by_default;
    auto service = f.Make(good + "  telemetry: {metrics: {" + metrics + "}}\n", options);
    REQUIRE(service.ok());
    absl::Status status = (*service)->Start();
    (*service)->Shutdown(absl::Seconds(10));
    return status;
  };
  REQUIRE(run("level: basic, address: 'a:1'", false).ok());
  CHECK(f.events.front() == "start basic of otelpipe");
  CHECK(f.events.back() == "stop own metrics");
  REQUIRE(run("", true).ok());
  CHECK(f.events.front() == "start normal of otelpipe by default");
  REQUIRE(run("", false).ok());
  CHECK(f.events.front() == "start ext");
  REQUIRE(run("level: none, address: 'a:1'", true).ok());
  CHECK(f.events.front() == "start ext");
  CHECK(run("address: taken", false).message() == "address already in use");
}

TEST_CASE("mistakes in readers have their place, and a missing extension is a warning", "[service]") {
  Fixture f;
  const std::string text = std::string(kGood) + "  telemetry: {metrics: {readers: [{pull: {}}]}}\n";
  auto without = f.Make(text);
  REQUIRE(without.ok());
  REQUIRE((*without)->warnings().size() == 1);
  CHECK((*without)->warnings()[0].message.find("own metrics are not exposed") == 0);
  REQUIRE(f.registry.AddExtension<OwnMetrics>().ok());
  std::vector<ConfigError> errors = Validate(*Config::Parse(text, "t.yaml"), f.registry);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].path.find("service::telemetry::metrics::readers") == 0);
  CHECK(errors[0].location.line == 12);
}

TEST_CASE("a pushed batch is acknowledged and seen by the tap", "[service]") {
  Fixture f;
  auto service = f.Make(kGood);
  REQUIRE(service.ok());
  size_t seen = 0;
  REQUIRE((*service)->SetTap("out", [&](const Batch& b) { seen += b.records(); }).ok());
  CHECK((*service)->SetTap("none", nullptr).code() == absl::StatusCode::kNotFound);
  REQUIRE((*service)->Start().ok());
  auto data = std::make_unique<LogsData>();
  data->resources.Add(data->arena).scopes.Add(data->arena).records.Add(data->arena).body = Value::Str("hello");
  std::promise<void> finished;
  (*service)->Push("in", Batch::FromLogs(std::move(data)), Done::OnFinished([&](const absl::Status& s) {
    CHECK(s.ok());
    finished.set_value();
  }));
  finished.get_future().wait();
  absl::Status refused;
  (*service)->Push("nobody", Batch(), Done::OnFinished([&](const absl::Status& s) { refused = s; }));
  CHECK(refused.code() == absl::StatusCode::kNotFound);
  (*service)->Shutdown(absl::Seconds(10));
  CHECK(seen == 1);
}

TEST_CASE("a component that fails to start stops what was started", "[service]") {
  Fixture f;
  auto service = f.Make(R"(
receivers: {in: {key: fail}}
exporters: {out: }
service: {pipelines: {logs: {receivers: [in], exporters: [out]}}}
)");
  REQUIRE(service.ok());
  CHECK((*service)->Start().message() ==
        "t.yaml:2:13: receivers::in: cannot start pipelines: failed to start \"in\" receiver: cannot listen");
  CHECK(f.events == std::vector<std::string>{"start out", "start in", "stop in", "stop out", "drained in", "drained out"});
}

TEST_CASE("a component that does not stop is named when the deadline has passed", "[service]") {
  Fixture f;
  auto service = f.Make(R"(
receivers: {in: }
exporters: {out: {key: hang}}
service: {pipelines: {logs: {receivers: [in], exporters: [out]}}}
)");
  REQUIRE(service.ok());
  REQUIRE((*service)->Start().ok());
  ShutdownReport report = (*service)->Shutdown(absl::Milliseconds(50));
  CHECK_FALSE(report.clean);
  CHECK(report.unfinished == std::vector<std::string>{"exporter \"out\" (logs)"});
  CHECK(f.events.back() == "drained out");
}

TEST_CASE("all mistakes of all sections are found in one run, sorted by place", "[service]") {
  Fixture f;
  auto service = f.Make(R"(receivers:
  in: {kye: 1}
exporters:
  out: {key: [a]}
  outt:
service:
  pipelines:
    logs: {receivers: [in], exporters: [out, gone]}
    events: {receivers: [in], exporters: [out]}
)");
  REQUIRE_FALSE(service.ok());
  auto errors = ConfigErrorsFromStatus(service.status());
  std::vector<int> lines;
  for (auto& e : errors) lines.push_back(e.location.line);
  CHECK(lines == std::vector<int>{2, 4, 5, 8, 9});
  CHECK(errors[0].ToString().find("t.yaml:2:8: receivers::in") == 0);
  CHECK(errors[0].ToString().find("has invalid keys: kye") != std::string::npos);
  CHECK(errors[0].ToString().find("did you mean \"key\"?") != std::string::npos);
  CHECK(errors[2].message.find("unknown type: \"outt\" for id: \"outt\"") != std::string::npos);
  CHECK(errors[3].message == "references exporter \"gone\" which is not configured");
  CHECK(errors[4].message.find("unknown pipeline signal: \"events\"") != std::string::npos);
}

TEST_CASE("an unknown key does not hide what building the component finds", "[service]") {
  Fixture f;
  REQUIRE(f.registry.AddExporter<Picky>().ok());
  auto service = f.Make(R"(receivers: {in: }
exporters:
  picky: {key: bad, kye: 1}
service: {pipelines: {logs: {receivers: [in], exporters: [picky]}}}
)");
  auto errors = ConfigErrorsFromStatus(service.status());
  REQUIRE(errors.size() == 2);
  CHECK((errors[0].message + errors[1].message).find("key is bad") != std::string::npos);
}

TEST_CASE("a type that only the reference has is told from one that nobody has", "[service]") {
  Fixture f;
  auto message = [&f](const std::string& receiver) {
    auto service = f.Make("receivers: {in: , " + receiver + ": }\nexporters: {out: }\n"
                          "service: {pipelines: {logs: {receivers: [in, " + receiver + "], exporters: [out]}}}\n");
    auto errors = ConfigErrorsFromStatus(service.status());
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].location.line == 1);
    return errors[0].ToString();
  };
  CHECK(message("hostmetrics").find("unknown type: \"hostmetrics\" for id: \"hostmetrics\": the reference has the receiver \"hostmetrics\", "
                                    "otelpipe does not have it yet") != std::string::npos);
  CHECK(message("host_metrics/2").find("for id: \"host_metrics/2\": the reference has the receiver \"hostmetrics\"") != std::string::npos);
  CHECK(message("jaeger").find("; have the application send OTLP") != std::string::npos);
  CHECK(message("prometheus_exec").find("in earlier versions only") != std::string::npos);
  CHECK(message("inn").find("(valid values: [in]); did you mean \"in\"?") != std::string::npos);
}

TEST_CASE("a missing section is told once, with its place", "[service]") {
  Fixture f;
  auto messages = [&f](std::string_view yaml, std::map<std::string, bool> gates = {}) {
    ServiceOptions options;
    options.gates = std::move(gates);
    std::string all;
    for (const ConfigError& e : Validate(*Config::Parse(yaml, "t.yaml"), f.registry, options)) all += e.ToString() + "\n";
    return all;
  };
  const std::string pipelines = "service:\n  pipelines: {logs: {receivers: [in], exporters: [out]}}\n";
  CHECK(messages("receivers: {in: }\n" + pipelines) == "t.yaml:1:1: exporters: no exporter configuration specified in config\n");
  CHECK(messages("receivers: {in: }\nexporters:\n" + pipelines).find("t.yaml:2:1: exporters: no exporter") == 0);
  CHECK(messages(pipelines).find("t.yaml:1:1: empty configuration file") == 0);
  auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  const std::string both = "receivers: {in: }\nexporters: {out: }\n";
  CHECK(lines(messages("{}")) == 1);
  CHECK(lines(messages(both + "service: 5\n")) == 1);
  CHECK(lines(messages(both + "service: {pipelines: {logs: {receivers: in, exporters: [out]}}}\n")) == 1);
  CHECK(lines(messages(both + "service: {pipelines: {logs: {receivers: [in], exporters: ['a b/']}}}\n")) == 1);
  const std::string no_pipeline = "receivers: {in: }\nexporters: {out: }\nservice:\n  extensions: []\n";
  CHECK(messages(no_pipeline).find("t.yaml:4:3: service::pipelines: service must have at least one pipeline") == 0);
  CHECK(messages(no_pipeline, {{"service.AllowNoPipelines", true}}) == "");
  CHECK(messages("extensions: {ext: }\nservice: {extensions: [ext]}\n", {{"service.AllowNoPipelines", true}}) == "");
}

TEST_CASE("what is accepted without effect is a warning", "[service]") {
  Fixture f;
  ServiceOptions options;
  options.gates = {{"telemetry.newPipelineTelemetry", true}, {"logs.assignKeys", true}};
  std::string all;
  const std::string text = std::string(kGood) +
                           "  telemetry:\n    logs: {processors: [{batch: {}}]}\n    traces:\n      processors: [{simple: {}}]\n";
  for (const ConfigError& e : Validate(*Config::Parse(text, "t.yaml"), f.registry, options)) {
    CHECK(e.warning);
    all += e.ToString() + "\n";
  }
  CHECK(all.find("--feature-gates: gate telemetry.newPipelineTelemetry has no effect") == 0);
  CHECK(all.find("t.yaml:13:24: service::telemetry::logs: own logs are not exposed: the extension telemetry_logs is not part") != std::string::npos);
  CHECK(all.find("t.yaml:15:19: service::telemetry::traces::processors: has no effect") != std::string::npos);
  CHECK(all.find("assignKeys") == std::string::npos);
}

TEST_CASE("two services run in one process", "[service]") {
  Fixture f;
  auto a = f.Make(kGood);
  auto b = f.Make(kGood);
  REQUIRE((a.ok() && b.ok()));
  REQUIRE((*a)->Start().ok());
  REQUIRE((*b)->Start().ok());
  CHECK((*a)->Shutdown(absl::Seconds(5)).clean);
  CHECK((*b)->Shutdown(absl::Seconds(5)).clean);
}

TEST_CASE("RequestStop wakes whoever waits", "[service]") {
  Fixture f;
  auto service = f.Make(kGood);
  REQUIRE(service.ok());
  REQUIRE((*service)->Start().ok());
  (*service)->RequestStop();
  CHECK((*service)->WaitForStop().ok());
}

TEST_CASE("feature gates are read with their signs, and unknown ones refused", "[service][gates]") {
  std::map<std::string, bool> gates;
  CHECK(ParseFeatureGates("filelog.allowFileDeletion,-logs.assignKeys,+filelog.mtimeSortType", gates).ok());
  CHECK(gates == std::map<std::string, bool>{
                     {"filelog.allowFileDeletion", true}, {"logs.assignKeys", false}, {"filelog.mtimeSortType", true}});
  CHECK(std::string(ParseFeatureGates("no.such.gate", gates).message()).find("no such feature gate \"no.such.gate\"") == 0);
}

}  // namespace
}  // namespace otelpipe
