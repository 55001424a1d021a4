#include "receiver/tcplog/tcplog.h"

#include <catch2/catch.hpp>

#include "shared/stream/stream_testing.h"

namespace otelpipe {
namespace {

using stream::TestClient;
using stream::TestPipeline;
using stream::Texts;

struct Rig : stream::TestRig<TcplogReceiver> {
  Rig() : TestRig("tcplog") {}
  ~Rig() { receiver.reset(); }
};
const std::string kListen = "listen_address: 127.0.0.1:0\n";

}  // namespace

TEST_CASE("Mistakes are told in the reference's words, at their line", "[component][tcplog]") {
  Rig rig;
  CHECK(rig.Make("max_log_size: 1MiB") == "missing required parameter 'listen_address'");
  CHECK(rig.Make("listen_address: nowhere") == "failed to resolve listen_address: address nowhere: missing port in address");
  CHECK(rig.Make(kListen + "max_log_size: 1KiB") ==
        "invalid value for parameter 'max_log_size', must be equal to or greater than 65536 bytes");
  CHECK(rig.error_path == "max_log_size");
  CHECK(rig.error_line == 2);
  CHECK(rig.Make(kListen + "encoding: nonsense") == "unsupported encoding 'nonsense'");
  CHECK(rig.Make(kListen + "multiline: {line_start_pattern: a, line_end_pattern: b}") ==
        "only one of line_start_pattern or line_end_pattern can be set");
  CHECK(rig.Make(kListen + "attributes: {a: 'EXPR(1 +)'}").rfind("compile embedded expression: ", 0) == 0);
  CHECK(rig.error_path == "attributes::a");
}

TEST_CASE("Lines of several connections become records", "[component][tcplog]") {
  Rig rig;
  rig.Start(kListen + "attributes: {a: b}\nresource: {c: d}");
  TestClient one(rig.receiver->port()), two(rig.receiver->port());
  one.Send("one\r\n\ntw");
  REQUIRE(rig.WaitForRecords(2));
  two.Send("other\n");
  REQUIRE(rig.WaitForRecords(3));
  one.Send("o\nrest");
  one.Close();
  REQUIRE(rig.WaitForRecords(5));
  CHECK(rig.pipeline.taken == Texts{"one", "", "other", "two", "rest"});
  CHECK(rig.pipeline.last == "a=b r.c=d ");
  CHECK(rig.Metric("otelcol_receiver_accepted_log_records") == 5);
  CHECK(rig.Shutdown());
}

TEST_CASE("The other side is named on request", "[component][tcplog]") {
  Rig rig;
  rig.Start(kListen + "add_attributes: true");
  TestClient client(rig.receiver->port());
  client.Send("x\n");
  REQUIRE(rig.WaitForRecords(1));
  CHECK(rig.pipeline.last.rfind("net.transport=IP.TCP net.peer.ip=127.0.0.1 net.peer.port=", 0) == 0);
  CHECK(rig.pipeline.last.find("net.host.ip=127.0.0.1 net.host.port=" + std::to_string(rig.receiver->port())) != std::string::npos);
}

TEST_CASE("One record for each connection", "[component][tcplog]") {
  Rig rig;
  rig.Start(kListen + "one_log_per_packet: true\nmax_log_size: 64KiB");
  TestClient client(rig.receiver->port());
  client.Send(" a\nb\n");
  client.Close();
  REQUIRE(rig.WaitForRecords(1));
  CHECK(rig.pipeline.taken == Texts{" a\nb\n"});
  TestClient large(rig.receiver->port());
  large.Send(std::string(70000, 'x'));
  large.Close();
  REQUIRE(rig.WaitForRecords(2));
  CHECK(rig.pipeline.taken[1].size() == 65536);
}

TEST_CASE("A record over the limit ends its connection, those before it are kept", "[component][tcplog]") {
  Rig rig;
  rig.Start(kListen + "max_log_size: 64KiB");
  TestClient client(rig.receiver->port());
  client.Send("first\n" + std::string(70000, 'x') + "\nlast\n");
  REQUIRE(rig.WaitFor([&] { return client.Ended(); }));
  CHECK(rig.pipeline.taken == Texts{"first"});
}

TEST_CASE("A full pipeline makes the sender wait and loses nothing", "[component][tcplog]") {
  Rig rig;
  rig.Start(kListen);
  rig.pipeline.mode = TestPipeline::kFull;
  TestClient client(rig.receiver->port());
  const std::string line = std::string(999, 'x') + "\n";
  std::string block;
  for (int i = 0; i < 100; ++i) block += line;
  size_t sent = 0;
  // As much as the system's buffers hold, and not more.
  for (int quiet = 0; quiet < 5;) {
    const size_t n = client.TrySend(std::string_view(block).substr(sent % block.size()));
    sent += n;
    quiet = n == 0 ? quiet + 1 : 0;
    if (n == 0) rig.loop.WaitFor([] { return false; }, absl::Milliseconds(20));
    REQUIRE(sent < 64u << 20);
  }
  CHECK(rig.pipeline.taken.empty());
  CHECK(rig.pipeline.offers > 0);
  rig.pipeline.mode = TestPipeline::kTake;
  REQUIRE(rig.WaitForRecords(sent / line.size()));
  client.Close();
  REQUIRE(rig.WaitForRecords((sent + line.size() - 1) / line.size()));
  CHECK(rig.Metric("otelcol_receiver_accepted_log_records") == static_cast<int64_t>(rig.pipeline.taken.size()));
}

TEST_CASE("What has arrived is taken at the stop", "[component][tcplog]") {
  Rig rig;
  rig.Start(kListen);
  TestClient client(rig.receiver->port());
  client.Send("one\n");
  REQUIRE(rig.WaitForRecords(1));
  client.Send("two\nthree");
  CHECK(rig.Shutdown());
  CHECK(rig.pipeline.taken == Texts{"one", "two", "three"});
  CHECK(client.Ended());
}

TEST_CASE("The stop waits for a batch that nobody has taken", "[component][tcplog]") {
  Rig rig;
  rig.Start(kListen);
  rig.pipeline.mode = TestPipeline::kFull;
  TestClient client(rig.receiver->port());
  client.Send("one\n");
  REQUIRE(rig.WaitFor([&] { return rig.pipeline.offers > 0; }));
  bool done = false;
  rig.receiver->Shutdown([&] { done = true; });
  rig.loop.RunUntilIdle();
  CHECK_FALSE(done);
  rig.pipeline.mode = TestPipeline::kTake;
  rig.loop.Advance(absl::Seconds(1));
  CHECK(done);
  CHECK(rig.pipeline.taken == Texts{"one"});
}

TEST_CASE("A port that is taken is an error at the start", "[component][tcplog]") {
  Rig first, second;
  first.Start(kListen);
  const std::string address = "127.0.0.1:" + std::to_string(first.receiver->port());
  REQUIRE(second.Make("listen_address: " + address) == "");
  CHECK(second.receiver->Start(second.host).message() ==
        "start stanza: failed to listen on interface: failed to configure tcp listener: listen tcp " + address +
            ": bind: address already in use");
}

TEST_CASE("Storage that is not there is an error at the start, with its place", "[component][tcplog]") {
  Rig rig;
  REQUIRE(rig.Make(kListen + "storage: nowhere") == "");
  CHECK(rig.receiver->Start(rig.host).message() == "test:2:10: storage: storage client: storage extension 'nowhere' not found");
}

TEST_CASE("A receiver that was never started shuts down", "[component][tcplog]") {
  Rig rig;
  REQUIRE(rig.Make(kListen) == "");
  CHECK(rig.Shutdown());
}

}  // namespace otelpipe
