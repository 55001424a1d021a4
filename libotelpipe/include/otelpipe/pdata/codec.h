// OTLP encodings of the data trees: protobuf and JSON. Batch uses the protobuf side; components that read or write OTLP JSON
// (otlp receiver, otlphttp exporter, file exporter) use the JSON side.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/pdata/batch.h"
#include "otelpipe/pdata/records.h"

namespace otelpipe {

// Decodes into `out` (appending to it). Texts become views into `wire`, which is kept alive by out->arena through
// `wire.owner`. InvalidArgument with the reference's wording where it has one; `out` is then unspecified.
absl::Status DecodeProto(const Buffer& wire, LogsData& out);
absl::Status DecodeProto(const Buffer& wire, TracesData& out);
absl::Status DecodeProto(const Buffer& wire, MetricsData& out);

// Appends the message to `out`, in the reference's field order and with its omissions.
void EncodeProto(const LogsData& data, std::string& out);
void EncodeProto(const TracesData& data, std::string& out);
void EncodeProto(const MetricsData& data, std::string& out);

// Log records, spans or data points of a message that may be split over several buffers at any byte.
// InvalidArgument when the framing down to the records is broken.
absl::StatusOr<size_t> SkimRecords(Signal signal, const WireBytes& wire);

// OTLP/JSON as spec: lowerCamelCase names (snake_case accepted), ids in hex, 64 bit integers as text or number, enums as number or name,
// unknown members skipped. Texts are copied into the arena. Errors: InvalidArgument.
absl::Status DecodeJson(std::string_view json, LogsData& out);
absl::Status DecodeJson(std::string_view json, TracesData& out);
absl::Status DecodeJson(std::string_view json, MetricsData& out);
absl::StatusOr<Batch> BatchFromJson(Signal signal, std::string_view json);

// Appends the JSON the reference writes, member by member in its order, no spaces, no newline.
void EncodeJson(const LogsData& data, std::string& out);
void EncodeJson(const TracesData& data, std::string& out);
void EncodeJson(const MetricsData& data, std::string& out);
absl::Status AppendJson(const Batch& batch, std::string& out);

}  // namespace otelpipe
