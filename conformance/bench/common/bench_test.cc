#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "common/gzip.h"
#include "common/payload.h"
#include "common/skim.h"
#include "common/text.h"

namespace otelpipe::bench {
namespace {

std::vector<std::string_view> Cut(std::string_view whole, size_t piece) {
  std::vector<std::string_view> slices;
  for (size_t i = 0; i < whole.size(); i += piece) slices.push_back(whole.substr(i, piece));
  return slices;
}

TEST_CASE("an encoded request holds as many records as asked, however it is sliced", "[bench]") {
  std::mt19937_64 random(7);
  for (const Signal signal : {Signal::kLogs, Signal::kTraces, Signal::kMetrics}) {
    const std::string body =
        EncodeRequest({.signal = signal, .records = 23, .resources = 4}, 0, &random);
    for (const size_t piece : {size_t{1}, size_t{7}, size_t{4096}, body.size()}) {
      const auto slices = Cut(body, piece);
      SkimCounts counts;
      REQUIRE(SkimOtlp(signal, slices, nullptr, &counts));
      CHECK(counts.records == 23);
      CHECK(counts.points == (signal == Signal::kMetrics ? 23 : 0));
    }
  }
}

TEST_CASE("every record carries its running number", "[bench]") {
  std::mt19937_64 random(7);
  for (const Signal signal : {Signal::kLogs, Signal::kTraces, Signal::kMetrics}) {
    const std::string body = EncodeRequest({.signal = signal, .records = 5}, 40, &random);
    const std::string_view span = body;
    std::vector<int64_t> seen;
    SkimCounts counts;
    REQUIRE(SkimOtlp(
        signal, {&span, 1}, [&](std::string_view r) { seen.push_back(SeqOf(r)); }, &counts));
    CHECK(seen == std::vector<int64_t>{40, 41, 42, 43, 44});
  }
}

TEST_CASE("a truncated request is refused at every length that cuts a field", "[bench]") {
  std::mt19937_64 random(7);
  const std::string body = EncodeRequest({.records = 3}, 0, &random);
  for (size_t size = 1; size < body.size(); ++size) {
    const std::string_view span = std::string_view(body).substr(0, size);
    SkimCounts counts;
    CHECK_FALSE(SkimOtlp(Signal::kLogs, {&span, 1}, nullptr, &counts));
  }
}

TEST_CASE("Loki JSON is counted through escapes, brackets in strings and metadata", "[bench]") {
  const std::string body =
      R"({"streams":[{"stream":{"a":"b}"},"values":[["1","x \"[{ y"],["2","z",{"m":"n"}]]},)"
      R"({"values":[["3","q"]],"stream":{}}]})";
  std::vector<std::string> streams;
  std::vector<std::string> lines;
  SkimCounts counts;
  REQUIRE(SkimLokiJson(
      body, [&](std::string_view s) { streams.emplace_back(s); },
      [&](std::string_view s) { lines.emplace_back(s); }, &counts));
  CHECK(streams == std::vector<std::string>{R"({"a":"b}"})", "{}"});
  CHECK(lines == std::vector<std::string>{R"(x \"[{ y)", "z", "q"});
  CHECK(counts.records == 3);
  SkimCounts torn;
  CHECK_FALSE(SkimLokiJson(std::string_view(body).substr(0, 40), nullptr, nullptr, &torn));
}

TEST_CASE("Loki protobuf is counted by stream and line", "[bench]") {
  // PushRequest{ StreamAdapter{ labels:"{a}", EntryAdapter{ line:"one" }, EntryAdapter{ line:"" }}}
  const std::string entry1("\x0a\x02\x08\x01\x12\x03one", 9);
  const std::string entry2("\x0a\x00\x12\x00", 4);
  const std::string stream = std::string("\x0a\x03{a}", 5) + std::string("\x12\x09", 2) + entry1 +
                             std::string("\x12\x04", 2) + entry2;
  const std::string body =
      std::string("\x0a", 1) + static_cast<char>(stream.size()) + stream;
  std::vector<std::string> labels;
  SkimCounts counts;
  REQUIRE(SkimLokiProto(
      body, [&](std::string_view s) { labels.emplace_back(s); }, nullptr, &counts));
  CHECK(labels == std::vector<std::string>{"{a}"});
  CHECK(counts.records == 2);
  CHECK(counts.bytes == 3);
}

TEST_CASE("OTLP JSON is counted at the depth of a record", "[bench]") {
  const std::string logs =
      R"({"resourceLogs":[{"resource":{"attributes":[{"key":"a",)"
      R"("value":{"stringValue":"logRecords"}}]},)"
      R"("scopeLogs":[{"scope":{"attributes":[{"key":"k","value":{"intValue":"1"}}]},)"
      R"("logRecords":[{"body":{"stringValue":"x"}},{}]}]}]})";
  SkimCounts counts;
  REQUIRE(SkimOtlpJson(Signal::kLogs, logs, nullptr, &counts));
  CHECK(counts.records == 2);
  const std::string metrics =
      R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{"dataPoints":)"
      R"([{"asInt":"1"},{"asInt":"2","attributes":[{"key":"a","value":{"intValue":"3"}}]}]}}]}]})"
      R"(]})";
  SkimCounts points;
  REQUIRE(SkimOtlpJson(Signal::kMetrics, metrics, nullptr, &points));
  CHECK(points.records == 1);
  CHECK(points.points == 2);
}

TEST_CASE("gzip gives back what went in, also in several members, and refuses damage", "[bench]") {
  GzipWriter writer(1);
  GzipReader reader;
  const std::string plain(100'000, 'x');
  std::string packed(writer.Pack(plain));
  CHECK(packed.size() < plain.size() / 10);
  std::string_view out;
  REQUIRE(reader.Unpack(packed, &out));
  CHECK(out == plain);
  REQUIRE(reader.Unpack(packed + packed, &out));
  CHECK(out == plain + plain);
  CHECK_FALSE(reader.Unpack(std::string_view(packed).substr(0, packed.size() - 9), &out));
  GzipReader small(1000);
  CHECK_FALSE(small.Unpack(packed, &out));
}

TEST_CASE("durations and addresses are read or refused", "[bench]") {
  std::chrono::nanoseconds value{};
  REQUIRE(ParseDuration("1.5s", &value));
  CHECK(value == std::chrono::milliseconds(1500));
  REQUIRE(ParseDuration("250ms", &value));
  CHECK(value == std::chrono::milliseconds(250));
  CHECK_FALSE(ParseDuration("5x", &value));
  CHECK_FALSE(ParseDuration("-1s", &value));
  std::string host;
  uint16_t port = 0;
  REQUIRE(SplitHostPort("127.0.0.1:4317", &host, &port));
  CHECK(host == "127.0.0.1");
  CHECK(port == 4317);
  CHECK_FALSE(SplitHostPort("127.0.0.1", &host, &port));
  CHECK_FALSE(SplitHostPort("127.0.0.1:99999", &host, &port));
  CHECK(JsonLine().Add("a", "x\"y").Add("n", 3).AddFixed("f", 0.5, 2).Done() ==
        R"({"a": "x\"y", "n": 3, "f": 0.50})");
}

}  // namespace
}  // namespace otelpipe::bench
