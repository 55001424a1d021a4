// OTLP/JSON against recordings of the reference, and against the JSON of the generated Protobuf classes.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "otelpipe/pdata/codec.h"
#include "otelpipe/pdata/text.h"
#include "pdata/random_message.h"

using namespace otelpipe;
namespace collector = opentelemetry::proto::collector;

namespace {

std::string ReadTestFile(const std::string& name) {
  std::ifstream in(std::string(OTELPIPE_SOURCE_DIR "/libotelpipe/src/pdata/testdata/") + name);
  REQUIRE(in.good());
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

template <typename Data>
std::string Rewrite(std::string_view json) {
  Data data;
  absl::Status status = DecodeJson(json, data);
  if (!status.ok()) return "error: " + std::string(status.message());
  std::string out;
  EncodeJson(data, out);
  return out;
}

// The JSON of one log record's attribute value, written again.
std::string ValueAgain(const std::string& value) {
  std::string out = Rewrite<LogsData>(R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":)" + value + "}]}]}]}");
  size_t from = out.find("\"body\":");
  if (from == std::string::npos) return out;
  return out.substr(from + 7, out.find(",\"traceId\"") - from - 7);
}
std::string RecordAgain(const std::string& members) {
  std::string out = Rewrite<LogsData>(R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{)" + members + "}]}]}]}");
  size_t from = out.find("\"logRecords\":[");
  if (from == std::string::npos) return out;
  return out.substr(from + 14, out.size() - from - 14 - 6);
}

// Hex ids become the bytes whose base64 is that hex, and back: Protobuf's own JSON knows only base64.
std::string HexAsBase64(const std::string& id) {
  std::string hex, bytes;
  AppendHex(hex, id);
  REQUIRE(DecodeBase64(hex, bytes));
  return bytes;
}

// The JSON reader leaves zeroThreshold out, as the reference does.
template <typename Data>
void ForgetZeroThresholds(Data& data) {
  if constexpr (std::is_same_v<Data, MetricsData>) {
    for (auto& resource : data.resources) {
      for (auto& scope : resource.scopes) {
        for (auto& metric : scope.records) {
          for (auto& point : metric.exponential_points) point.zero_threshold = 0;
        }
      }
    }
  }
}

template <typename Message, typename Data>
void CompareWithProtobuf(uint64_t seed) {
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  Message message;
  testing::FillRandom(message, random);
  Data data;
  REQUIRE(DecodeProto(Buffer::FromString(message.SerializeAsString()), data).ok());
  testing::ForEachId(message, HexAsBase64);

  std::string json;
  EncodeJson(data, json);
  Message from_ours;
  auto status = google::protobuf::util::JsonStringToMessage(json, &from_ours);
  INFO(std::string(status.message().data(), status.message().size()));
  REQUIRE(status.ok());
  std::string difference;
  google::protobuf::util::MessageDifferencer differ;
  differ.ReportDifferencesToString(&difference);
  bool same = differ.Compare(message, from_ours);
  INFO(difference);
  REQUIRE(same);

  for (bool snake_case : {false, true}) {
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = snake_case;
    options.add_whitespace = snake_case;
    std::string theirs;
    REQUIRE(google::protobuf::util::MessageToJsonString(message, &theirs, options).ok());
    Data again;
    absl::Status read = DecodeJson(theirs, again);
    INFO(read.message());
    REQUIRE(read.ok());
    ForgetZeroThresholds(data);
    std::string a, b;
    EncodeProto(data, a);
    EncodeProto(again, b);
    REQUIRE(a == b);
  }
}

}  // namespace

TEST_CASE("what the reference was sent comes out as the reference wrote it", "[unit][pdata]") {
  CHECK(Rewrite<LogsData>(ReadTestFile("logs.in.json")) == ReadTestFile("logs.out.json"));
  CHECK(Rewrite<TracesData>(ReadTestFile("traces.in.json")) == ReadTestFile("traces.out.json"));
  CHECK(Rewrite<MetricsData>(ReadTestFile("metrics.in.json")) == ReadTestFile("metrics.out.json"));
}

TEST_CASE("JSON agrees with Protobuf's own JSON in both directions", "[unit][pdata]") {
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    CompareWithProtobuf<collector::logs::v1::ExportLogsServiceRequest, LogsData>(seed);
    CompareWithProtobuf<collector::trace::v1::ExportTraceServiceRequest, TracesData>(seed);
    CompareWithProtobuf<collector::metrics::v1::ExportMetricsServiceRequest, MetricsData>(seed);
  }
}

TEST_CASE("nothing, null and what follows the first value are accepted", "[unit][pdata]") {
  CHECK(Rewrite<LogsData>("{}") == "{}");
  CHECK(Rewrite<LogsData>(" null ") == "{}");
  CHECK(Rewrite<LogsData>("{} trailing \"") == "{}");
  CHECK(Rewrite<LogsData>("{\"resourceLogs\":[]}}") == "{}");
  CHECK(Rewrite<LogsData>(R"({"resourceLogs":null,"other":{"a":[1,{"b":null}]}})") == "{}");
  CHECK(Rewrite<LogsData>(R"({"resourceLogs":[null]})") == R"({"resourceLogs":[{"resource":{}}]})");
  CHECK(Rewrite<LogsData>(R"({"resource_logs":[{"scope_logs":[{"schema_url":"u"}]}]})") ==
        R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"schemaUrl":"u"}]}]})");
}

