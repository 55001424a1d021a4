#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "otelpipe/log_sink.h"

namespace otelpipe {
namespace {

struct Written {
  std::string text;
  std::shared_ptr<LogSink> Sink(const LogSettings& s) {
    return MakeFormattingSink(s, [this](std::string_view line) { text += line; });
  }
};

TEST_CASE("a console line has time, level, caller, message and fields between tabs", "[service][log]") {
  Written w;
  LogSettings settings;
  settings.resource = {{"service.name", "otelpipe"}};
  Logger log(w.Sink(settings), {{"otelcol.component.id", "debug"}});
  log.Info("Starting \"x\"...", {{"NumCPU", 2}, {"ok", true}, {"why", "a\nb"}}, "src/service/x.cc", 7);
  CHECK(w.text.substr(10, 1) == "T");
  CHECK(w.text.substr(23) ==
        "Z\tinfo\tx.cc:7\tStarting \"x\"...\t{\"resource\": {\"service.name\": \"otelpipe\"}, "
        "\"otelcol.component.id\": \"debug\", \"NumCPU\": 2, \"ok\": true, \"why\": \"a\\nb\"}\n");
}

TEST_CASE("a json line keeps the order of keys", "[service][log]") {
  Written w;
  LogSettings settings;
  settings.json = true;
  settings.initial_fields = {{"cluster", "\"m\""}};
  Logger(w.Sink(settings), {}).Warn("m", {{"d", 1.5}}, "a.cc", 1);
  CHECK(w.text.find("{\"level\":\"warn\",\"ts\":\"") == 0);
  CHECK(w.text.find("\"caller\":\"a.cc:1\",\"msg\":\"m\",\"cluster\":\"m\",\"d\":1.5}\n") != std::string::npos);
}

TEST_CASE("repeated lines are thinned out, other lines are not", "[service][log]") {
  Written w;
  LogSettings settings;
  Logger log(w.Sink(settings), {});
  for (int i = 0; i < 210; ++i) log.Error("same", {{"i", i}});
  log.Error("other");
  CHECK(std::count(w.text.begin(), w.text.end(), '\n') == 10 + 2 + 1);
}

TEST_CASE("levels below the setting are not written", "[service][log]") {
  Written w;
  LogSettings settings;
  settings.level = LogLevel::kWarn;
  Logger log(w.Sink(settings), {});
  log.Info("quiet");
  log.Warn("loud");
  CHECK(w.text.find("quiet") == std::string::npos);
  CHECK(w.text.find("loud") != std::string::npos);
}

TEST_CASE("files are appended to, and a missing directory is an error that names it", "[service][log]") {
  char path[] = "/tmp/otelpipe-log-XXXXXX";
  const int fd = ::mkstemp(path);
  REQUIRE(fd >= 0);
  ::close(fd);
  LogSettings settings;
  settings.output_paths = {path};
  auto sink = MakeFileSink(settings);
  REQUIRE(sink.ok());
  Logger(*sink, {}).Info("hello");
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  CHECK(text.str().find("hello") != std::string::npos);
  std::remove(path);
  settings.output_paths = {"/no/such/dir/x.log"};
  CHECK(MakeFileSink(settings).status().message() ==
        "failed to create logger: open sink \"/no/such/dir/x.log\": open /no/such/dir/x.log: no such file or directory");
}

}  // namespace
}  // namespace otelpipe
