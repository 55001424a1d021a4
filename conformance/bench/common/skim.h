// Counts what is in a request without decoding it: only tags and lengths are read, and bodies are
// stepped over, also across the slices of a gRPC buffer.
//
//   SkimCounts counts;
//   if (!SkimOtlp(Signal::kLogs, {&span, 1}, nullptr, &counts)) ...   // not protobuf
//
// `each`, where given, is called with the bytes of every record (log record, span, metric, Loki
// line); records must then be contiguous, so pass one span. Views handed to it live for the call.
// Nothing throws. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace otelpipe::bench {

enum class Signal { kLogs, kTraces, kMetrics };

struct SkimCounts {
  int64_t records = 0;  // log records, spans, metrics, or Loki entries
  int64_t points = 0;   // data points, metrics only
  int64_t streams = 0;  // Loki only
  int64_t bytes = 0;    // bytes of the lines, Loki only
};

using EachRecord = std::function<void(std::string_view)>;

// The body of an OTLP Export request. False: truncated or not protobuf.
bool SkimOtlp(Signal signal, std::span<const std::string_view> slices, const EachRecord& each,
              SkimCounts* counts);

// The uncompressed protobuf body of a Loki push; `stream` gets the text of each label set.
bool SkimLokiProto(std::string_view body, const EachRecord& stream, const EachRecord& each,
                   SkimCounts* counts);

// The JSON body of a Loki push, read in one pass; `stream` gets the raw object of the labels,
// `each` the line still escaped. Brackets must balance; nothing else is validated.
bool SkimLokiJson(std::string_view body, const EachRecord& stream, const EachRecord& each,
                  SkimCounts* counts);

// The JSON body of an OTLP request: counts the objects at the depth of a record.
bool SkimOtlpJson(Signal signal, std::string_view body, const EachRecord& each,
                  SkimCounts* counts);

// The number behind the first "seq=" that has ten digits, or -1.
int64_t SeqOf(std::string_view record);

}  // namespace otelpipe::bench
