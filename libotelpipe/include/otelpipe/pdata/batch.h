// Batch: what flows through a pipeline: logs, traces or metrics of one hand-over.
//
//   otelpipe::Batch batch = Batch::FromWire(Signal::kLogs, {buffer});   // bytes of an ExportLogsServiceRequest
//   size_t n = batch.records();                                         // skims, does not decode
//   OTELPIPE_ASSIGN_OR_RETURN(LogsData* logs, batch.EditLogs());         // decodes; the bytes are dropped
//   for (ResourceLogs& r : logs->resources) ...
//
// A batch is a move-only handle. Its content is held in one or both of two forms: OTLP protobuf bytes ("wire") and the
// decoded tree ("data"). Each is made from the other when first asked for, so bytes that nobody looks into are
// passed on untouched. Share() makes a second handle to the same content; EditX on a shared batch makes a copy first,
// so no handle ever sees the edits of another.
//
// Threads: a batch and everything shared with it belong to one thread at a time (a component's home).
// Lifetimes: views and pointers handed out live until the batch is edited or destroyed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/pdata/records.h"

namespace otelpipe {

// Where a batch came from, for processors that look at the request: headers of the client (kept only where the
// receiver's include_metadata is on; names in lower case) and what an authenticator found out.
struct ClientInfo {
  std::string address;
  std::map<std::string, std::vector<std::string>> metadata;
  std::map<std::string, std::string> auth;
};

// Concatenated, the buffers are one protobuf message. Concatenating the bytes of two messages of the same signal is the
// merged message, because Export*ServiceRequest has one repeated field and nothing else.
using WireBytes = std::vector<Buffer>;
size_t WireSize(const WireBytes& wire);

class Batch {
 public:
  Batch() = default;  // empty; only assignment and destruction are allowed
  Batch(Batch&&) = default;
  Batch& operator=(Batch&&) = default;

  // OTLP protobuf (Export{Logs,Trace,Metrics}ServiceRequest). Malformed bytes show up as errors of records() and Read/Edit.
  static Batch FromWire(Signal signal, WireBytes wire);
  // The same when the number of records is known already, as after joining batches that were counted: spares another pass over the bytes.
  static Batch FromWire(Signal signal, WireBytes wire, size_t records);
  static Batch FromLogs(std::unique_ptr<LogsData> data);
  static Batch FromTraces(std::unique_ptr<TracesData> data);
  static Batch FromMetrics(std::unique_ptr<MetricsData> data);

  explicit operator bool() const { return payload_ != nullptr; }
  Signal signal() const;

  // Log records, spans, or metric data points. On bytes this skims the message (about 1 ns per record and buffer hop)
  // and remembers the answer; InvalidArgument when the framing down to the records is broken.
  absl::StatusOr<size_t> CountRecords() const;
  // The same, 0 for malformed bytes.
  size_t records() const;
  // Bytes of the wire form; encodes when there is none yet (see wire()).
  size_t wire_size() const;
  // What the batch holds in memory, roughly: wire bytes and arenas.
  size_t memory_size() const;

  // The tree, decoding at first use. The signal must fit. InvalidArgument for malformed protobuf.
  absl::StatusOr<const LogsData*> ReadLogs() const;
  absl::StatusOr<const TracesData*> ReadTraces() const;
  absl::StatusOr<const MetricsData*> ReadMetrics() const;
  // The same to be changed in place. Unshares first (a copy of the tree; texts stay shared), and drops the wire form.
  absl::StatusOr<LogsData*> EditLogs();
  absl::StatusOr<TracesData*> EditTraces();
  absl::StatusOr<MetricsData*> EditMetrics();

  // The OTLP protobuf bytes, encoding at first use.
  const WireBytes& wire() const;
  // True when wire() costs nothing.
  bool has_wire() const;

  // A second handle to the same content and client.
  Batch Share() const;

  const std::shared_ptr<const ClientInfo>& client() const { return client_; }
  void set_client(std::shared_ptr<const ClientInfo> client) { client_ = std::move(client); }

 private:
  struct Payload;
  explicit Batch(std::shared_ptr<Payload> payload) : payload_(std::move(payload)) {}
  absl::Status Decode() const;
  absl::Status Unshare();

  std::shared_ptr<Payload> payload_;
  std::shared_ptr<const ClientInfo> client_;
};

}  // namespace otelpipe