TEST_CASE("numbers, enums, ids and bytes follow the reference's rules", "[unit][pdata]") {
  CHECK(RecordAgain(R"("timeUnixNano":5,"severityNumber":"SEVERITY_NUMBER_WARN2")") ==
        R"({"timeUnixNano":"5","severityNumber":14,"body":{},"traceId":"","spanId":""})");
  CHECK(RecordAgain(R"("severityNumber":-3,"flags":"1")") ==
        R"({"severityNumber":-3,"body":{},"flags":1,"traceId":"","spanId":""})");
  CHECK(RecordAgain(R"("traceId":"0102030405060708090A0b0c0d0e0f10","spanId":null)") ==
        R"({"body":{},"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":""})");
  for (const char* bad : {R"("timeUnixNano":1.0)", R"("timeUnixNano":1e3)", R"("timeUnixNano":" 5")", R"("timeUnixNano":"0x10")",
                          R"("timeUnixNano":"007")", R"("timeUnixNano":-1)", R"("timeUnixNano":18446744073709551616)",
                          R"("timeUnixNano":null)", R"("severityNumber":"9")", R"("severityNumber":"SEVERITY_NUMBER_LOUD")",
                          R"("traceId":"0102")", R"("spanId":"010203040506070g")", R"("flags":true)", R"("attributes":{})",
                          R"("severityText":1)", R"("body":[])", R"("body":{"boolValue":"true"})",
                          R"("body":{"bytesValue":"AQI"})", R"("body":{"doubleValue":"1e999"})", R"("body":{"doubleValue":null})"}) {
    INFO(bad);
    CHECK(RecordAgain(bad).substr(0, 6) == "error:");
  }
  CHECK(RecordAgain(R"("traceId":"0102")").find("parse trace_id:invalid length for ID") != std::string::npos);
  CHECK(RecordAgain(R"("spanId":"010203040506070g")").find("encoding/hex: invalid byte: U+0067 'g'") != std::string::npos);
}

TEST_CASE("values of all kinds are read", "[unit][pdata]") {
  CHECK(ValueAgain(R"({"stringValue":"\u0041\n\/\ud83d\ude00\ud800x"})") == "{\"stringValue\":\"A\\n/\xF0\x9F\x98\x80\xEF\xBF\xBDx\"}");
  CHECK(ValueAgain(R"({"intValue":"-9223372036854775808"})") == R"({"intValue":"-9223372036854775808"})");
  CHECK(ValueAgain(R"({"doubleValue":"-infinity"})") == R"({"doubleValue":"-Infinity"})");
  CHECK(ValueAgain(R"({"doubleValue":"+1.5e3"})") == R"({"doubleValue":1500})");
  CHECK(ValueAgain(R"({"doubleValue":"0x1p-2"})") == R"({"doubleValue":0.25})");
  CHECK(ValueAgain(R"({"doubleValue":1e-400})") == R"({"doubleValue":0})");
  CHECK(ValueAgain(R"({"unknown":[{}],"boolValue":false})") == R"({"boolValue":false})");
  CHECK(ValueAgain(R"({"arrayValue":{"values":[{"intValue":1}]},"arrayValue":{"values":[{}]}})") ==
        R"({"arrayValue":{"values":[{"intValue":"1"},{}]}})");
  CHECK(ValueAgain(R"({"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{}}}]}})") ==
        R"({"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{}}}]}})");
  CHECK(ValueAgain("{}") == "{}");
  CHECK(ValueAgain("null") == "{}");
}

TEST_CASE("text that is no JSON is refused", "[unit][pdata]") {
  for (const char* bad : {"", "  ", "[]", "x", "{", "{\"a\"}", "{\"resourceLogs\":[}", "{\"resourceLogs\":[,]}", "{'a':1}",
                          "\xEF\xBB\xBF{}", "{\"resourceLogs\":[{\"resource\":{},}]}", "{\"resourceLogs\":[{\"schemaUrl\":\"a\nb\"}]}",
                          "{\"resourceLogs\":[{\"schemaUrl\":\"a\\x\"}]}", "nul", "{\"resourceLogs\":[nul]}"}) {
    INFO(bad);
    LogsData data;
    CHECK_FALSE(DecodeJson(bad, data).ok());
  }
  CHECK(Rewrite<LogsData>("[]").substr(0, 55) == "error: ReadObjectCB: expect { or n, but found [, error ");
}

TEST_CASE("bytes that are no UTF-8 are replaced, not refused", "[unit][pdata]") {
  CHECK(ValueAgain("{\"stringValue\":\"a\xFF\xC3\xA9\xC3\"}") == "{\"stringValue\":\"a\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\"}");
}

TEST_CASE("deep values are read to a bound", "[unit][pdata]") {
  auto nested = [](int depth) {
    std::string open, close;
    for (int i = 0; i < depth; ++i) {
      open += R"({"arrayValue":{"values":[)";
      close += "]}}";
    }
    return open + "{}" + close;
  };
  CHECK(ValueAgain(nested(400)).size() > 400 * 20);
  CHECK(ValueAgain(nested(600)).substr(0, 6) == "error:");
  CHECK(ValueAgain(nested(20000)).substr(0, 6) == "error:");
}
