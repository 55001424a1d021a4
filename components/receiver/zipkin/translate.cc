#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "receiver/zipkin/span.h"

namespace otelpipe::zipkin {
namespace {

constexpr std::string_view kNoService = "OTLPResourceNoServiceName";
constexpr std::string_view kServiceNameSource = "otlp.service.name.source";
constexpr std::string_view kLibraryName = "otel.library.name";
constexpr std::string_view kLibraryVersion = "otel.library.version";
constexpr int kMaxLinks = 128;

// Tags that are attributes of the resource: the resource conventions of version 1.6.1, and OpenCensus' own. Sorted.
constexpr std::string_view kResourceTags[] = {
    "aws.ecs.cluster.arn", "aws.ecs.container.arn", "aws.ecs.launchtype", "aws.ecs.task.arn", "aws.ecs.task.family", "aws.ecs.task.revision",
    "aws.eks.cluster.arn", "aws.log.group.arns", "aws.log.group.names", "aws.log.stream.arns", "aws.log.stream.names", "cloud.account.id",
    "cloud.availability_zone", "cloud.platform", "cloud.provider", "cloud.region", "container.id", "container.image.name", "container.image.tag",
    "container.name", "container.runtime", "deployment.environment", "device.id", "device.model.identifier", "device.model.name", "faas.id",
    "faas.instance", "faas.max_memory", "faas.name", "faas.version", "host.arch", "host.id", "host.image.id", "host.image.name", "host.image.version",
    "host.name", "host.type", "k8s.cluster.name", "k8s.container.name", "k8s.cronjob.name", "k8s.cronjob.uid", "k8s.daemonset.name",
    "k8s.daemonset.uid", "k8s.deployment.name", "k8s.deployment.uid", "k8s.job.name", "k8s.job.uid", "k8s.namespace.name", "k8s.node.name",
    "k8s.node.uid", "k8s.pod.name", "k8s.pod.uid", "k8s.replicaset.name", "k8s.replicaset.uid", "k8s.statefulset.name", "k8s.statefulset.uid",
    "opencensus.exporterversion", "opencensus.resourcetype", "opencensus.starttime", "os.description", "os.name", "os.type", "os.version",
    "process.command", "process.command_args", "process.command_line", "process.executable.name", "process.executable.path", "process.owner",
    "process.pid", "process.runtime.description", "process.runtime.name", "process.runtime.version", "service.instance.id", "service.name",
    "service.namespace", "service.version", "telemetry.auto.version", "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version",
    "webengine.description", "webengine.name", "webengine.version"};
static_assert(std::is_sorted(std::begin(kResourceTags), std::end(kResourceTags)));

bool IsResourceTag(std::string_view key) { return std::binary_search(std::begin(kResourceTags), std::end(kResourceTags), key); }

using Tags = std::vector<std::pair<std::string_view, std::string_view>>;

// Takes the tag out; the last one of a name counts.
std::optional<std::string_view> Take(Tags& tags, std::string_view key) {
  std::optional<std::string_view> found;
  std::erase_if(tags, [&](const auto& tag) {
    if (tag.first != key) return false;
    found = tag.second;
    return true;
  });
  return found;
}

std::string_view ServiceOf(const Span& s) { return s.local && !s.local->service_name.empty() ? s.local->service_name : kNoService; }
std::string_view LibraryOf(const Span& s) {
  for (const auto& [key, value] : s.tags) {
    if (key == kLibraryName) return value;
  }
  return "";
}

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t bar = text.find('|');
    parts.push_back(text.substr(0, bar));
    if (bar == text.npos) return parts;
    text.remove_prefix(bar + 1);
  }
}

// What stands between two parts, bars included.
std::string_view Between(const std::vector<std::string_view>& parts, size_t first, size_t end) {
  const char* begin = parts[first].data();
  return {begin, static_cast<size_t>(parts[end - 1].data() + parts[end - 1].size() - begin)};
}

// An object of texts, numbers and booleans; other values are left out.
absl::Status FlatJson(std::string_view text, Arena& arena, Map& out) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::object object;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS || (!root.is_null() && root.get(object) != simdjson::SUCCESS)) {
    return absl::InvalidArgumentError("attributes of a link or annotation are no JSON object");
  }
  if (root.is_null()) return absl::OkStatus();
  for (const auto [key, value] : object) {
    if (value.is_string()) {
      out.Set(arena, arena.Copy(key), Value::Str(arena.Copy(std::string_view(value.get_string()))));
    } else if (value.is_bool()) {
      out.Set(arena, arena.Copy(key), Value::Bool(value.get_bool()));
    } else if (double number = 0; value.get(number) == simdjson::SUCCESS) {
      const bool whole = std::fmod(number, 1.0) == 0.0 && std::fabs(number) < 9.2e18;
      out.Set(arena, arena.Copy(key), whole ? Value::Int(static_cast<int64_t>(number)) : Value::Double(number));
    }
  }
  return absl::OkStatus();
}

