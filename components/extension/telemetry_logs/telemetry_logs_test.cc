#include "extension/telemetry_logs/telemetry_logs.h"

#include <catch2/catch.hpp>

#include "otelpipe/config.h"
#include "otelpipe/registry.h"
#include "otelpipe/testing/test_loop.h"

namespace otelpipe {
namespace {

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

struct Sent {
  std::vector<Batch> batches;
  std::vector<Done> open;
  bool answers = true;
  bool stopped = false;
};
Sent* sent = nullptr;

// In the place of the exporter otlphttp.
class Fake final : public Exporter {
 public:
  static constexpr std::string_view kType = "otlphttp";
  struct Config {
    std::string logs_endpoint;
    static void Describe(Fields<Config>& f) {
      f.Optional("logs_endpoint", &Config::logs_endpoint, "Where to.");
      f.AllowUnknown();
    }
  };
  Fake(Config config, Context context) {
    CHECK(config.logs_endpoint == "http://h:1/v1/logs");
    CHECK(context.id.ToString() == "otlphttp/own_logs");
  }
  void Consume(Batch batch, Done done) override {
    sent->batches.push_back(std::move(batch));
    if (sent->answers) return done.Finished(absl::OkStatus());
    sent->open.push_back(std::move(done));
  }
  void Shutdown(ShutdownDone done) override {
    sent->stopped = true;
    done();
  }
};

std::pair<TelemetryLogs::Config, std::string> Decode(const std::string& processors) {
  std::vector<ConfigError> errors;
  DecodeContext context(&errors, "", "");
  TelemetryLogs::Config out;
  DecodeField(Config::Parse("{resource: {service.name: x}, processors: [" + processors + "]}", "t.yaml")->root(), out, context);
  return {out, errors.empty() ? "" : errors[0].ToString()};
}

constexpr char kBatch[] = "{batch: {schedule_delay: 100, max_export_batch_size: 3, max_queue_size: 5, exporter: {otlp: {endpoint: 'http://h:1'}}}}";

struct Fixture {
  explicit Fixture(const std::string& processors) {
    sent = &here;
    REQUIRE(registry.AddExporter<Fake>().ok());
    Context context;
    context.loop = &loop;
    context.registry = &registry;
    auto [config, error] = Decode(processors);
    REQUIRE(error == "");
    extension = std::make_unique<TelemetryLogs>(config, context);
    log = Logger(extension->sink(), {{"otelcol.component.id", "a"}});
  }
  // The messages of each request.
  std::vector<std::string> Requests() {
    std::vector<std::string> out;
    for (const Batch& b : here.batches) {
      std::string& text = out.emplace_back();
      for (const ScopeLogs& scope : (*b.ReadLogs())->resources[0].scopes) {
        for (const LogRecord& r : scope.records) text += std::string(r.body.string()) + " ";
      }
    }
    return out;
  }
  Sent here;
  testing::TestLoop loop;
  Registry registry;
  NoHost host;
  std::unique_ptr<TelemetryLogs> extension;
  Logger log;
};

TEST_CASE("Settings of processors are checked", "[extension][telemetry_logs]") {
  CHECK(Decode("{batch: {exporter: {otlp: {endpoint: h, protocol: grpc}}}}, {simple: {exporter: {console: {}}}}").second == "");
  CHECK(Decode("{}").second.find("unsupported log processor type, must be one of simple or batch") != std::string::npos);
  CHECK(Decode("{batch: {}}").second.find("no valid log exporter") != std::string::npos);
  CHECK(Decode("{simple: {exporter: {}}}").second.find("no valid log exporter") != std::string::npos);
  CHECK(Decode("{simple: {exporter: {console: {}, otlp: {endpoint: h}}}}").second.find("must not specify multiple exporters") != std::string::npos);
  CHECK(Decode("{batch: {schedule_delay: -1, exporter: {console: {}}}}").second.find("'schedule_delay' must be greater than 0") != std::string::npos);
}

TEST_CASE("A line becomes a record with the fields of the line and of the speaker", "[extension][telemetry_logs]") {
  Fixture f("{simple: {exporter: {otlp: {endpoint: 'http://h:1'}}}}");
  f.log.Warn("before the start", {{"n", 3}, {"error", absl::UnknownError("bad")}});
  REQUIRE(f.extension->Start(f.host).ok());
  Logger(f.extension->sink(), {{"otelcol.component.id", "b"}}).Info("after it");
  f.loop.RunUntilIdle();
  REQUIRE(f.Requests() == std::vector<std::string>{"before the start ", "after it "});
  const ResourceLogs& all = (*f.here.batches[0].ReadLogs())->resources[0];
  CHECK(all.resource.attributes.Find("service.name")->string() == "x");
  CHECK(all.scopes[0].scope.name == "go.opentelemetry.io/collector/service/telemetry");
  CHECK(all.scopes[0].scope.attributes.Find("otelcol.component.id")->string() == "a");
  const LogRecord& r = all.scopes[0].records[0];
  CHECK(r.severity_number == 13);
  CHECK(r.severity_text == "warn");
  CHECK(r.time_unix_nano > 0);
  CHECK(r.attributes.Find("n")->integer() == 3);
  CHECK(r.attributes.Find("error")->string() == "bad");
  CHECK(r.attributes.Find("code.file.path")->string() == "telemetry_logs_test.cc");
}

TEST_CASE("A batch is sent when it is full, or its time has come, or at the end", "[extension][telemetry_logs]") {
  Fixture f(kBatch);
  REQUIRE(f.extension->Start(f.host).ok());
  for (const char* m : {"1", "2", "3", "4"}) f.log.Info(m);
  f.loop.RunUntilIdle();
  CHECK(f.Requests() == std::vector<std::string>{"1 2 3 "});
  f.loop.Advance(absl::Milliseconds(100));
  CHECK(f.Requests() == std::vector<std::string>{"1 2 3 ", "4 "});
  f.log.Info("5");
  bool done = false;
  f.extension->Shutdown([&] { done = true; });
  f.loop.RunUntilIdle();
  CHECK(done);
  CHECK(f.here.stopped);
  CHECK(f.Requests().back() == "5 ");
}

TEST_CASE("While a request is open the newest lines are held, and the end waits for five seconds", "[extension][telemetry_logs]") {
  Fixture f(kBatch);
  f.here.answers = false;
  REQUIRE(f.extension->Start(f.host).ok());
  for (const char* m : {"1", "2", "3"}) f.log.Info(m);
  f.loop.RunUntilIdle();
  for (const char* m : {"4", "5", "6", "7", "8", "9"}) f.log.Info(m);
  f.loop.Advance(absl::Seconds(1));
  REQUIRE(f.Requests() == std::vector<std::string>{"1 2 3 "});
  f.here.open[0].Finished(absl::UnavailableError("away"));
  f.loop.RunUntilIdle();
  CHECK(f.Requests().back() == "5 6 7 ");
  bool done = false;
  f.extension->Shutdown([&] { done = true; });
  f.loop.RunUntilIdle();
  CHECK_FALSE(done);
  f.loop.Advance(absl::Seconds(5));
  CHECK(done);
  for (size_t i = 1; i < f.here.open.size(); ++i) f.here.open[i].Finished(absl::OkStatus());
  f.loop.RunUntilIdle();
  CHECK(f.here.batches.size() == 2);
}

TEST_CASE("The console gets a line as JSON, and a sink may live longer than the extension", "[extension][telemetry_logs]") {
  Fixture f("{simple: {exporter: {console: {}}}}");
  std::string text;
  f.extension->set_console([&](std::string_view t) { text += t; });
  REQUIRE(f.extension->Start(f.host).ok());
  f.log.Info("hello");
  f.loop.RunUntilIdle();
  CHECK(text.find("\"Value\": \"hello\"") != std::string::npos);
  f.extension.reset();
  f.log.Info("nobody hears");
  f.loop.RunUntilIdle();
  CHECK(text.find("nobody") == std::string::npos);
}

}  // namespace
}  // namespace otelpipe
