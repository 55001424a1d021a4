#include "exporter/nop/nop.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

TEST_CASE("Every batch is acknowledged at once, malformed ones too", "[nop][exporter]") {
  NopExporter exporter({}, {});
  int finished = 0;
  for (Signal signal : kAllSignals) {
    exporter.Consume(Batch::FromWire(signal, {Buffer::FromString("\xFF")}),
                     Done::OnFinished([&](const absl::Status& s) { finished += s.ok() ? 1 : 0; }));
  }
  CHECK(finished == 3);
  CHECK_FALSE(exporter.mutates());
}

}  // namespace
}  // namespace otelpipe
