#include <catch2/catch.hpp>

#include "operator/syslog_parser/syslog_message.h"
#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

namespace {

std::string Rfc3164(const std::string& rest) {
  syslog::Message m;
  std::string line = "<34>Oct 11 22:14:15 " + rest;
  absl::Status s = syslog::ParseRfc3164(line, m);
  if (!s.ok()) return std::string(S(s.message()));
  return std::string(m.hostname) + "|" + std::string(m.appname) + "|" + std::string(m.proc_id) + "|" + std::string(m.message);
}

std::string Rfc5424Error(const std::string& line) {
  syslog::Message m;
  return std::string(S(syslog::ParseRfc5424(line, m).message()));
}

}  // namespace

TEST_CASE("RFC 3164 bodies come apart as the reference does it", "[operator][syslog_parser]") {
  CHECK(Rfc3164("host su: apple") == "host|su||apple");
  CHECK(Rfc3164("1.2.3.4 su[123]: apple") == "1.2.3.4|su|123|apple");
  CHECK(Rfc3164("su: apple") == "|su||apple");
  CHECK(Rfc3164("justmessage") == "|||justmessage");
  CHECK(Rfc3164("host message no tag") == "host|||message no tag");
  CHECK(Rfc3164("h - m") == "h|||- m");
  CHECK(Rfc3164("host su: ") == "host|su||su: ");
  CHECK(Rfc3164("h t:x") == "h|t||t:x");
  CHECK(Rfc3164("h t[1] x") == "h|t|1|1] x");
  CHECK(Rfc3164("h t[1]:x") == "h|t|1|1]:x");
  CHECK(Rfc3164("h t[a b]: x") == "h|t||a b]: x");
  CHECK(Rfc3164("h su[]: x") == "h|su||x");
  CHECK(Rfc3164("h [x] y") == "h|||[x] y");
  CHECK(Rfc3164("h t (x): y") == "h|||t (x): y");
  CHECK(Rfc3164("h\xC3\xA9 t: y") == "|||h\xC3\xA9 t: y");
  CHECK(Rfc3164("h a\tb") == "parsed value was not rfc3164 or rfc5424 compliant");
}

TEST_CASE("faults of syslog messages have their place", "[operator][syslog_parser]") {
  syslog::Message m;
  CHECK(syslog::ParseRfc3164("bad", m).message() == "expecting a priority value within angle brackets [col 0]");
  CHECK(syslog::ParseRfc3164("<34>Xct 11 22:14:15 x", m).message() == "expecting a Stamp timestamp [col 4]");
  CHECK(Rfc5424Error("bad line") == "expecting a priority value within angle brackets [col 0]");
  CHECK(Rfc5424Error("<192>1 - - - - - -").find("expecting a priority value in the range 1-191 or equal to 0") == 0);
  CHECK(Rfc5424Error("<1>0 - - - - - -") == "expecting a version value in the range 1-999 [col 3]");
  CHECK(Rfc5424Error("<1>1 x - - - - -") == "expecting a RFC3339MICRO timestamp or a nil value [col 5]");
  CHECK(Rfc5424Error("<1>1 - - - - - [a][a]").find("duplicate structured data element id") == 0);
  CHECK(Rfc5424Error("<1>1 - - - - - [a k=\"x\\y\"]").find("expecting chars") == 0);
}

TEST_CASE("messages become attributes, time and severity", "[operator][syslog_parser]") {
  OperatorHarness h("- {type: syslog_parser, protocol: RFC5424}");
  REQUIRE(h.error() == "");
  CHECK(h.Process(R"(<165>1 2024-05-06T07:08:09.000003+02:00 shop01 cart - ID47 [ex@32473 iut="3" src="q\"e\]"][p@1] with data)") == "");
  CHECK(h.Process("<13>1 - - - - - -") ==
        "time parser: log entry does not have the expected parse_from field: {\"parse_from\":\"attributes.timestamp\"}");
  auto out = h.Take();
  REQUIRE(out.size() == 2);
  CHECK(out[0].attributes ==
        R"({"appname":"cart","facility":20,"hostname":"shop01","message":"with data","msg_id":"ID47","priority":165,)"
        R"("structured_data":{"ex@32473":{"iut":"3","src":"q\"e]"},"p@1":{}},"version":1})");
  CHECK(out[0].time == 1714972089000003000u);
  CHECK(out[0].severity == 10);
  CHECK(out[0].severity_text == "notice");
  CHECK(out[1].attributes == R"({"facility":1,"priority":13,"severity":5,"version":1})");
  CHECK(out[1].severity == 0);
}

