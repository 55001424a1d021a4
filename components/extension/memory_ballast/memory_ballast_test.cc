#include "extension/memory_ballast/memory_ballast.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

class Messages final : public LogSink {
 public:
  bool Enabled(LogLevel) const override { return true; }
  void Write(const LogLine& line) override { all.emplace_back(line.message); }
  std::vector<std::string> all;
};

TEST_CASE("The ballast starts, says once that it does nothing, and stops", "[extension][memory_ballast]") {
  auto messages = std::make_shared<Messages>();
  NoHost host;
  Context context;
  context.log = Logger(messages, {});
  MemoryBallast::Config config;
  config.size_mib = 64;
  MemoryBallast ballast(config, context);
  REQUIRE(ballast.Start(host).ok());
  REQUIRE(messages->all.size() == 1);
  CHECK(messages->all[0].find("no effect") != std::string::npos);
  bool stopped = false;
  ballast.Shutdown([&] { stopped = true; });
  CHECK(stopped);
}

}  // namespace
}  // namespace otelpipe