absl::Status Dropped(std::string_view text, uint32_t& out) {
  if (!absl::SimpleAtoi(A(text), &out)) return absl::InvalidArgumentError(absl::StrCat("parsing \"", A(text), "\": invalid syntax"));
  return absl::OkStatus();
}

template <size_t N>
absl::Status HexId(std::string_view text, std::array<uint8_t, N>& out) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.empty()) return absl::OkStatus();
  if (text.size() != 2 * N) return absl::InvalidArgumentError("invalid length for ID");
  const bool hex = std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); });
  if (!hex) return absl::InvalidArgumentError(absl::StrCat("cannot unmarshal ID from string '", A(text), "'"));
  const std::string bytes = absl::HexStringToBytes(A(text));
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.data()));
  return absl::OkStatus();
}

// `otlp.link.0` and so on: trace id, span id, trace state, attributes as JSON, dropped attributes.
absl::Status Links(Tags& tags, Arena& arena, otelpipe::Span& out) {
  for (int i = 0; i < kMaxLinks; ++i) {
    const std::optional<std::string_view> text = Take(tags, absl::StrCat("otlp.link.", i));
    if (!text) break;
    const std::vector<std::string_view> parts = Split(*text);
    if (parts.size() < 5) continue;
    SpanLink& link = out.links.Add(arena);
    OTELPIPE_RETURN_IF_ERROR(HexId(parts[0], link.trace_id.bytes));
    OTELPIPE_RETURN_IF_ERROR(HexId(parts[1], link.span_id.bytes));
    link.trace_state = arena.Copy(parts[2]);
    OTELPIPE_RETURN_IF_ERROR(FlatJson(Between(parts, 3, parts.size() - 1), arena, link.attributes));
    OTELPIPE_RETURN_IF_ERROR(Dropped(parts.back(), link.dropped_attributes_count));
  }
  return absl::OkStatus();
}

// An annotation that our exporters wrote has three parts: name, attributes as JSON, dropped attributes.
absl::Status Events(const Span& span, Arena& arena, otelpipe::Span& out) {
  for (const Annotation& a : span.annotations) {
    SpanEvent& event = out.events.Add(arena);
    event.time_unix_nano = a.unix_nanos;
    const std::vector<std::string_view> parts = Split(a.value);
    event.name = arena.Copy(parts[0]);
    if (parts.size() < 3) continue;
    OTELPIPE_RETURN_IF_ERROR(FlatJson(Between(parts, 1, parts.size() - 1), arena, event.attributes));
    OTELPIPE_RETURN_IF_ERROR(Dropped(parts.back(), event.dropped_attributes_count));
  }
  return absl::OkStatus();
}

void Status(Tags& tags, Arena& arena, otelpipe::Span& out) {
  if (const std::optional<std::string_view> code = Take(tags, "otel.status_code")) {
    out.status_code = *code == "STATUS_CODE_OK" || *code == "OK" ? 1 : *code == "STATUS_CODE_ERROR" || *code == "ERROR" ? 2 : 0;
    if (const std::optional<std::string_view> text = Take(tags, "otel.status_description")) out.status_message = arena.Copy(*text);
  }
  for (const auto& [key, value] : tags) {
    if (key != "error") continue;
    out.status_code = 2;
    if (value == "true") Take(tags, "error");
    break;
  }
}

int32_t KindOf(Kind kind, Tags& tags) {
  switch (kind) {
    case Kind::kClient: return 3;
    case Kind::kServer: return 2;
    case Kind::kProducer: return 4;
    case Kind::kConsumer: return 5;
    case Kind::kNone: break;
  }
  return Take(tags, "span.kind") == "internal" ? 1 : 0;
}

void EndpointAttributes(const Endpoint& e, bool remote, Arena& arena, Map& out) {
  auto insert = [&](std::string_view key, std::string_view text) {
    if (!text.empty() && out.Find(key) == nullptr) out.Append(arena, key, Value::Str(arena.Copy(text)));
  };
  if (remote) insert("peer.service", e.service_name);
  insert(remote ? "net.peer.ip" : "net.host.ip", e.ipv4);
  insert(remote ? "net.peer.ip" : "net.host.ip", e.ipv6);
  if (e.port > 0) out.Set(arena, remote ? "net.peer.port" : "net.host.port", Value::Int(e.port));
}

