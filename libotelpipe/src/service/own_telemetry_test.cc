#include <catch2/catch.hpp>

#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/own_logs.h"
#include "otelpipe/component/register.h"
#include "otelpipe/config.h"
#include "otelpipe/service.h"
#include "service/own_logs.h"
#include "service/settings.h"

namespace otelpipe {
namespace {

class Lines final : public LogSink {
 public:
  bool Enabled(LogLevel) const override { return true; }
  void Write(const LogLine& line) override { lines.emplace_back(line.message); }
  std::vector<std::string> lines;
};

TEST_CASE("A tee filters and thins out for both", "[unit][service]") {
  LogSettings settings;
  settings.level = LogLevel::kInfo;
  settings.sampling.initial = 2;
  settings.sampling.thereafter = 0;
  auto first = std::make_shared<Lines>();
  auto second = std::make_shared<Lines>();
  Logger log(MakeTeeSink(settings, first, second), {});
  log.Debug("no");
  for (int i = 0; i < 5; ++i) log.Info("again");
  log.Warn("once");
  CHECK(first->lines == std::vector<std::string>{"again", "again", "once"});
  CHECK(second->lines == first->lines);
  Logger alone(MakeTeeSink(settings, nullptr, second), {});
  alone.Error("alone");
  CHECK(second->lines.back() == "alone");
}

Settings Decode(const std::string& telemetry, std::string* errors) {
  std::vector<ConfigError> found;
  Registry registry;
  const absl::StatusOr<Config> config = Config::Parse("service: {telemetry: {" + telemetry + "}}", "t.yaml");
  REQUIRE(config.ok());
  Settings settings = DecodeSettings(config->root(), registry, true, found);
  for (const ConfigError& e : found) {
    if (e.path.find("telemetry") != std::string::npos) *errors += e.ToString() + "\n";
  }
  return settings;
}

TEST_CASE("Null levels are the reference's zero values", "[unit][service]") {
  std::string errors;
  const Settings settings = Decode("logs: {level: }, metrics: {level: }, traces: {level: }", &errors);
  CHECK(errors == "");
  CHECK(settings.logs.level == LogLevel::kInfo);
  CHECK(settings.metrics.level == "basic");
  CHECK(Decode("logs: {level: DEBUG}", &errors).logs.level == LogLevel::kDebug);
  CHECK(Decode("metrics: {level: Detailed}", &errors).metrics.level == "detailed");
  CHECK(errors == "");
  Decode("logs: {level: loud}", &errors);
  CHECK(errors == "t.yaml:1:37: service::telemetry::logs::level: 'service.telemetry.logs.level' unrecognized level: \"loud\"; use one of debug info "
                  "warn error dpanic panic fatal\n");
}

TEST_CASE("Spans of the service's own work are told not to be there once", "[unit][service]") {
  std::string errors;
  Decode("traces: {level: none, sampler: {always_on: {}}, processors: [{batch: {}}], limits: {event_count_limit: 3}}", &errors);
  CHECK(errors.find("there are no spans of the service's own work") != std::string::npos);
  CHECK(errors.find('\n') == errors.size() - 1);
}

TEST_CASE("The resource is a map, or a list of attributes as later versions write it", "[unit][service]") {
  std::string errors;
  const Settings settings = Decode("resource: {a: b, service.version: , attributes: [{name: n, value: v}, {name: service.name, value: }]}", &errors);
  CHECK(errors == "");
  CHECK(settings.resource.at("a") == "b");
  CHECK_FALSE(settings.resource.at("service.version").has_value());
  CHECK(settings.resource.at("n") == "v");
  CHECK_FALSE(settings.resource.at("service.name").has_value());
  Decode("resource: {attributes: [{value: v}]}", &errors);
  CHECK(errors.find("an attribute needs a name") != std::string::npos);
}

// An extension that offers a sink.
std::vector<std::string>* taken = nullptr;
class FakeLogs final : public Extension, public OwnLogs {
 public:
  static constexpr std::string_view kType = "telemetry_logs";
  struct Config {
    std::vector<ConfigNode> processors;
    std::map<std::string, std::string> resource;
    static void Describe(Fields<Config>& f) {
      f.Optional("processors", &Config::processors, "Processors.");
      f.Optional("resource", &Config::resource, "Resource.");
    }
  };
  class Sink final : public LogSink {
   public:
    bool Enabled(LogLevel) const override { return true; }
    void Write(const LogLine& line) override { taken->emplace_back(line.message); }
  };
  FakeLogs(Config, Context) {}
  std::shared_ptr<LogSink> sink() override { return std::make_shared<Sink>(); }
  void Shutdown(ShutdownDone done) override {
    taken->emplace_back("stopped");
    done();
  }
};

TEST_CASE("The taker of own log lines has the first and the last", "[unit][service]") {
  std::vector<std::string> lines;
  taken = &lines;
  Registry registry;
  REQUIRE(registry.AddExtension<FakeLogs>().ok());
  ServiceOptions options;
  options.gates["service.AllowNoPipelines"] = true;
  auto config = Config::Parse("extensions: {telemetry_logs: }\nservice: {telemetry: {metrics: {level: none}, logs: {processors: [{simple: {}}]}}}", "t.yaml");
  REQUIRE(config.ok());
  auto service = Service::Create(*std::move(config), registry, options);
  INFO(service.status());
  REQUIRE(service.ok());
  REQUIRE((*service)->Start().ok());
  CHECK((*service)->Shutdown(absl::Seconds(5)).clean);
  CHECK(lines.front() == "Setting up own telemetry...");
  REQUIRE(lines.size() > 3);
  CHECK(lines[lines.size() - 2] == "Shutdown complete.");
  CHECK(lines.back() == "stopped");
}

}  // namespace
}  // namespace otelpipe
