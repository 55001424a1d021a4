#include "receiver/syslog/syslog.h"

#include <catch2/catch.hpp>

#include "otelpipe/service.h"
#include "shared/stream/stream_testing.h"

namespace otelpipe {
namespace {

using stream::TestClient;
using stream::Texts;

struct Rig : stream::TestRig<SyslogReceiver> {
  Rig() : TestRig("syslog") { REQUIRE(RegisterAllComponents(registry).ok()); }
  ~Rig() { receiver.reset(); }
};
const std::string kTcp = "tcp: {listen_address: '127.0.0.1:0'}\n";
const std::string kUdp = "udp: {listen_address: '127.0.0.1:0'}\n";
const std::string k5424 = "protocol: rfc5424\n";

}  // namespace

TEST_CASE("Mistakes are told in the reference's words, at their line", "[component][syslog]") {
  Rig rig;
  CHECK(rig.Make(k5424) == "need tcp config or udp config");
  CHECK(rig.Make(kTcp) == "missing field 'protocol'");
  CHECK(rig.error_path == "");
  CHECK(rig.Make(kTcp + "protocol: rfc1") == "unsupported protocol version: rfc1");
  CHECK(rig.error_path == "protocol");
  CHECK(rig.error_line == 2);
  CHECK(rig.Make(k5424 + kUdp + "enable_octet_counting: true") ==
        "octet_counting and non_transparent_framing is not compatible with UDP");
  CHECK(rig.Make(k5424 + "tcp: {max_log_size: 64KiB}") == "missing required parameter 'listen_address'");
  CHECK(rig.Make(k5424 + "tcp: {listen_address: '127.0.0.1:0', encoding: x}") == "unsupported encoding 'x'");
  CHECK(rig.error_path == "tcp::encoding");
  CHECK(rig.Make(k5424 + kTcp + "operators: [{type: syslog_parser, protocol: rfc2}]") == "unsupported protocol version: rfc2");
  CHECK(rig.error_path == "operators::0::protocol");
}

TEST_CASE("Lines over TCP are parsed, what does not parse is sent as it came", "[component][syslog]") {
  Rig rig;
  rig.Start(k5424 + kTcp + "attributes: {a: b}");
  const TestClient client(rig.receiver->port());
  client.Send("garbage\n<34>1 2024-05-06T07:08:09Z shop cart - - - it works\n");
  REQUIRE(rig.WaitForRecords(2));
  CHECK(rig.pipeline.taken == Texts{"garbage", "<34>1 2024-05-06T07:08:09Z shop cart - - - it works"});
  CHECK(rig.pipeline.severity == 18);
  CHECK(rig.pipeline.last.find("a=b ") != std::string::npos);
  CHECK(rig.pipeline.last.find("message=it works ") != std::string::npos);
  CHECK(rig.Shutdown());
}

TEST_CASE("on_error: drop drops what does not parse", "[component][syslog]") {
  Rig rig;
  rig.Start(k5424 + kTcp + "on_error: drop_quiet");
  const TestClient client(rig.receiver->port());
  client.Send("garbage\n<34>1 2024-05-06T07:08:09Z shop cart - - - kept\n");
  REQUIRE(rig.WaitForRecords(1));
  CHECK(rig.pipeline.taken == Texts{"<34>1 2024-05-06T07:08:09Z shop cart - - - kept"});
}

TEST_CASE("Counted messages keep their newlines", "[component][syslog]") {
  Rig rig;
  rig.Start(k5424 + kTcp + "enable_octet_counting: true");
  const std::string one = "<13>1 2024-05-06T07:08:10Z shop cart - - - with\nnewline\n";
  const std::string two = "<13>1 2024-05-06T07:08:10Z shop cart - - - next";
  const TestClient client(rig.receiver->port());
  client.Send(std::to_string(one.size()) + " " + one + std::to_string(two.size()) + " " + two);
  REQUIRE(rig.WaitForRecords(2));
  CHECK(rig.pipeline.taken[0] == std::to_string(one.size()) + " " + one);
  CHECK(rig.pipeline.last.find("message=next ") != std::string::npos);
}

TEST_CASE("Datagrams are parsed", "[component][syslog]") {
  Rig rig;
  rig.Start("protocol: rfc3164\n" + kUdp);
  const TestClient client(rig.receiver->port(), SOCK_DGRAM);
  client.Send("<34>Oct 11 22:14:15 shop cart[12]: hello\n");
  REQUIRE(rig.WaitForRecords(1));
  CHECK(rig.pipeline.last.find("hostname=shop ") != std::string::npos);
  CHECK(rig.pipeline.last.find("proc_id=12 ") != std::string::npos);
  CHECK(rig.Shutdown());
}

}  // namespace otelpipe
