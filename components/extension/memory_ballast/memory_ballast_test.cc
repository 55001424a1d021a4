#include "extension/memory_ballast/memory_ballast.h"

#include <catch2/catch.hpp>

#include "otelpipe/config.h"
#include "otelpipe/registry.h"

namespace otelpipe {
namespace {

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

TEST_CASE("The ballast starts and stops", "[extension][memory_ballast]") {
  NoHost host;
  MemoryBallast::Config config;
  config.size_mib = 64;
  MemoryBallast ballast(config, {});
  REQUIRE(ballast.Start(host).ok());
  bool stopped = false;
  ballast.Shutdown([&] { stopped = true; });
  CHECK(stopped);
}

TEST_CASE("Its settings are numbers", "[extension][memory_ballast]") {
  Registry registry;
  REQUIRE(registry.AddExtension<MemoryBallast>().ok());
  auto config = Config::Parse("{size_mib: many, size_in_percentage: 40}", "t.yaml");
  REQUIRE(config.ok());
  std::vector<ConfigError> errors;
  DecodeContext context(&errors, "", "");
  registry.Find(ComponentKind::kExtension, "memory_ballast")->decode(config->root(), context);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message.find("'size_mib' expected type 'uint64'") != std::string::npos);
}

}  // namespace
}  // namespace otelpipe
