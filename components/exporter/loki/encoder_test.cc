#include "exporter/loki/encoder.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <protozero/pbf_reader.hpp>

#include "shared/loki/push_reader.h"

namespace otelpipe {
namespace {

// One line per tenant, stream and entry, as they are sent.
std::string Show(const std::vector<LokiPush>& pushes, bool times = false) {
  std::string out;
  for (const LokiPush& push : pushes) {
    if (!push.tenant.empty()) out += "tenant " + push.tenant + "\n";
    if (push.dropped != 0) out += "dropped " + std::to_string(push.dropped) + "\n";
    if (push.submitted == 0) {
      CHECK(push.body.bytes.empty());
      continue;
    }
    auto plain = loki::UnpackSnappy(push.body.bytes, 100 << 20);
    REQUIRE(plain.ok());
    size_t entries = 0;
    protozero::pbf_reader request(plain->bytes.data(), plain->bytes.size());
    while (request.next(1)) {
      protozero::pbf_reader stream = request.get_message();
      while (stream.next()) {
        if (stream.tag() == 1) {
          out += stream.get_string() + "\n";
          continue;
        }
        const bool is_entry = stream.tag() == 2;  // the reader forgets it in builds with assertions
        protozero::pbf_reader entry = stream.get_message();
        std::string line, time;
        while (entry.next()) {
          if (entry.tag() == 2) {
            line = entry.get_string();
          } else {
            protozero::pbf_reader stamp = entry.get_message();
            while (is_entry && stamp.next()) time += std::to_string(stamp.get_int64()) + " ";
          }
        }
        out += "  " + (times ? time : "") + line + "\n";
        ++entries;
      }
    }
    CHECK(entries == push.submitted);
  }
  return out;
}

struct Data {
  LogsData logs;
  Arena& arena = logs.arena;
  Map& resource;
  ScopeLogs& scope;
  Data() : resource(logs.resources.Add(logs.arena).resource.attributes), scope(logs.resources[0].scopes.Add(logs.arena)) {}

