#include "exporter/embed/embed.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

TEST_CASE("the tap sees every batch before it counts as delivered", "[component][embed]") {
  EmbedExporter exporter({}, Context());
  std::string events;
  auto consume = [&] {
    exporter.Consume(Batch::FromTraces(std::make_unique<TracesData>()),
                     Done::OnFinished([&](const absl::Status& s) { events += s.ok() ? "done " : "failed "; }));
  };
  consume();
  exporter.SetTap([&](const Batch& batch) { events += "tap " + std::string(SignalName(batch.signal())) + " "; });
  consume();
  exporter.SetTap(nullptr);
  consume();
  CHECK(events == "done tap traces done done ");
}

}  // namespace
}  // namespace otelpipe
