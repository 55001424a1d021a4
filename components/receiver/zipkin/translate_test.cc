#include <catch2/catch.hpp>
#include <protozero/pbf_writer.hpp>

#include "otelpipe/pdata/batch.h"
#include "receiver/zipkin/span.h"

namespace otelpipe {
namespace {

std::string Attributes(const Map& map) {
  std::string out;
  for (const KeyValue& kv : map) out += (out.empty() ? "" : ",") + std::string(kv.key) + "=" + kv.value.AsString();
  return out;
}

std::string Hex(const uint8_t* bytes, size_t n) {
  std::string out;
  char two[3];
  for (size_t i = 0; i < n; ++i) {
    std::snprintf(two, sizeof two, "%02x", bytes[i]);
    out += two;
  }
  return out;
}

// `resource [scope@version] name kind start-end status attributes events`, one line a span.
std::string Seen(const TracesData& data) {
  std::string out;
  for (const ResourceSpans& r : data.resources) {
    for (const ScopeSpans& s : r.scopes) {
      for (const Span& span : s.records) {
        out += "{" + Attributes(r.resource.attributes) + "} [" + std::string(s.scope.name) + "@" + std::string(s.scope.version) + "] " +
               std::string(span.name) + " k" + std::to_string(span.kind) + " " + std::to_string(span.start_time_unix_nano) + "+" +
               std::to_string(span.end_time_unix_nano - span.start_time_unix_nano) + " s" + std::to_string(span.status_code) +
               std::string(span.status_message) + " {" + Attributes(span.attributes) + "}";
        for (const SpanEvent& e : span.events) {
          out += " @" + std::to_string(e.time_unix_nano) + std::string(e.name) + "{" + Attributes(e.attributes) + "}";
        }
        for (const SpanLink& l : span.links) out += " ->" + Hex(l.span_id.bytes.data(), 8) + "{" + Attributes(l.attributes) + "}";
        out += "\n";
      }
    }
  }
  return out;
}

std::string V2(const std::string& json, bool parse_tags = false) {
  Arena arena;
  auto spans = zipkin::ReadJson(json, arena);
  if (!spans.ok()) return std::string(spans.status().message());
  TracesData data;
  const absl::Status status = zipkin::Translate(*std::move(spans), parse_tags, data);
  return status.ok() ? Seen(data) : std::string(status.message());
}

std::string V1(const std::string& json) {
  TracesData data;
  const absl::Status status = zipkin::ReadJsonV1(json, false, 77, data);
  return status.ok() ? Seen(data) : std::string(status.message());
}

TEST_CASE("a span of version 2 becomes a span, its tags attributes of what they are about", "[component][zipkin]") {
  CHECK(V2(R"([{"traceId":"4d1e00c0db9010db86154a4ba6e91385","parentId":"86154a4ba6e91385","id":"4d1e00c0db9010db","kind":"CLIENT","name":"get",
      "timestamp":1472470996199000,"duration":207000,"localEndpoint":{"serviceName":"frontend","ipv6":"7::0:80:99:10","port":80},
      "remoteEndpoint":{"serviceName":"backend","ipv4":"192.168.99.101","port":9000},
      "annotations":[{"timestamp":1472470996238000,"value":"foo"}],
      "tags":{"http.path":"/api","host.name":"h","otel.library.name":"lib","otel.library.version":"1"}}])") ==
        "{service.name=frontend,host.name=h} [lib@1] get k3 1472470996199000000+207000000 s0 "
        "{http.path=/api,net.host.ip=7::80:99:10,net.host.port=80,peer.service=backend,net.peer.ip=192.168.99.101,net.peer.port=9000} "
        "@1472470996238000000foo{}\n");
}

TEST_CASE("services and scopes are sorted, spans without a service stand apart", "[component][zipkin]") {
  const std::string span = R"("traceId":"1","id":"1","timestamp":1)";
  CHECK(V2("[{" + span + R"(,"name":"b1","localEndpoint":{"serviceName":"b"}},{)" + span + R"(,"name":"none"},{)" + span +
           R"(,"name":"a1","localEndpoint":{"serviceName":"a"}}])") ==
        "{} [@] none k0 1000+0 s0 {}\n{service.name=a} [@] a1 k0 1000+0 s0 {}\n{service.name=b} [@] b1 k0 1000+0 s0 {}\n");
}

TEST_CASE("status, kind, links and annotations come back from tags", "[component][zipkin]") {
  auto tags = [](const std::string& t) { return V2(R"([{"traceId":"1","id":"2","timestamp":1,"tags":{)" + t + "}}]"); };
  CHECK(tags(R"("error":"true")") == "{} [@]  k0 1000+0 s2 {}\n");
  CHECK(tags(R"("error":"bad","span.kind":"internal")") == "{} [@]  k1 1000+0 s2 {error=bad}\n");
  CHECK(tags(R"("otel.status_code":"STATUS_CODE_ERROR","otel.status_description":"x")") == "{} [@]  k0 1000+0 s2x {}\n");
  CHECK(tags(R"("otlp.link.0":"4d1e00c0db9010db86154a4ba6e91385|4d1e00c0db9010db||{\"a\":1,\"b\":\"x|y\"}|0")") ==
        "{} [@]  k0 1000+0 s0 {} ->4d1e00c0db9010db{a=1,b=x|y}\n");
  CHECK(tags(R"("otlp.link.0":"4d|4d1e00c0db9010db||{}|0")") == "invalid length for ID");
  CHECK(V2(R"([{"traceId":"1","id":"2","timestamp":1,"annotations":[{"timestamp":5,"value":"e|{\"k\":true,\"d\":1.5}|0"}]}])") ==
        "{} [@]  k0 1000+0 s0 {} @5000e{k=true,d=1.5}\n");
}