  LogRecord& Record(Value body) {
    LogRecord& record = scope.records.Add(arena);
    record.body = body;
    record.time_unix_nano = 1712045701000000000u;
    return record;
  }
  void Set(Map& map, std::string_view key, Value value) { map.Set(arena, key, value); }
  Value List(std::initializer_list<Value> items) {
    auto* list = arena.New<otelpipe::List>();
    for (const Value& item : items) list->Add(arena) = item;
    return Value::OfList(list);
  }
  Value Object(std::initializer_list<KeyValue> items) {
    Map* map = arena.New<Map>();
    for (const KeyValue& kv : items) map->Set(arena, kv.key, kv.value);
    return Value::OfMap(map);
  }
  std::string Encode(LokiDefaultLabels labels = {}) {
    LokiEncoder encoder(labels);
    std::string first = Show(encoder.Encode(logs, 5));
    // A second call must not remember the first.
    CHECK(Show(encoder.Encode(logs, 5)) == first);
    return first;
  }
};

Value S(std::string_view text) { return Value::Str(text); }

TEST_CASE("the full JSON line has every part in order", "[unit][loki]") {
  Data d;
  d.Set(d.resource, "service.namespace", S("shop"));
  d.Set(d.resource, "service.name", S("checkout"));
  d.Set(d.resource, "service.instance.id", S("i-1"));
  d.Set(d.resource, "host.name", S("h1"));
  d.scope.scope.name = "lib";
  d.scope.scope.version = "1.2";
  d.Set(d.scope.scope.attributes, "sa", S("v"));
  LogRecord& r = d.Record(S("hello <b>&\"x\""));
  r.severity_number = 9;
  r.severity_text = "Information";
  r.flags = 1;
  for (uint8_t i = 0; i < 16; ++i) r.trace_id.bytes[i] = static_cast<uint8_t>(i + 1);
  for (uint8_t i = 0; i < 8; ++i) r.span_id.bytes[i] = static_cast<uint8_t>(i + 1);
  d.Set(r.attributes, "http.method", S("GET"));
  d.Set(r.attributes, "n", Value::Int(5));
  d.Set(r.attributes, "d", Value::Double(1.5));
  d.Set(r.attributes, "ok", Value::Bool(true));
  d.Set(r.attributes, "nul", Value());
  d.Set(r.attributes, "by", Value::Bytes(std::string_view("\x00\xff", 2)));
  d.Set(r.attributes, "m", d.Object({{"b", Value::Int(1)}, {"a", d.List({Value::Int(1), S("x")})}}));
  CHECK(d.Encode() ==
        "{exporter=\"OTLP\", instance=\"i-1\", job=\"shop/checkout\", level=\"INFO\"}\n"
        "  {\"body\":\"hello \\u003cb\\u003e\\u0026\\\"x\\\"\",\"traceid\":\"0102030405060708090a0b0c0d0e0f10\","
        "\"spanid\":\"0102030405060708\",\"severity\":\"Information\",\"flags\":1,\"attributes\":{\"by\":\"AP8=\",\"d\":1.5,"
        "\"http.method\":\"GET\",\"m\":{\"a\":[1,\"x\"],\"b\":1},\"n\":5,\"nul\":null,\"ok\":true},\"resources\":{"
        "\"host.name\":\"h1\",\"service.instance.id\":\"i-1\",\"service.name\":\"checkout\",\"service.namespace\":\"shop\"},"
        "\"instrumentation_scope\":{\"name\":\"lib\",\"version\":\"1.2\",\"attributes\":{\"sa\":\"v\"}}}\n");
}

// Scenario: an attribute that is a part of the body's own bytes, cut everywhere, also inside characters and beside bad bytes.
// Guarantees: the line is the one of an equal attribute with bytes of its own.
TEST_CASE("an attribute that points into the body is written like any other", "[unit][loki]") {
  const std::string body = "12345678 \"q\"\n caf\xc3\xa9 \xe2\x80\xa8 <b>\xff\xe2\x80 0123456789012345678901234567890123456789 \xf0\x9f\x98\x80\xc3";
  for (size_t begin = 0; begin <= body.size(); ++begin) {
    for (size_t end = begin; end <= body.size(); ++end) {
      const std::string copy = body.substr(begin, end - begin), tail = body.substr(end);
      Data own, view;
      LogRecord& a = own.Record(S(body));
      own.Set(a.attributes, "first", S("x"));
      own.Set(a.attributes, "part", S(copy));
      own.Set(a.attributes, "tail", S(tail));
      LogRecord& b = view.Record(S(body));
      view.Set(b.attributes, "first", S("x"));
      view.Set(b.attributes, "part", S(std::string_view(body).substr(begin, end - begin)));
      view.Set(b.attributes, "tail", S(std::string_view(body).substr(end)));
      REQUIRE(view.Encode() == own.Encode());
    }
  }
}

TEST_CASE("bodies of all kinds, and none at all", "[unit][loki]") {
  Data d;
  d.Record(Value());
  d.Record(S(""));
  d.Record(Value::Int(5));
  d.Record(Value::Double(1));
  d.Record(Value::Bool(true));
  d.Record(d.Object({{"z", Value::Int(1)}, {"a", d.Object({{"q", d.List({Value::Int(1), Value::Int(2)})}})}}));
  d.Record(d.List({Value::Int(1), S("a"), Value()}));
  d.Record(Value::Bytes("\x01\x02"));
  CHECK(d.Encode() ==
        "{exporter=\"OTLP\"}\n  {}\n  {\"body\":\"\"}\n  {\"body\":5}\n  {\"body\":1}\n  {\"body\":true}\n"
        "  {\"body\":{\"a\":{\"q\":[1,2]},\"z\":1}}\n  {\"body\":[1,\"a\",null]}\n  {\"body\":\"AQI=\"}\n");
}

TEST_CASE("the seed's hints promote resource and record attributes and take them out of raw and JSON lines", "[unit][loki]") {
  Data d;
  d.Set(d.resource, "k8s.pod.name", S("pod-a"));
  d.Set(d.resource, "k8s.namespace.name", S("ns1"));
  d.Set(d.resource, "loki.resource.labels", S("k8s.pod.name, k8s.namespace.name, missing"));
  for (int i = 0; i < 4; ++i) {
    LogRecord& r = d.Record(S(i % 2 == 0 ? "even" : "odd"));
    d.Set(r.attributes, "log.iostream", S(i % 2 == 0 ? "stdout" : "stderr"));
    d.Set(r.attributes, "logtag", S("F"));
    d.Set(r.attributes, "loki.attribute.labels", S("log.iostream"));
    if (i == 3) d.Set(r.attributes, "loki.format", S("raw"));
  }
  CHECK(d.Encode() ==
        "{exporter=\"OTLP\", k8s_namespace_name=\"ns1\", k8s_pod_name=\"pod-a\", log_iostream=\"stdout\"}\n"
        "  {\"body\":\"even\",\"attributes\":{\"logtag\":\"F\"}}\n  {\"body\":\"even\",\"attributes\":{\"logtag\":\"F\"}}\n"
        "{exporter=\"OTLP\", k8s_namespace_name=\"ns1\", k8s_pod_name=\"pod-a\", log_iostream=\"stderr\"}\n"
        "  {\"body\":\"odd\",\"attributes\":{\"logtag\":\"F\"}}\n  odd\n");
}

TEST_CASE("a promoted name leaves both maps, whatever its origin", "[unit][loki]") {
  Data d;
  d.Set(d.resource, "k", S("resource"));
  d.Set(d.resource, "exporter", S("mine"));
  LogRecord& r = d.Record(S("x"));
  d.Set(r.attributes, "k", S("record"));
  d.Set(r.attributes, "job", S("stays"));
  d.Set(r.attributes, "exporter", S("gone"));
  d.Set(r.attributes, "loki.attribute.labels", S("k"));
  CHECK(d.Encode() == "{exporter=\"OTLP\", k=\"record\"}\n  {\"body\":\"x\",\"attributes\":{\"job\":\"stays\"}}\n");
}

TEST_CASE("the level label comes from the severity number unless the record has one", "[unit][loki]") {
  Data d;
  auto add = [&d](int32_t severity) -> LogRecord& {
    LogRecord& r = d.Record(Value());
    r.severity_number = severity;
    return r;
  };
  add(9);
  add(0);
  d.Set(add(9).attributes, "level", S("mine"));
  d.Set(add(0).attributes, "level", S("stays"));
  d.Set(add(17).attributes, "loki.attribute.labels", Value::Int(12));
  d.Set(add(17).attributes, "loki.attribute.labels", d.List({S("a")}));
  add(99);
  CHECK(d.Encode() ==
        "{exporter=\"OTLP\", level=\"INFO\"}\n  {}\n"
        "{exporter=\"OTLP\"}\n  {}\n  {\"attributes\":{\"level\":\"stays\"}}\n  {\"attributes\":{\"level\":\"ERROR\"}}\n"
        "{exporter=\"OTLP\", level=\"mine\"}\n  {}\n"
        "{exporter=\"OTLP\", level=\"ERROR\"}\n  {}\n"
        "{exporter=\"OTLP\", level=\"\"}\n  {}\n");
}

TEST_CASE("default labels can be switched off", "[unit][loki]") {
  Data d;
  d.Set(d.resource, "service.name", S("s"));
  d.Set(d.resource, "service.instance.id", Value::Int(3));
  LogRecord& r = d.Record(Value());
  r.severity_number = 9;
  d.Set(r.attributes, "exporter", S("stays"));
  CHECK(d.Encode({false, true, false, false}) ==
        "{job=\"s\"}\n  {\"attributes\":{\"exporter\":\"stays\"},\"resources\":{\"service.instance.id\":3,\"service.name\":\"s\"}}\n");
  CHECK(d.Encode({false, false, false, false}).starts_with("{}\n"));
  CHECK(d.Encode().starts_with("{exporter=\"OTLP\", instance=\"3\", job=\"s\", level=\"INFO\"}\n"));
}

TEST_CASE("hints in the wrong place act as the reference has them", "[unit][loki]") {
  Data d;
  d.Set(d.resource, "loki.attribute.labels", S("a"));
  d.Set(d.resource, "a", S("on resource"));
  LogRecord& r = d.Record(Value());
  d.Set(r.attributes, "a", S("on record"));
  d.Set(r.attributes, "loki.resource.labels", S("a"));
  d.Set(r.attributes, "loki.event.labels", S("kept"));
  CHECK(d.Encode() ==
        "{a=\"on resource\", exporter=\"OTLP\"}\n  {\"attributes\":{\"loki.event.labels\":\"kept\"}}\n");
}

TEST_CASE("label values are text forms", "[unit][loki]") {
  Data d;
  d.Set(d.resource, "loki.resource.labels", S("b,d,e,l,m,n,s"));
  d.Set(d.resource, "b", Value::Bool(true));
  d.Set(d.resource, "d", Value::Double(1e21));
  d.Set(d.resource, "e", Value());
  d.Set(d.resource, "l", d.List({Value::Int(1), S("x")}));
  d.Set(d.resource, "m", d.Object({{"k", Value::Double(std::numeric_limits<double>::infinity())}}));
  d.Set(d.resource, "n", Value::Double(std::nan("")));
  d.Set(d.resource, "s", Value::Bytes("hi"));
  d.Record(Value());
  CHECK(d.Encode() ==
        "{b=\"true\", d=\"1e+21\", e=\"\", exporter=\"OTLP\", l=\"[1,\\\"x\\\"]\", m=\"\", n=\"json: unsupported value: NaN\", "
        "s=\"aGk=\"}\n  {}\n");
}

TEST_CASE("tenants are looked up by the hint, resource first", "[unit][loki]") {
  Data d;
  d.Set(d.resource, "tenant.id", S("acme"));
  auto add = [&d](std::string_view hint, Value who) {
    LogRecord& r = d.Record(S("x"));
    if (!hint.empty()) d.Set(r.attributes, "loki.tenant", S(hint));
    d.Set(r.attributes, "who", who);
  };
  add("tenant.id", S("bob"));
  add("who", S("bob"));
  add("", S("bob"));
  add("who", Value::Int(1));
  add("nowhere", S("bob"));
  add("tenant.id", S("eve"));
  const std::string resources = ",\"resources\":{\"tenant.id\":\"acme\"}}\n";
  auto line = [&resources](std::string_view who) {
    return "  {\"body\":\"x\",\"attributes\":{\"who\":" + std::string(who) + "}" + resources;
  };
  CHECK(d.Encode() == "tenant acme\n{exporter=\"OTLP\"}\n" + line("\"bob\"") + line("\"eve\"") +
                          "tenant bob\n{exporter=\"OTLP\"}\n" + line("\"bob\"") + "{exporter=\"OTLP\"}\n" + line("\"bob\"") +
                          line("1") + line("\"bob\""));
}

TEST_CASE("records without a valid line are dropped alone", "[unit][loki]") {
  Data d;
  d.Record(Value::Double(std::nan("")));
  LogRecord& bad = d.Record(S("x"));
  d.Set(bad.attributes, "f", d.List({Value::Double(-std::numeric_limits<double>::infinity())}));
  LogRecord& unknown = d.Record(S("y"));
  d.Set(unknown.attributes, "loki.format", S("JSON"));
  LogRecord& nokey = d.Record(d.Object({{" ", S("y")}}));
  d.Set(nokey.attributes, "loki.format", S("logfmt"));
  CHECK(d.Encode() == "dropped 4\n");
  d.Record(S("good"));
  CHECK(d.Encode() == "dropped 4\n{exporter=\"OTLP\"}\n  {\"body\":\"good\"}\n");
}

TEST_CASE("a resource or scope that JSON can't hold drops JSON lines only", "[unit][loki]") {
  Data d;
  LogRecord& raw = d.Record(S("raw line"));
  d.Set(raw.attributes, "loki.format", S("raw"));
  d.Record(S("json line"));
  SECTION("resource") { d.Set(d.resource, "nan", Value::Double(std::nan(""))); }
  SECTION("scope") {
    d.scope.scope.name = "lib";
    d.Set(d.scope.scope.attributes, "nan", Value::Double(std::nan("")));
  }
  CHECK(d.Encode() == "dropped 1\n{exporter=\"OTLP\"}\n  raw line\n");
}

TEST_CASE("the resource's format wins over the record's", "[unit][loki]") {
  Data d;
  d.Set(d.resource, "loki.format", S("raw"));
  LogRecord& r = d.Record(d.Object({{"b", Value::Int(1)}, {"a", S("x<")}}));
  d.Set(r.attributes, "loki.format", S("json"));
  d.Record(S("two\nlines"));
  d.Record(Value());
  CHECK(d.Encode() == "{exporter=\"OTLP\"}\n  {\"a\":\"x\\u003c\",\"b\":1}\n  two\nlines\n  \n");
}

TEST_CASE("logfmt lines have body, fields, attributes, resource and scope", "[unit][loki]") {
  Data d;
  d.Set(d.resource, "service.name", S("s"));
  d.Set(d.resource, "loki.format", S("logfmt"));
  d.scope.scope.name = "lib";
  d.scope.scope.version = "1";
  d.Set(d.scope.scope.attributes, "sa", S("v"));
  LogRecord& r = d.Record(S("hello world"));
  r.severity_number = 9;
  r.severity_text = "INFO";
  r.flags = 1;
  for (uint8_t i = 0; i < 16; ++i) r.trace_id.bytes[i] = static_cast<uint8_t>(i + 1);
  for (uint8_t i = 0; i < 8; ++i) r.span_id.bytes[i] = static_cast<uint8_t>(i + 1);
  d.Set(r.attributes, "a", S("1"));
  d.Set(r.attributes, "b.c", S("x y"));
  d.Set(r.attributes, "m", d.Object({{"p", Value::Bool(true)}, {"q", d.List({Value::Int(1), S("z")})}}));
  d.Set(r.attributes, "d", Value::Double(1e21));
  d.Set(r.attributes, "by", Value::Bytes(std::string_view("\x00\xff", 2)));
  d.Set(r.attributes, "s", S(""));
  d.Set(r.attributes, "q", S("a\"b=c"));
  d.Set(r.attributes, "nl", S("l1\nl2"));
  d.Set(r.attributes, "null", S("null"));
  d.Set(r.attributes, "uni", S("caf\xc3\xa9"));
  CHECK(d.Encode() ==
        "{exporter=\"OTLP\", job=\"s\", level=\"INFO\"}\n"
        "  hello= world= traceID=0102030405060708090a0b0c0d0e0f10 spanID=0102030405060708 severity=INFO flags=1 attribute_a=1 "
        "attribute_b.c=\"x y\" attribute_m_p=true attribute_m_q_0=1 attribute_m_q_1=z attribute_d=1e+21 "
        "attribute_by=\"\\u0000\\ufffd\" attribute_s= attribute_q=\"a\\\"b=c\" attribute_nl=\"l1\\nl2\" "
        "attribute_null=\"null\" attribute_uni=caf\xc3\xa9 resource_service.name=s instrumentation_scope_name=lib "
        "instrumentation_scope_version=1 instrumentation_scope_attribute_sa=v\n");
}

TEST_CASE("entries carry the time, else the observed time, else now", "[unit][loki]") {
  Data d;
  d.Record(S("a")).time_unix_nano = 1000000002;
  LogRecord& observed = d.Record(S("b"));
  observed.time_unix_nano = 0;
  observed.observed_time_unix_nano = 3000000000;
  d.Record(S("c")).time_unix_nano = 0;
  LokiEncoder encoder({});
  CHECK(Show(encoder.Encode(d.logs, 4000000005), true) ==
        "{exporter=\"OTLP\"}\n  1 2 {\"body\":\"a\"}\n  3 {\"body\":\"b\"}\n  4 5 {\"body\":\"c\"}\n");
}

TEST_CASE("equal label sets share a stream over resources, and data without records gives nothing", "[unit][loki]") {
  Data d;
  d.Record(S("1"));
  d.logs.resources.Add(d.arena).scopes.Add(d.arena).records.Add(d.arena).body = S("2");
  CHECK(d.logs.resources.size() == 2);
  LokiEncoder encoder({});
  CHECK(Show(encoder.Encode(d.logs, 1)) == "{exporter=\"OTLP\"}\n  {\"body\":\"1\"}\n  {\"body\":\"2\"}\n");
  LogsData none;
  CHECK(encoder.Encode(none, 1).empty());
}

// Scenario: more label sets and attribute shapes than are remembered, in random order.
// Guarantees: what is remembered never changes the result: every record is in its stream with its own attributes.
TEST_CASE("many label sets and shapes do not mix", "[unit][loki]") {
  Data d;
  std::vector<std::string> keys;
  for (int i = 0; i < 60; ++i) keys.push_back("k" + std::to_string(i));
  for (int i = 0; i < 600; ++i) {
    LogRecord& r = d.Record(Value::Int(i));
    d.Set(r.attributes, "loki.attribute.labels", S("l"));
    d.Set(r.attributes, "l", Value::Int(i * 7 % 40));
    d.Set(r.attributes, keys[static_cast<size_t>(i * 11 % 60)], Value::Int(i));
  }
  LokiEncoder encoder({});
  std::string expected;
  for (int n = 0; n < 40; ++n) {
    const int label = n * 7 % 40;
    expected += "{exporter=\"OTLP\", l=\"" + std::to_string(label) + "\"}\n";
    for (int i = 0; i < 600; ++i) {
      if (i * 7 % 40 != label) continue;
      expected += "  {\"body\":" + std::to_string(i) + ",\"attributes\":{\"k" + std::to_string(i * 11 % 60) +
                  "\":" + std::to_string(i) + "}}\n";
    }
  }
  CHECK(Show(encoder.Encode(d.logs, 1)) == expected);
}

}  // namespace
}  // namespace otelpipe
