// Reads Loki push requests into log records, as the reference's translator does: one resource, one scope, a record per entry with the
// line as body and the stream's labels as attributes, sorted by name. Labels that begin with two underscores are internal and left out.
// Structured metadata of an entry follows the labels (the reference drops it).
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/pdata/arena.h"
#include "otelpipe/pdata/records.h"

namespace otelpipe::loki {

struct PushReadOptions {
  uint64_t now_unix_nano = 0;           // observed time of the records
  bool use_incoming_timestamp = false;  // else the records' time is `now` too
};

// A protobuf PushRequest. Lines are views into `message`, which the arena of `out` keeps alive.
// InvalidArgument: damaged message, or labels that can't be read (`1 entries failed to process, the last error: ...`).
absl::Status ReadPushProto(const Buffer& message, const PushReadOptions& options, LogsData& out);

// The JSON form: {"streams": [{"stream": {...}, "values": [["<nanoseconds>", "line", {...}]]}]}, and the older
// {"streams": [{"labels": "{...}", "entries": [{"ts": "<RFC 3339>", "line": "..."}]}]}.
absl::Status ReadPushJson(std::string_view json, const PushReadOptions& options, LogsData& out);

// Unpacks a raw snappy block of at most `limit` bytes.
absl::StatusOr<Buffer> UnpackSnappy(std::string_view packed, size_t limit);

}  // namespace otelpipe::loki
