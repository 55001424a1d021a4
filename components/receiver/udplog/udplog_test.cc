#include "receiver/udplog/udplog.h"

#include <catch2/catch.hpp>

#include "shared/stream/stream_testing.h"

namespace otelpipe {
namespace {

using stream::TestClient;
using stream::TestPipeline;
using stream::Texts;

struct Rig : stream::TestRig<UdplogReceiver> {
  Rig() : TestRig("udplog") {}
  ~Rig() { receiver.reset(); }
  TestClient Client() const { return TestClient(receiver->port(), SOCK_DGRAM); }
};
const std::string kListen = "listen_address: 127.0.0.1:0\n";

}  // namespace

TEST_CASE("Mistakes are told in the reference's words, at their line", "[component][udplog]") {
  Rig rig;
  CHECK(rig.Make("encoding: utf-8") == "missing required parameter 'listen_address'");
  CHECK(rig.Make(kListen + "encoding: nonsense") == "unsupported encoding 'nonsense'");
  CHECK(rig.error_line == 2);
  CHECK(rig.Make(kListen + "multiline: {line_start_pattern: a, line_end_pattern: b}") ==
        "only one of line_start_pattern or line_end_pattern can be set");
  CHECK(rig.Make(kListen + "max_log_size: 1MiB").find("max_log_size") != std::string::npos);
}

TEST_CASE("A datagram is a record, without the control characters at its end", "[component][udplog]") {
  Rig rig;
  rig.Start(kListen + "attributes: {a: b}\nasync: {readers: 2}");
  const TestClient client = rig.Client();
  client.Send(" one\ntwo \n\n");
  client.Send(std::string_view("x\0\0", 3));
  client.Send("\n");
  client.Send("last");
  REQUIRE(rig.WaitForRecords(3));
  CHECK(rig.pipeline.taken == Texts{"one\ntwo", "x", "last"});
  CHECK(rig.pipeline.last == "a=b ");
  CHECK(rig.Shutdown());
}

TEST_CASE("one_log_per_packet leaves blanks alone, multiline divides", "[component][udplog]") {
  Rig rig;
  SECTION("whole") {
    rig.Start(kListen + "one_log_per_packet: true");
    rig.Client().Send(" a b ");
    REQUIRE(rig.WaitForRecords(1));
    CHECK(rig.pipeline.taken == Texts{" a b "});
  }
  SECTION("divided") {
    rig.Start(kListen + "multiline: {line_start_pattern: '^S'}");
    rig.Client().Send("S1\nx\nS2\n");
    REQUIRE(rig.WaitForRecords(2));
    CHECK(rig.pipeline.taken == Texts{"S1\nx", "S2"});
  }
}

TEST_CASE("Both sides are named on request", "[component][udplog]") {
  Rig rig;
  rig.Start(kListen + "add_attributes: true");
  const TestClient client = rig.Client();
  client.Send("one");
  client.Send("two");
  REQUIRE(rig.WaitForRecords(2));
  CHECK(rig.pipeline.taken == Texts{"one", "two"});
  CHECK(rig.pipeline.last.rfind("net.transport=IP.UDP net.host.ip=127.0.0.1 net.host.port=" + std::to_string(rig.receiver->port()), 0) == 0);
  CHECK(rig.pipeline.last.find("net.peer.ip=127.0.0.1 net.peer.port=") != std::string::npos);
}

TEST_CASE("A full pipeline stops the receiving, and what was received is not lost", "[component][udplog]") {
  Rig rig;
  rig.Start(kListen);
  rig.pipeline.mode = TestPipeline::kFull;
  const TestClient client = rig.Client();
  client.Send("one");
  REQUIRE(rig.WaitFor([&] { return rig.pipeline.offers > 0; }));
  client.Send("two");
  rig.loop.Advance(absl::Seconds(1));
  CHECK(rig.pipeline.taken.empty());
  rig.pipeline.mode = TestPipeline::kTake;
  REQUIRE(rig.WaitForRecords(2));
  CHECK(rig.pipeline.taken == Texts{"one", "two"});
  client.Send("three");
  CHECK(rig.Shutdown());
  CHECK(rig.pipeline.taken == Texts{"one", "two", "three"});
}

TEST_CASE("A receiver that was never started shuts down", "[component][udplog]") {
  Rig rig;
  REQUIRE(rig.Make(kListen) == "");
  CHECK(rig.Shutdown());
}

}  // namespace otelpipe