absl::Status ToSpan(const Span& from, Tags& tags, bool parse_tags, Arena& arena, otelpipe::Span& out) {
  out.trace_id = from.trace_id;
  out.span_id = from.id;
  if (const std::optional<std::string_view> state = Take(tags, "w3c.tracestate")) out.trace_state = arena.Copy(*state);
  if (from.parent_id.bytes != from.id.bytes) out.parent_span_id = from.parent_id;
  out.name = arena.Copy(from.name);
  out.kind = KindOf(from.kind, tags);
  Status(tags, arena, out);
  OTELPIPE_RETURN_IF_ERROR(Links(tags, arena, out));
  for (const auto& [key, value] : tags) {
    if (IsResourceTag(key) || key == kServiceNameSource || key == kLibraryName || key == kLibraryVersion) continue;
    Value v = TagValue(value, parse_tags);
    if (v.is_string()) v = Value::Str(arena.Copy(value));
    out.attributes.Set(arena, arena.Copy(key), v);
  }
  if (from.local) EndpointAttributes(*from.local, false, arena, out.attributes);
  if (from.remote) EndpointAttributes(*from.remote, true, arena, out.attributes);
  out.start_time_unix_nano = from.start_nanos;
  out.end_time_unix_nano = from.start_nanos + from.duration_nanos;
  if (from.start_nanos == 0) out.attributes.Set(arena, kStartAbsent, Value::Bool(true));
  return Events(from, arena, out);
}

void ToResource(Tags& tags, std::string_view service, Arena& arena, Map& out) {
  if (service == kNoService) return;
  const std::optional<std::string_view> source = Take(tags, kServiceNameSource);
  out.Set(arena, source && !source->empty() ? arena.Copy(*source) : std::string_view("service.name"), Value::Str(arena.Copy(service)));
  for (const auto& [key, value] : tags) {
    if (IsResourceTag(key)) out.Set(arena, arena.Copy(key), Value::Str(arena.Copy(value)));
  }
}

}  // namespace

Value TagValue(std::string_view text, bool parse) {
  if (!parse || text.empty()) return Value::Str(text);
  if (text == "true" || text == "false") return Value::Bool(text == "true");
  const std::string_view digits = text[0] == '-' ? text.substr(1) : text;
  const size_t dot = digits.find('.');
  const bool number = !digits.empty() && digits.find_first_not_of("0123456789.") == digits.npos && dot != 0 && dot + 1 != digits.size() &&
                      (dot == digits.npos || digits.find('.', dot + 1) == digits.npos);
  int64_t i = 0;
  double d = 0;
  if (number && dot == digits.npos && absl::SimpleAtoi(A(text), &i)) return Value::Int(i);
  if (number && dot != digits.npos && absl::SimpleAtod(A(text), &d)) return Value::Double(d);
  return Value::Str(text);
}

absl::Status Translate(std::vector<Span> spans, bool parse_tags, TracesData& out) {
  Arena& arena = out.arena;
  // The reference's sorting turns equal ones round, up to a dozen.
  std::reverse(spans.begin(), spans.end());
  std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return std::pair(ServiceOf(a), LibraryOf(a)) < std::pair(ServiceOf(b), LibraryOf(b));
  });
  ResourceSpans* resource = nullptr;
  ScopeSpans* scope = nullptr;
  for (size_t i = 0; i < spans.size(); ++i) {
    Tags tags = spans[i].tags;
    const bool new_service = i == 0 || ServiceOf(spans[i]) != ServiceOf(spans[i - 1]);
    if (new_service) {
      resource = &out.resources.Add(arena);
      ToResource(tags, ServiceOf(spans[i]), arena, resource->resource.attributes);
    }
    if (new_service || LibraryOf(spans[i]) != LibraryOf(spans[i - 1])) {
      scope = &resource->scopes.Add(arena);
      if (const std::string_view library = LibraryOf(spans[i]); !library.empty()) {
        scope->scope.name = arena.Copy(library);
        Take(tags, kLibraryName);
        if (const std::optional<std::string_view> version = Take(tags, kLibraryVersion)) scope->scope.version = arena.Copy(*version);
      }
    }
    OTELPIPE_RETURN_IF_ERROR(ToSpan(spans[i], tags, parse_tags, arena, scope->records.Add(arena)));
  }
  return absl::OkStatus();
}

}  // namespace otelpipe::zipkin
