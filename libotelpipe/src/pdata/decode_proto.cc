// Protobuf decoders of logs and traces; metrics have a file of their own.
#include "pdata/decode_common.h"

namespace otelpipe {
namespace internal {
namespace {

void DecodeLogRecord(std::string_view bytes, LogRecord& record, Arena& arena) {
  WireReader in(bytes, "LogRecord");
  while (in.Next()) {
    switch (in.field()) {
      case 1: record.time_unix_nano = in.Fixed64("TimeUnixNano"); break;
      case 2: record.severity_number = static_cast<int32_t>(in.Varint("SeverityNumber")); break;
      case 3: record.severity_text = in.Bytes("SeverityText"); break;
      case 5: DecodeValue(in.Bytes("Body"), record.body, arena); break;
      case 6: DecodeAttribute(in, record.attributes, arena); break;
      case 7: record.dropped_attributes_count = static_cast<uint32_t>(in.Varint("DroppedAttributesCount")); break;
      case 8: record.flags = in.Fixed32("Flags"); break;
      case 9: DecodeId(in.Bytes("TraceId"), record.trace_id); break;
      case 10: DecodeId(in.Bytes("SpanId"), record.span_id); break;
      case 11: record.observed_time_unix_nano = in.Fixed64("ObservedTimeUnixNano"); break;
      case 12: record.event_name = in.Bytes("EventName"); break;
      default: in.Skip();
    }
  }
}

void DecodeEvent(std::string_view bytes, SpanEvent& event, Arena& arena) {
  WireReader in(bytes, "Span_Event");
  while (in.Next()) {
    switch (in.field()) {
      case 1: event.time_unix_nano = in.Fixed64("TimeUnixNano"); break;
      case 2: event.name = in.Bytes("Name"); break;
      case 3: DecodeAttribute(in, event.attributes, arena); break;
      case 4: event.dropped_attributes_count = static_cast<uint32_t>(in.Varint("DroppedAttributesCount")); break;
      default: in.Skip();
    }
  }
}

void DecodeLink(std::string_view bytes, SpanLink& link, Arena& arena) {
  WireReader in(bytes, "Span_Link");
  while (in.Next()) {
    switch (in.field()) {
      case 1: DecodeId(in.Bytes("TraceId"), link.trace_id); break;
      case 2: DecodeId(in.Bytes("SpanId"), link.span_id); break;
      case 3: link.trace_state = in.Bytes("TraceState"); break;
      case 4: DecodeAttribute(in, link.attributes, arena); break;
      case 5: link.dropped_attributes_count = static_cast<uint32_t>(in.Varint("DroppedAttributesCount")); break;
      case 6: link.flags = in.Fixed32("Flags"); break;
      default: in.Skip();
    }
  }
}

void DecodeStatus(std::string_view bytes, Span& span) {
  WireReader in(bytes, "Status");
  while (in.Next()) {
    switch (in.field()) {
      case 2: span.status_message = in.Bytes("Message"); break;
      case 3: span.status_code = static_cast<int32_t>(in.Varint("Code")); break;
      default: in.Skip();
    }
  }
}

void DecodeSpan(std::string_view bytes, Span& span, Arena& arena) {
  WireReader in(bytes, "Span");
  while (in.Next()) {
    switch (in.field()) {
      case 1: DecodeId(in.Bytes("TraceId"), span.trace_id); break;
      case 2: DecodeId(in.Bytes("SpanId"), span.span_id); break;
      case 3: span.trace_state = in.Bytes("TraceState"); break;
      case 4: DecodeId(in.Bytes("ParentSpanId"), span.parent_span_id); break;
      case 5: span.name = in.Bytes("Name"); break;
      case 6: span.kind = static_cast<int32_t>(in.Varint("Kind")); break;
      case 7: span.start_time_unix_nano = in.Fixed64("StartTimeUnixNano"); break;
      case 8: span.end_time_unix_nano = in.Fixed64("EndTimeUnixNano"); break;
      case 9: DecodeAttribute(in, span.attributes, arena); break;
      case 10: span.dropped_attributes_count = static_cast<uint32_t>(in.Varint("DroppedAttributesCount")); break;
      case 11: {
        std::string_view element = NextElement(in, span.events, arena, "Events");
        DecodeEvent(element, span.events.back(), arena);
        break;
      }
      case 12: span.dropped_events_count = static_cast<uint32_t>(in.Varint("DroppedEventsCount")); break;
      case 13: {
        std::string_view element = NextElement(in, span.links, arena, "Links");
        DecodeLink(element, span.links.back(), arena);
        break;
      }
      case 14: span.dropped_links_count = static_cast<uint32_t>(in.Varint("DroppedLinksCount")); break;
      case 15: DecodeStatus(in.Bytes("Status"), span); break;
      case 16: span.flags = in.Fixed32("Flags"); break;
      default: in.Skip();
    }
  }
}

constexpr TreeNames kLogsNames = {"ExportLogsServiceRequest", "ResourceLogs", "ScopeLogs", "ResourceLogs",
                                  "ScopeLogs", "DeprecatedScopeLogs", "LogRecords"};
constexpr TreeNames kTracesNames = {"ExportTraceServiceRequest", "ResourceSpans", "ScopeSpans", "ResourceSpans",
                                    "ScopeSpans", "DeprecatedScopeSpans", "Spans"};

}  // namespace
}  // namespace internal

absl::Status DecodeProto(const Buffer& wire, LogsData& out) {
  return internal::DecodeTree(wire, out, internal::kLogsNames, internal::DecodeLogRecord);
}

absl::Status DecodeProto(const Buffer& wire, TracesData& out) {
  return internal::DecodeTree(wire, out, internal::kTracesNames, internal::DecodeSpan);
}

}  // namespace otelpipe
