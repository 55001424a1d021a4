// Zipkin's JSON, versions 2 and 1.
#include <arpa/inet.h>
#include <simdjson.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "receiver/zipkin/span.h"

namespace otelpipe::zipkin {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr int64_t kMicro = 1000;
constexpr int64_t kLatest = std::numeric_limits<int64_t>::max() / kMicro;
constexpr std::string_view kUnknownService = "unknown-service";

absl::Status Bad(std::string_view what) { return absl::InvalidArgumentError(A(what)); }

// The member `key` as text; empty when it is missing or null.
absl::Status Text(const object& from, std::string_view key, Arena& arena, std::string_view& out) {
  element value;
  if (from[key].get(value) != simdjson::SUCCESS || value.is_null()) return absl::OkStatus();
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return Bad(absl::StrCat("\"", A(key), "\" must be a string"));
  out = arena.Copy(text);
  return absl::OkStatus();
}

absl::Status Number(const object& from, std::string_view key, int64_t& out) {
  element value;
  if (from[key].get(value) != simdjson::SUCCESS || value.is_null()) return absl::OkStatus();
  if (double number = 0; value.get(out) != simdjson::SUCCESS) {
    // Some clients write microseconds as 1.5e15.
    if (value.get(number) != simdjson::SUCCESS || !(std::abs(number) < 9e18)) return Bad(absl::StrCat("\"", A(key), "\" must be a number"));
    out = static_cast<int64_t>(number);
  }
  return absl::OkStatus();
}

// Microseconds as nanoseconds.
absl::Status Micros(const object& from, std::string_view key, uint64_t& out) {
  int64_t micros = 0;
  OTELPIPE_RETURN_IF_ERROR(Number(from, key, micros));
  if (micros > kLatest) return Bad(absl::StrCat("\"", A(key), "\" is too large"));
  if (micros > 0) out = static_cast<uint64_t>(micros * kMicro);
  return absl::OkStatus();
}

template <size_t N>
bool HexRight(std::string_view text, std::array<uint8_t, N>& out) {
  if (text.empty() || text.size() > 2 * N) return false;
  if (!std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); })) return false;
  const std::string bytes = absl::HexStringToBytes(absl::StrCat(std::string(2 * N - text.size(), '0'), A(text)));
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.data()));
  return true;
}

// An address in its plain form.
absl::Status Address(const object& from, std::string_view key, int family, Arena& arena, std::string_view& out) {
  std::string_view text;
  OTELPIPE_RETURN_IF_ERROR(Text(from, key, arena, text));
  if (text.empty()) return absl::OkStatus();
  unsigned char bytes[16];
  char plain[INET6_ADDRSTRLEN];
  for (const int f : {family, AF_INET, AF_INET6}) {
    if (inet_pton(f, std::string(text).c_str(), bytes) != 1 || inet_ntop(f, bytes, plain, sizeof plain) == nullptr) continue;
    out = arena.Copy(plain);
    return absl::OkStatus();
  }
  return Bad(absl::StrCat("invalid IP address: ", A(text)));
}

absl::Status ReadEndpoint(const object& from, std::string_view key, Arena& arena, std::optional<Endpoint>& out) {
  element value;
  object o;
  if (from[key].get(value) != simdjson::SUCCESS || value.is_null()) return absl::OkStatus();
  if (value.get(o) != simdjson::SUCCESS) return Bad(absl::StrCat("\"", A(key), "\" must be an object"));
  Endpoint& e = out.emplace();
  OTELPIPE_RETURN_IF_ERROR(Text(o, "serviceName", arena, e.service_name));
  OTELPIPE_RETURN_IF_ERROR(Address(o, "ipv4", AF_INET, arena, e.ipv4));
  OTELPIPE_RETURN_IF_ERROR(Address(o, "ipv6", AF_INET6, arena, e.ipv6));
  OTELPIPE_RETURN_IF_ERROR(Number(o, "port", e.port));
  if (e.port < 0 || e.port > 65535) return Bad("\"port\" must be between 0 and 65535");
  return absl::OkStatus();
}