TEST_CASE("tags are parsed when asked for, and a missing start is told", "[component][zipkin]") {
  const std::string json = R"([{"traceId":"1","id":"2","duration":3,"tags":{"i":"-5","d":"1.5","b":"true","s":"1.","v":"1.2.3"}}])";
  CHECK(V2(json) == "{} [@]  k0 0+3000 s0 {i=-5,d=1.5,b=true,s=1.,v=1.2.3,otel.zipkin.absentField.startTime=true}\n");
  Arena arena;
  TracesData data;
  REQUIRE(zipkin::Translate(*zipkin::ReadJson(json, arena), true, data).ok());
  const Map& attributes = data.resources[0].scopes[0].records[0].attributes;
  CHECK(attributes.Find("i")->integer() == -5);
  CHECK(attributes.Find("d")->number() == 1.5);
  CHECK(attributes.Find("b")->boolean());
  CHECK(attributes.Find("s")->is_string());
  CHECK(attributes.Find("v")->is_string());
}

TEST_CASE("what is no list of spans is refused", "[component][zipkin]") {
  CHECK(V2("").find("invalid JSON") == 0);
  CHECK(V2("{}") == "invalid JSON: a list of spans is expected");
  CHECK(V2("[5]") == "invalid JSON: a span must be an object");
  CHECK(V2("[{}]") == "valid traceId required");
  CHECK(V2(R"([{"traceId":"1","id":"x"}])") == "valid span id required");
  CHECK(V2(R"([{"traceId":"1","id":"1","duration":-1}])") == "valid duration required");
  CHECK(V2(R"([{"traceId":"1","id":"1","timestamp":9223372036854775807}])") == "\"timestamp\" is too large");
  CHECK(V2(R"([{"traceId":"1","id":"1","localEndpoint":{"ipv4":"300.1.1.1"}}])") == "invalid IP address: 300.1.1.1");
  CHECK(V2(R"([{"traceId":"1","id":"1","tags":{"a":1}}])") == "the tag \"a\" must be a string");
  CHECK(V2("[]") == "");
  CHECK(V2("[null]") == "");
}

TEST_CASE("protobuf says the same as JSON", "[component][zipkin]") {
  std::string body;
  protozero::pbf_writer list(body);
  {
    protozero::pbf_writer span(list, 1);
    span.add_bytes(1, std::string("\0\0\0\0\0\0\0\1", 8));
    span.add_bytes(3, std::string("\0\0\0\0\0\0\0\2", 8));
    span.add_enum(4, 2);
    span.add_string(5, "get");
    span.add_fixed64(6, 10);
    span.add_uint64(7, 5);
    {
      protozero::pbf_writer endpoint(span, 8);
      endpoint.add_string(1, "svc");
      endpoint.add_bytes(2, std::string("\x7f\0\0\1", 4));
      endpoint.add_int32(4, 80);
    }
    {
      protozero::pbf_writer annotation(span, 10);
      annotation.add_fixed64(1, 11);
      annotation.add_string(2, "e");
    }
    protozero::pbf_writer tag(span, 11);
    tag.add_string(1, "a");
    tag.add_string(2, "b");
  }
  Arena arena;
  auto spans = zipkin::ReadProto(body, arena);
  REQUIRE(spans.ok());
  TracesData data;
  REQUIRE(zipkin::Translate(*std::move(spans), false, data).ok());
  CHECK(Seen(data) == "{service.name=svc} [@] get k2 10000+5000 s0 {a=b,net.host.ip=127.0.0.1,net.host.port=80} @11000e{}\n");
  CHECK_FALSE(zipkin::ReadProto(body.substr(0, 20), arena).ok());
  CHECK(zipkin::ReadProto(std::string("\x0a\x02\x2a\x00", 4), arena).status().message() == "invalid TraceID: has length 0 yet wanted length 16");
}

TEST_CASE("spans of version 1 have kind and service of their annotations", "[component][zipkin]") {
  CHECK(V1(R"([{"traceId":"0ed2e63cbe71f5a8","id":"0ed2e63cbe71f5a8","name":"check","timestamp":5,"duration":2,
      "annotations":[{"timestamp":6,"value":"sr","endpoint":{"serviceName":"front","ipv4":"1.2.3.4","port":80}},{"timestamp":7,"value":"note"}],
      "binaryAnnotations":[{"key":"a","value":"b"},{"key":"error","value":"true"}]}])") ==
        "{service.name=front,ipv4=1.2.3.4,port=80} [@] check k2 5000+2000 s2 {a=b} @7000note{}\n");
  CHECK(V1(R"([{"traceId":"0ed2e63cbe71f5a8","id":"0ed2e63cbe71f5a8","binaryAnnotations":[{"key":"lc","value":"w"}]}])") ==
        "{service.name=w} [@]  k0 77+0 s0 {component=w,otel.zipkin.absentField.startTime=true}\n");
  CHECK(V1(R"([{"traceId":"0ed2e63cbe71f5a8","id":"1"}])") == "zipkinV1 span id: hex Id has wrong length (expected 16)");
  CHECK(V1(R"([{"traceId":"1"}])").find("wrong length (expected 16 or 32)") != std::string::npos);
  CHECK(V1("{").find("zipkinv1: invalid JSON") == 0);
}

}  // namespace
}  // namespace otelpipe
