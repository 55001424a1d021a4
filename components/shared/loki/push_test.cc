#include <catch2/catch.hpp>
#include <string>

#include "shared/loki/push_reader.h"
#include "shared/loki/push_writer.h"

namespace otelpipe::loki {
namespace {

constexpr PushReadOptions kIncoming{7, true};

std::string Show(const LogsData& data) {
  std::string out;
  for (const ResourceLogs& resource : data.resources) {
    for (const ScopeLogs& scope : resource.scopes) {
      for (const LogRecord& record : scope.records) {
        out += std::to_string(record.time_unix_nano) + "/" + std::to_string(record.observed_time_unix_nano) + " " +
               record.body.AsString();
        for (const KeyValue& kv : record.attributes) out += " " + std::string(kv.key) + "=" + kv.value.AsString();
        out += "\n";
      }
    }
  }
  return out;
}

std::string ReadJson(std::string_view json, const PushReadOptions& options = kIncoming) {
  LogsData data;
  absl::Status status = ReadPushJson(json, options, data);
  return status.ok() ? Show(data) : std::string(status.message().data(), status.message().size());
}

TEST_CASE("streams are written and read back, with lines of all sizes", "[unit][loki]") {
  PushStream a, b, empty;
  a.labels = "{job=\"a\"}";
  b.labels = "{job=\"b\", __x=\"internal\"}";
  empty.labels = "{job=\"none\"}";
  std::string expected;
  for (size_t size : {0, 1, 100, 127, 128, 16000, 16383, 16384, 3000000}) {
    const std::string line(size, 'x');
    a.BeginEntry(1712045701000000000u + size);
    a.buffer().Append(line);
    a.EndEntry();
    expected += std::to_string(1712045701000000000u + size) + "/7 " + line + " job=a\n";
  }
  b.BeginEntry(0);
  b.buffer().Append("dropped");
  b.CancelEntry();
  b.BeginEntry(5);
  b.buffer().Append("kept");
  b.EndEntry();
  expected += "5/7 kept job=b\n";
  Buffer packed = PackPush({&a, &empty, &b});
  auto plain = UnpackSnappy(packed.bytes, 10 << 20);
  REQUIRE(plain.ok());
  LogsData data;
  REQUIRE(ReadPushProto(*plain, kIncoming, data).ok());
  CHECK(Show(data) == expected);
  CHECK_FALSE(UnpackSnappy(packed.bytes, 1000).ok());
  CHECK_FALSE(UnpackSnappy("\xff\xff\xff\xff\xff\xff", 1000).ok());
}

// Scenario: more than fits into several of the buffers behind a stream, then the stream is used again.
// Guarantees: every entry arrives once and in order, and nothing of the first use is in the second.
TEST_CASE("a stream of many buffers is one stream", "[unit][loki]") {
  PushStream a;
  for (size_t entries : {5000, 7}) {
    a.labels = "{job=\"a\"}";
    std::string expected;
    for (size_t i = 0; i < entries; ++i) {
      const std::string line = std::to_string(i) + std::string(i % 700, 'x');
      a.BeginEntry(1 + i);
      a.buffer().Append("not this one");
      a.CancelEntry();
      a.BeginEntry(1 + i);
      a.buffer().Append(line);
      a.EndEntry();
      expected += std::to_string(1 + i) + "/7 " + line + " job=a\n";
    }
    CHECK(a.entries() == entries);
    auto plain = UnpackSnappy(PackPush({&a}).bytes, 10 << 20);
    REQUIRE(plain.ok());
    LogsData data;
    REQUIRE(ReadPushProto(*plain, kIncoming, data).ok());
    CHECK(Show(data) == expected);
    a.Reset(1 << 20);
    CHECK(a.size() == 0);
  }
}

TEST_CASE("the bytes of a small push are these", "[unit][loki]") {
  PushStream a;
  a.labels = "{}";
  a.BeginEntry(1000000002);
  a.buffer().Append("hi");
  a.EndEntry();
  auto plain = UnpackSnappy(PackPush({&a}).bytes, 1000);
  REQUIRE(plain.ok());
  CHECK(plain->bytes == std::string_view("\x0a\x10\x0a\x02{}\x12\x0a\x0a\x04\x08\x01\x10\x02\x12\x02hi", 18));
}

TEST_CASE("a damaged message is an error at every cut", "[unit][loki]") {
  PushStream a;
  a.labels = "{job=\"a\"}";
  a.BeginEntry(5);
  a.buffer().Append("line");
  a.EndEntry();
  Buffer plain = *UnpackSnappy(PackPush({&a}).bytes, 1000);
  for (size_t n = 1; n < plain.bytes.size(); ++n) {
    LogsData data;
    CHECK_FALSE(ReadPushProto({plain.bytes.substr(0, n), plain.owner}, kIncoming, data).ok());
  }
}

TEST_CASE("JSON pushes are read in both shapes", "[unit][loki]") {
  CHECK(ReadJson(R"({"streams":[{"stream":{"b":"2","a":"1"},"values":[["5","x"],["6","y",{"trace":"t"}],null]}]})") ==
        "5/7 x a=1 b=2\n6/7 y a=1 b=2 trace=t\n");
  CHECK(ReadJson(R"({"streams":[{"labels":"{a=\"1\"}","entries":[{"ts":"1970-01-01T00:00:01.5Z","line":"x"}]}]})") ==
        "1500000000/7 x a=1\n");
  CHECK(ReadJson(R"({"streams":[{"stream":{"a":"1"},"values":[["5","x"]]}]})", {7, false}) == "7/7 x a=1\n");
  CHECK(ReadJson("{}") == "");
  CHECK(ReadJson(R"({"streams":[{"stream":{},"values":[]}]})") == "");
}

TEST_CASE("wrong JSON pushes are told", "[unit][loki]") {
  CHECK(ReadJson("[]") == "invalid push request: the request must be an object");
  CHECK(ReadJson(R"({"streams":[{"stream":{"a":1},"values":[["5","x"]]}]})") ==
        "invalid push request: a label value must be a string");
  CHECK(ReadJson(R"({"streams":[{"stream":{},"values":[[5,"x"]]}]})") ==
        "invalid push request: a timestamp must be a string");
  CHECK(ReadJson(R"({"streams":[{"stream":{},"values":[["5x","x"]]}]})") ==
        "invalid push request: a timestamp must be a number of nanoseconds");
  CHECK(ReadJson(R"({"streams":[{"labels":"{a","entries":[{"ts":"1970-01-01T00:00:01Z","line":"x"}]}]})").starts_with(
      "1 entries failed to process, the last error: error parsing labels"));
}

}  // namespace
}  // namespace otelpipe::loki