// Calls `each` with every object of the list `key`.
template <typename Each>
absl::Status ForEach(const object& from, std::string_view key, Each each) {
  element value;
  simdjson::dom::array list;
  if (from[key].get(value) != simdjson::SUCCESS || value.is_null()) return absl::OkStatus();
  if (value.get(list) != simdjson::SUCCESS) return Bad(absl::StrCat("\"", A(key), "\" must be a list"));
  for (const element item : list) {
    object o;
    if (item.is_null()) continue;
    if (item.get(o) != simdjson::SUCCESS) return Bad(absl::StrCat("an item of \"", A(key), "\" must be an object"));
    OTELPIPE_RETURN_IF_ERROR(each(o));
  }
  return absl::OkStatus();
}

absl::Status ReadSpan(const object& from, Arena& arena, Span& s) {
  std::string_view text;
  OTELPIPE_RETURN_IF_ERROR(Text(from, "traceId", arena, text));
  if (!HexRight(text, s.trace_id.bytes) || s.trace_id.empty()) return Bad("valid traceId required");
  text = "";
  OTELPIPE_RETURN_IF_ERROR(Text(from, "id", arena, text));
  if (!HexRight(text, s.id.bytes) || s.id.empty()) return Bad("valid span id required");
  text = "";
  OTELPIPE_RETURN_IF_ERROR(Text(from, "parentId", arena, text));
  if (!text.empty() && !HexRight(text, s.parent_id.bytes)) return Bad("valid parentId required");
  text = "";
  OTELPIPE_RETURN_IF_ERROR(Text(from, "kind", arena, text));
  s.kind = text == "CLIENT"     ? Kind::kClient
           : text == "SERVER"   ? Kind::kServer
           : text == "PRODUCER" ? Kind::kProducer
           : text == "CONSUMER" ? Kind::kConsumer
                                : Kind::kNone;
  OTELPIPE_RETURN_IF_ERROR(Text(from, "name", arena, s.name));
  OTELPIPE_RETURN_IF_ERROR(Micros(from, "timestamp", s.start_nanos));
  int64_t duration = 0;
  OTELPIPE_RETURN_IF_ERROR(Number(from, "duration", duration));
  if (duration < 0 || duration > kLatest) return Bad("valid duration required");
  s.duration_nanos = static_cast<uint64_t>(duration * kMicro);
  OTELPIPE_RETURN_IF_ERROR(ReadEndpoint(from, "localEndpoint", arena, s.local));
  OTELPIPE_RETURN_IF_ERROR(ReadEndpoint(from, "remoteEndpoint", arena, s.remote));
  OTELPIPE_RETURN_IF_ERROR(ForEach(from, "annotations", [&](const object& o) -> absl::Status {
    Annotation& a = s.annotations.emplace_back();
    OTELPIPE_RETURN_IF_ERROR(Micros(o, "timestamp", a.unix_nanos));
    return Text(o, "value", arena, a.value);
  }));
  element tags;
  if (from["tags"].get(tags) != simdjson::SUCCESS || tags.is_null()) return absl::OkStatus();
  object o;
  if (tags.get(o) != simdjson::SUCCESS) return Bad("\"tags\" must be an object");
  for (const auto [key, value] : o) {
    std::string_view tag;
    if (!value.is_null() && value.get(tag) != simdjson::SUCCESS) return Bad(absl::StrCat("the tag \"", A(key), "\" must be a string"));
    s.tags.emplace_back(arena.Copy(key), arena.Copy(tag));
  }
  return absl::OkStatus();
}

absl::Status ParseList(std::string_view body, simdjson::dom::parser& parser, simdjson::dom::array& out) {
  element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root); error != simdjson::SUCCESS) {
    return Bad(absl::StrCat("invalid JSON: ", simdjson::error_message(error)));
  }
  if (root.get(out) != simdjson::SUCCESS) return Bad("invalid JSON: a list of spans is expected");
  return absl::OkStatus();
}

