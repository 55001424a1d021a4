#include "receiver/nop/nop.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

class Unused final : public Consumer {
 public:
  void Consume(Batch, Done) override { FAIL("the nop receiver sent something"); }
};

TEST_CASE("It takes its outputs, sends nothing and stops at once", "[nop][receiver]") {
  NopReceiver receiver({}, {});
  Unused next;
  for (Signal signal : kAllSignals) receiver.SetOutput(signal, &next);
  bool stopped = false;
  receiver.Shutdown([&] { stopped = true; });
  CHECK(stopped);
}

}  // namespace
}  // namespace otelpipe