TEST_CASE("a time without a year gets the year it was in", "[operator][syslog_parser]") {
  OperatorHarness h("- {type: syslog_parser, protocol: rfc3164, location: Europe/Berlin}");
  REQUIRE(h.error() == "");
  h.loop().SetNow(absl::FromUnixSeconds(1714979289));  // May 2024
  CHECK(h.Process("<34>Apr  2 10:00:00 host su[1]: x") == "");
  CHECK(h.Take()[0].time == 1712044800000000000u);
  CHECK(h.Process("<34>Feb 30 22:14:15 host su: x") == "parsing time \"Feb 30 22:14:15\": day out of range [col 19]");
}

TEST_CASE("framed messages are unwrapped", "[operator][syslog_parser]") {
  OperatorHarness octets("- {type: syslog_parser, protocol: rfc5424, enable_octet_counting: true, max_octets: 40, on_error: drop}");
  REQUIRE(octets.error() == "");
  CHECK(octets.Process("38 <34>1 2024-05-06T07:08:09Z h a p m - x") == "");
  CHECK(octets.Take().size() == 1);
  CHECK(octets.Process("<34>1") == "found ILLEGAL(<), expecting a MSGLEN");
  CHECK(octets.Process("41 x") == "message too long to parse. was size 41, max length 40");
  CHECK(octets.Process("20 x") == "found EOF after \"x\", expecting a SYSLOGMSG containing 20 octets");
  OperatorHarness lines("- {type: syslog_parser, protocol: rfc5424, non_transparent_framing_trailer: LF}");
  CHECK(lines.Process("<34>1 2024-05-06T07:08:09Z h a p m - x\n") == "");
  CHECK(lines.Take()[0].attribute_map->Find("message")->string() == "x");
}

TEST_CASE("the priority may be left out when allowed", "[operator][syslog_parser]") {
  OperatorHarness h("- {type: syslog_parser, protocol: rfc3164, allow_skip_pri_header: true}");
  CHECK(h.Process("Apr  2 10:00:00 host su[1]: x") == "");
  auto out = h.Take();
  CHECK(out[0].attributes == R"({"appname":"su","hostname":"host","message":"x","proc_id":"1"})");
  CHECK(out[0].severity == 0);
  CHECK(h.ProcessEntry([](Entry& e) { e.body = Value::Int(1); }) == "unable to convert type 'int' to bytes");
}

TEST_CASE("syslog_parser refuses settings that contradict", "[operator][syslog_parser]") {
  CHECK(OperatorHarness("- {type: syslog_parser}").error() == "missing field 'protocol'");
  CHECK(OperatorHarness("- {type: syslog_parser, protocol: rfc1}").error() == "unsupported protocol version: rfc1");
  CHECK(OperatorHarness("- {type: syslog_parser, protocol: rfc3164, enable_octet_counting: true}").error() ==
        "octet_counting and non_transparent_framing are only compatible with protocol rfc5424");
  CHECK(OperatorHarness("- {type: syslog_parser, protocol: rfc5424, non_transparent_framing_trailer: XX}").error() ==
        "invalid non_transparent_framing_trailer 'XX'. Must be either 'LF' or 'NUL'");
  CHECK(OperatorHarness("- {type: syslog_parser, protocol: rfc3164, location: Foo}").error() ==
        "failed to load location Foo: unknown time zone Foo");
}
