#include <catch2/catch.hpp>

#include "operator/container/cri_line.h"
#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

namespace {

const OperatorHarness::Attributes kPod = {
    {"log.file.path", "/var/log/pods/shop_cart-7d9_49cc7c1f-d370-2a3b-b6e6-9d6f4a6a0c11/web/3.log"}};
constexpr std::string_view kResource =
    R"({"k8s.container.name":"web","k8s.container.restart_count":"3","k8s.namespace.name":"shop","k8s.pod.name":"cart-7d9",)"
    R"("k8s.pod.uid":"49cc7c1f-d370-2a3b-b6e6-9d6f4a6a0c11"})";

}  // namespace

TEST_CASE("CRI lines come apart", "[operator][container]") {
  using container::CriKind;
  container::CriLine line;
  CHECK(container::ParseCriLine("2024-03-01T10:00:00Z stdout F a b", CriKind::kContainerd, line));
  CHECK(line.time == "2024-03-01T10:00:00Z");
  CHECK(line.log == "a b");
  CHECK(container::ParseCriLine("tZ stderr F", CriKind::kContainerd, line));
  CHECK(line.log == "");
  CHECK(line.tag == "F");
  CHECK(container::ParseCriLine("tZ stderr  x", CriKind::kContainerd, line));
  CHECK(line.tag == "");
  CHECK(line.log == "x");
  CHECK(container::ParseCriLine("t+02:00 stderr P x", CriKind::kCrio, line));
  for (std::string_view bad : {"", " stdout F x", "Z stdout F x", "aZbZ stdout F x", "tZ stdlog F x", "tZ stdout", "t stdout F x",
                               "tZ stdout F a\nb"}) {
    INFO(bad);
    CHECK_FALSE(container::ParseCriLine(bad, CriKind::kContainerd, line));
  }
}

TEST_CASE("containerd lines get time, stream and metadata, parts are joined", "[operator][container]") {
  OperatorHarness h("- {type: container}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("2024-03-01T10:00:00.000000001Z stdout F full", kPod) == "");
  CHECK(h.Process("2024-03-01T10:00:01Z stderr P one,", kPod) == "");
  CHECK(h.Process("2024-03-01T10:00:02Z stderr F two", kPod) == "");
  auto out = h.Take();
  REQUIRE(out.size() == 2);
  CHECK(out[0].body == "full");
  CHECK(out[0].time == 1709287200000000001u);
  CHECK(out[0].resource == kResource);
  CHECK(out[0].attributes == R"({"log.file.path":")" + kPod[0].second + R"(","log.iostream":"stdout","logtag":"F"})");
  CHECK(out[1].body == "one,two");
  CHECK(out[1].time == 1709287201000000000u);
  CHECK(out[1].attribute_map->Find("logtag")->string() == "P");
}

TEST_CASE("crio and docker lines are told apart", "[operator][container]") {
  OperatorHarness h("- {type: container}");
  CHECK(h.Process("2024-03-01T12:00:00.5+02:00 stdout F crio", kPod) == "");
  CHECK(h.Process(R"({"log":"docker\n","stream":"stderr","time":"2024-03-01T10:00:00.25Z","extra":1})", kPod) == "");
  auto out = h.Take();
  REQUIRE(out.size() == 2);
  CHECK(out[0].time == 1709287200500000000u);
  CHECK(out[1].body == "docker\n");
  CHECK(out[1].time == 1709287200250000000u);
  CHECK(out[1].attribute_map->Find("log.iostream")->string() == "stderr");
  CHECK(out[1].attribute_map->Find("extra")->number() == 1);
  CHECK(h.Process("neither", kPod) ==
        "failed to detect a valid container log format: entry cannot be parsed as container logs: neither");
  CHECK(h.Bodies().empty());
}

TEST_CASE("what fails after a CRI line was read loses the entry, with docker it is sent", "[operator][container]") {
  OperatorHarness h("- {type: container}");
  OperatorHarness::Attributes other = {{"log.file.path", "/tmp/x.log"}};
  CHECK(h.Process("2024-03-01T10:00:00Z stdout F x", other) ==
        "failed to handle attribute mappings: failed to detect a valid log path");
  CHECK(h.Process("zzZ stdout F x", kPod).find("failed to handle attribute mappings: failed to parse time: parsing time \"zzZ\"") == 0);
  CHECK(h.Process("2024-03-01T10:00:00Z stdout F x") ==
        "failed to handle attribute mappings: type '<nil>' cannot be parsed as log path field");
  CHECK(h.Bodies().empty());
  CHECK(h.Process(R"({"log":"d","stream":"stderr","time":"2024-03-01T10:00:00.25Z"})", other) ==
        "failed to process the docker log: failed to detect a valid log path");
  auto out = h.Take();
  REQUIRE(out.size() == 1);
  CHECK(out[0].body == "d");
  CHECK(out[0].resource == "{}");
}

TEST_CASE("an explicit format takes no other", "[operator][container]") {
  OperatorHarness h("- {type: container, format: crio, add_metadata_from_filepath: false}");
  CHECK(h.Process("2024-03-01T10:00:00Z stdout F x") == "failed to parse crio log: regex pattern does not match");
  CHECK(h.Bodies() == std::vector<std::string>{"2024-03-01T10:00:00Z stdout F x"});
  CHECK(OperatorHarness("- {type: container, format: podman}").error().find("operator config has an invalid `format` field") == 0);
}

TEST_CASE("embedded blocks run before the stream is renamed", "[operator][container]") {
  OperatorHarness h("- {type: container, severity: {parse_from: attributes.stream, mapping: {error: stderr, info: stdout}}}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("2024-03-01T10:00:00Z stderr F x", kPod) == "");
  auto out = h.Take();
  CHECK(out[0].severity == 17);
  CHECK(out[0].body == "x");
  CHECK(out[0].attribute_map->Find("log.iostream")->string() == "stderr");
}