// --- version 1

struct Lowest {
  std::string service, ipv4, ipv6;
  int64_t port = 0;
  bool operator<(const Lowest& o) const { return std::tie(service, ipv4, ipv6, port) < std::tie(o.service, o.ipv4, o.ipv6, o.port); }
};

absl::Status EndpointV1(const object& from, Arena& arena, Lowest& out) {
  element value;
  object o;
  if (from["endpoint"].get(value) != simdjson::SUCCESS || value.is_null()) return absl::OkStatus();
  if (value.get(o) != simdjson::SUCCESS) return Bad("\"endpoint\" must be an object");
  std::string_view service, ipv4, ipv6;
  OTELPIPE_RETURN_IF_ERROR(Text(o, "serviceName", arena, service));
  OTELPIPE_RETURN_IF_ERROR(Text(o, "ipv4", arena, ipv4));
  OTELPIPE_RETURN_IF_ERROR(Text(o, "ipv6", arena, ipv6));
  OTELPIPE_RETURN_IF_ERROR(Number(o, "port", out.port));
  out.service = service;
  out.ipv4 = ipv4;
  out.ipv6 = ipv6;
  return absl::OkStatus();
}

// The kind that an annotation tells; 0 for those that are events.
int32_t KindV1(std::string_view value) {
  if (value == "cs" || value == "cr") return 3;
  if (value == "ms") return 4;
  if (value == "mr") return 5;
  return value == "ss" || value == "sr" ? 2 : 0;
}

absl::Status IdsV1(const object& from, Arena& arena, otelpipe::Span& out) {
  std::string_view text;
  OTELPIPE_RETURN_IF_ERROR(Text(from, "traceId", arena, text));
  if (text.size() != 16 && text.size() != 32) return Bad("zipkinV1 span traceId: hex traceId span has wrong length (expected 16 or 32)");
  if (!HexRight(text, out.trace_id.bytes)) return Bad("zipkinV1 span traceId: invalid hex");
  if (out.trace_id.empty()) return Bad("zipkinV1 span traceId: traceId is zero");
  for (const bool parent : {false, true}) {
    text = "";
    OTELPIPE_RETURN_IF_ERROR(Text(from, parent ? "parentId" : "id", arena, text));
    if (parent && text.empty()) continue;
    const std::string what = parent ? "zipkinV1 span parentId: " : "zipkinV1 span id: ";
    SpanId& id = parent ? out.parent_span_id : out.span_id;
    if (text.size() != 16) return Bad(what + "hex Id has wrong length (expected 16)");
    if (!HexRight(text, id.bytes)) return Bad(what + "invalid hex");
    if (id.empty()) return Bad(what + "ID is zero");
  }
  return absl::OkStatus();
}

