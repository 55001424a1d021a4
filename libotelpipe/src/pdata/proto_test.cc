// The generated Protobuf classes are the oracle of the codec.
#include <catch2/catch.hpp>

#include "google/protobuf/util/message_differencer.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "otelpipe/pdata/codec.h"
#include "pdata/random_message.h"

using namespace otelpipe;
namespace collector = opentelemetry::proto::collector;
using google::protobuf::util::MessageDifferencer;

namespace {

template <typename Message, typename Data>
void RoundTrip(Signal signal, uint64_t seed) {
  std::mt19937_64 random(seed);
  Message message;
  testing::FillRandom(message, random);
  INFO("seed " << seed);

  std::string bytes = message.SerializeAsString();
  Data data;
  REQUIRE(DecodeProto(Buffer::FromString(bytes), data).ok());
  std::string encoded;
  EncodeProto(data, encoded);
  Message parsed;
  REQUIRE(parsed.ParseFromString(encoded));
  std::string difference;
  MessageDifferencer differ;
  differ.ReportDifferencesToString(&difference);
  bool same = differ.Compare(message, parsed);
  INFO(difference);
  REQUIRE(same);

  // Skimming agrees with decoding, however the bytes are cut.
  Batch decoded = Batch::FromWire(signal, {Buffer::FromString(bytes)});
  size_t skimmed = decoded.records();
  WireBytes pieces;
  for (size_t i = 0; i < encoded.size();) {
    size_t n = random() % 40;
    pieces.push_back(Buffer::FromString(encoded.substr(i, n)));
    i += n;
  }
  REQUIRE(SkimRecords(signal, pieces).value() == skimmed);
  Batch copy = decoded.Share();
  bool editable = signal == Signal::kLogs ? copy.EditLogs().ok() : signal == Signal::kTraces ? copy.EditTraces().ok() : copy.EditMetrics().ok();
  REQUIRE(editable);
  REQUIRE(copy.records() == skimmed);

  // The deep copy of an edited share encodes the same bytes.
  Batch shared = copy.Share();
  bool shared_ok = signal == Signal::kLogs ? shared.EditLogs().ok() : signal == Signal::kTraces ? shared.EditTraces().ok() : shared.EditMetrics().ok();
  REQUIRE(shared_ok);
  std::string all;
  for (const Buffer& b : shared.wire()) all.append(b.bytes);
  REQUIRE(all == encoded);
}

template <typename Data>
std::string DecodeError(std::string bytes) {
  Data data;
  return std::string(DecodeProto(Buffer::FromString(std::move(bytes)), data).message());
}

// ResourceX { ScopeX { record } } around the bytes of a record.
std::string WrapRecord(std::string record) {
  auto wrap = [](char tag, const std::string& s) { return std::string(1, tag) + static_cast<char>(s.size()) + s; };
  return wrap(0x0a, wrap(0x12, wrap(0x12, record)));
}

}  // namespace

TEST_CASE("random logs survive decode and encode, as the generated classes see it", "[unit][pdata]") {
  for (uint64_t seed = 1; seed <= 60; ++seed) RoundTrip<collector::logs::v1::ExportLogsServiceRequest, LogsData>(Signal::kLogs, seed);
}
TEST_CASE("random traces survive decode and encode, as the generated classes see it", "[unit][pdata]") {
  for (uint64_t seed = 1; seed <= 60; ++seed) RoundTrip<collector::trace::v1::ExportTraceServiceRequest, TracesData>(Signal::kTraces, seed);
}
TEST_CASE("random metrics survive decode and encode, as the generated classes see it", "[unit][pdata]") {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    RoundTrip<collector::metrics::v1::ExportMetricsServiceRequest, MetricsData>(Signal::kMetrics, seed);
  }
}

TEST_CASE("an empty log record is six bytes on the wire", "[unit][pdata]") {
  LogsData data;
  data.resources.Add(data.arena).scopes.Add(data.arena).records.Add(data.arena);
  std::string out;
  EncodeProto(data, out);
  CHECK(out == std::string("\x0a\x0e\x0a\x00\x12\x0a\x0a\x00\x12\x06\x2a\x00\x4a\x00\x52\x00", 16));
}

TEST_CASE("the value of a number point follows its exemplars on the wire", "[unit][pdata]") {
  // The reference writes a oneof where its highest field number stands.
  MetricsData data;
  Metric& metric = data.resources.Add(data.arena).scopes.Add(data.arena).records.Add(data.arena);
  metric.type = MetricType::kGauge;
  NumberDataPoint& point = metric.number_points.Add(data.arena);
  point.value_kind = NumberKind::kDouble;
  point.exemplars.Add(data.arena);
  std::string out;
  EncodeProto(data, out);
  CHECK(out.find(std::string("\x2a\x04\x22\x00\x2a\x00\x21\x00", 8)) != std::string::npos);
}

