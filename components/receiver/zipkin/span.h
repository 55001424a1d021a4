// A span of Zipkin's model, version 2. Texts are views into what they were read from.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/pdata/records.h"

namespace otelpipe::zipkin {

struct Endpoint {
  std::string_view service_name;
  std::string_view ipv4, ipv6;  // as text
  int64_t port = 0;
};

struct Annotation {
  uint64_t unix_nanos = 0;
  std::string_view value;
};

enum class Kind { kNone, kClient, kServer, kProducer, kConsumer };

struct Span {
  TraceId trace_id;
  SpanId id, parent_id;
  Kind kind = Kind::kNone;
  std::string_view name;
  uint64_t start_nanos = 0;  // 0: not told
  uint64_t duration_nanos = 0;
  std::optional<Endpoint> local, remote;
  std::vector<Annotation> annotations;
  std::vector<std::pair<std::string_view, std::string_view>> tags;
};

// Readers copy the texts that they have to unescape to `arena`; `body` and the arena must outlive the spans. InvalidArgument for anything malformed.
absl::StatusOr<std::vector<Span>> ReadJson(std::string_view body, Arena& arena);
absl::StatusOr<std::vector<Span>> ReadProto(std::string_view body, Arena& arena);

// Version 1 as JSON becomes records at once: its resources are made of other things. `now_nanos` stands for a missing start.
absl::Status ReadJsonV1(std::string_view body, bool parse_tags, uint64_t now_nanos, TracesData& out);

// Version 2: one resource for each service of the local endpoints, sorted by service and scope. InvalidArgument for links and annotations of ours that are
// malformed.
absl::Status Translate(std::vector<Span> spans, bool parse_tags, TracesData& out);

// A tag's value: with `parse` numbers and booleans become such.
Value TagValue(std::string_view text, bool parse);

// The attribute of spans that came without a start.
inline constexpr std::string_view kStartAbsent = "otel.zipkin.absentField.startTime";

}  // namespace otelpipe::zipkin