absl::Status SpanV1(const object& from, bool parse_tags, uint64_t now_nanos, Arena& arena, otelpipe::Span& out, Lowest& endpoint) {
  OTELPIPE_RETURN_IF_ERROR(IdsV1(from, arena, out));
  OTELPIPE_RETURN_IF_ERROR(Text(from, "name", arena, out.name));
  bool named = false;
  uint64_t first = std::numeric_limits<uint64_t>::max();
  OTELPIPE_RETURN_IF_ERROR(ForEach(from, "annotations", [&](const object& o) -> absl::Status {
    std::string_view value;
    uint64_t time = 0;
    Lowest its;
    OTELPIPE_RETURN_IF_ERROR(Text(o, "value", arena, value));
    OTELPIPE_RETURN_IF_ERROR(Micros(o, "timestamp", time));
    OTELPIPE_RETURN_IF_ERROR(EndpointV1(o, arena, its));
    if (value.empty()) return absl::OkStatus();
    const int32_t kind = KindV1(value);
    if (!named && !its.service.empty() && kind != 0) {
      endpoint = its;
      named = true;
    }
    if (out.kind == 0) out.kind = kind;
    if (time < first) out.start_time_unix_nano = first = time;
    out.end_time_unix_nano = std::max(out.end_time_unix_nano, time);
    if (kind != 0) return absl::OkStatus();
    SpanEvent& event = out.events.Add(arena);
    event.time_unix_nano = time;
    event.name = value;
    return absl::OkStatus();
  }));
  std::string fallback, component;
  OTELPIPE_RETURN_IF_ERROR(ForEach(from, "binaryAnnotations", [&](const object& o) -> absl::Status {
    std::string_view key, value;
    Lowest its;
    OTELPIPE_RETURN_IF_ERROR(Text(o, "key", arena, key));
    OTELPIPE_RETURN_IF_ERROR(Text(o, "value", arena, value));
    OTELPIPE_RETURN_IF_ERROR(EndpointV1(o, arena, its));
    if (!its.service.empty()) fallback = its.service;
    if (key == "lc") {
      key = "component";
      component = value;
    }
    if (key == "error") out.status_code = 2;
    if (key == "error" && value == "true") return absl::OkStatus();
    out.attributes.Set(arena, key, TagValue(value, parse_tags));
    return absl::OkStatus();
  }));
  if (!named) endpoint.service = !fallback.empty() ? fallback : !component.empty() ? component : std::string(kUnknownService);
  uint64_t start = 0, duration = 0;
  OTELPIPE_RETURN_IF_ERROR(Micros(from, "timestamp", start));
  OTELPIPE_RETURN_IF_ERROR(Micros(from, "duration", duration));
  if (start != 0) {
    out.start_time_unix_nano = start;
    out.end_time_unix_nano = start + duration;
  }
  if (out.start_time_unix_nano == 0) {
    out.start_time_unix_nano = out.end_time_unix_nano = now_nanos;
    out.attributes.Set(arena, kStartAbsent, Value::Bool(true));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Span>> ReadJson(std::string_view body, Arena& arena) {
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  OTELPIPE_RETURN_IF_ERROR(ParseList(body, parser, list));
  std::vector<Span> spans;
  for (const element item : list) {
    if (item.is_null()) continue;
    object o;
    if (item.get(o) != simdjson::SUCCESS) return Bad("invalid JSON: a span must be an object");
    OTELPIPE_RETURN_IF_ERROR(ReadSpan(o, arena, spans.emplace_back()));
  }
  return spans;
}

absl::Status ReadJsonV1(std::string_view body, bool parse_tags, uint64_t now_nanos, TracesData& out) {
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (absl::Status status = ParseList(body, parser, list); !status.ok()) return Bad(absl::StrCat("zipkinv1: ", status.message()));
  // The spans of each endpoint, in the order of first appearance.
  std::map<Lowest, size_t> seen;
  for (const element item : list) {
    if (item.is_null()) continue;
    object o;
    if (item.get(o) != simdjson::SUCCESS) return Bad("zipkinv1: a span must be an object");
    otelpipe::Span span;
    Lowest endpoint;
    OTELPIPE_RETURN_IF_ERROR(SpanV1(o, parse_tags, now_nanos, out.arena, span, endpoint));
    const auto [at, fresh] = seen.emplace(endpoint, out.resources.size());
    if (fresh) {
      ResourceSpans& resource = out.resources.Add(out.arena);
      Map& attributes = resource.resource.attributes;
      attributes.Set(out.arena, "service.name", Value::Str(out.arena.Copy(endpoint.service)));
      if (!endpoint.ipv4.empty()) attributes.Set(out.arena, "ipv4", Value::Str(out.arena.Copy(endpoint.ipv4)));
      if (!endpoint.ipv6.empty()) attributes.Set(out.arena, "ipv6", Value::Str(out.arena.Copy(endpoint.ipv6)));
      if (endpoint.port != 0) attributes.Set(out.arena, "port", Value::Str(out.arena.Copy(absl::StrCat(endpoint.port))));
      resource.scopes.Add(out.arena);
    }
    out.resources[at->second].scopes[0].records.Add(out.arena) = std::move(span);
  }
  return absl::OkStatus();
}

}  // namespace otelpipe::zipkin