TEST_CASE("broken messages give the reference's errors", "[unit][pdata]") {
  CHECK(DecodeError<LogsData>("\x0a\x05zz") == "unexpected EOF");
  CHECK(DecodeError<LogsData>("\x0a\x80") == "unexpected EOF");
  CHECK(DecodeError<LogsData>("\x08\x01") == "proto: wrong wireType = 0 for field ResourceLogs");
  CHECK(DecodeError<LogsData>(WrapRecord("\x08\x01")) == "proto: wrong wireType = 0 for field TimeUnixNano");
  CHECK(DecodeError<TracesData>(WrapRecord("\x28\x01")) == "proto: wrong wireType = 0 for field Name");
  CHECK(DecodeError<LogsData>(WrapRecord(std::string("\x00\x01", 2))) == "proto: LogRecord: illegal tag 0 (wire type 0)");
  CHECK(DecodeError<LogsData>(WrapRecord("\x0c")) == "proto: LogRecord: wiretype end group for non-group");
  CHECK(DecodeError<LogsData>(WrapRecord("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")) == "proto: integer overflow");
  CHECK(DecodeError<LogsData>(WrapRecord("\x4a\x02zz")) == "unmarshal: invalid TraceID length");
  CHECK(DecodeError<LogsData>(WrapRecord("\x52\x02zz")) == "unmarshal: invalid SpanID length");
  CHECK(DecodeError<LogsData>(WrapRecord("\x0f")) == "proto: wrong wireType = 7 for field TimeUnixNano");
  CHECK(DecodeError<LogsData>(WrapRecord("\xf7\x01")) == "proto: illegal wireType 7");
}

TEST_CASE("unknown fields and groups are skipped, texts are not validated, nesting is bounded", "[unit][pdata]") {
  LogsData data;
  // Unknown group 30 holding a varint, then severity_text with bytes that are no UTF-8.
  std::string record = "\xf3\x01\x08\x01\xf4\x01\x1a\x02\xff\xfe";
  REQUIRE(DecodeProto(Buffer::FromString(WrapRecord(record)), data).ok());
  CHECK(data.resources[0].scopes[0].records[0].severity_text == "\xff\xfe");

  std::string deep;
  for (int i = 0; i < 3000; ++i) {
    auto wrap = [](char tag, const std::string& s) {
      std::string header(1, tag);
      for (size_t n = s.size(); ; n >>= 7) {
        header += static_cast<char>(n < 0x80 ? n : (n & 0x7F) | 0x80);
        if (n < 0x80) break;
      }
      return header + s;
    };
    deep = wrap(0x2a, wrap(0x0a, deep));
    if (i == 2999) deep = wrap(0x0a, wrap(0x12, wrap(0x12, wrap(0x2a, deep))));
  }
  CHECK(DecodeError<LogsData>(deep) == "proto: values are nested too deeply");
}

TEST_CASE("the scope list of old senders is read when the new one is empty", "[unit][pdata]") {
  // ResourceLogs { 1000: ScopeLogs { LogRecord {} } }
  std::string old = std::string("\x0a\x07\xc2\x3e\x04\x12\x02\x10\x09", 9);
  LogsData data;
  REQUIRE(DecodeProto(Buffer::FromString(old), data).ok());
  REQUIRE(data.resources[0].scopes.size() == 1);
  CHECK(data.resources[0].scopes[0].records[0].severity_number == 9);
  CHECK(SkimRecords(Signal::kLogs, {Buffer::FromString(old)}).value() == 1);
}

TEST_CASE("repeated embedded messages merge, the last member of a oneof wins", "[unit][pdata]") {
  collector::logs::v1::ExportLogsServiceRequest a, b;
  auto* r = a.add_resource_logs();
  r->mutable_resource()->set_dropped_attributes_count(3);
  auto* attribute = r->mutable_resource()->add_attributes();
  attribute->set_key("k");
  attribute->mutable_value()->set_int_value(1);
  std::string resource = r->SerializeAsString();
  auto* more = b.add_resource_logs();
  more->mutable_resource()->add_attributes()->set_key("l");
  std::string twice = resource + more->SerializeAsString();
  std::string bytes = "\x0a" + std::string(1, static_cast<char>(twice.size())) + twice;
  LogsData data;
  REQUIRE(DecodeProto(Buffer::FromString(bytes), data).ok());
  CHECK(data.resources[0].resource.attributes.size() == 2);
  CHECK(data.resources[0].resource.dropped_attributes_count == 3);
}
