#include "otelpipe/pdata/batch.h"

#include <optional>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/pdata/codec.h"
#include "pdata/clone.h"
#include "pdata/encode_wire.h"

namespace otelpipe {
namespace {

size_t CountIn(const LogsData& data) {
  size_t n = 0;
  for (const ResourceLogs& r : data.resources) {
    for (const ScopeLogs& s : r.scopes) n += s.records.size();
  }
  return n;
}
size_t CountIn(const TracesData& data) {
  size_t n = 0;
  for (const ResourceSpans& r : data.resources) {
    for (const ScopeSpans& s : r.scopes) n += s.records.size();
  }
  return n;
}
size_t CountIn(const MetricsData& data) {
  size_t n = 0;
  for (const ResourceMetrics& r : data.resources) {
    for (const ScopeMetrics& s : r.scopes) {
      for (const Metric& m : s.records) n += m.point_count();
    }
  }
  return n;
}

// One buffer for the decoder, whose texts are views: several buffers are copied together.
Buffer Flatten(const WireBytes& wire) {
  if (wire.size() == 1) return wire[0];
  std::string all;
  all.reserve(WireSize(wire));
  for (const Buffer& b : wire) all.append(b.bytes);
  return Buffer::FromString(std::move(all));
}

}  // namespace

// At least one of `wire` and the tree of the signal is there. What is missing is made when asked for, which does not change
// the content, hence the mutable members.
struct Batch::Payload {
  Signal signal = Signal::kLogs;
  std::optional<WireBytes> wire;
  std::unique_ptr<LogsData> logs;
  std::unique_ptr<TracesData> traces;
  std::unique_ptr<MetricsData> metrics;
  std::optional<absl::StatusOr<size_t>> skimmed;

  bool has_data() const { return logs || traces || metrics; }

  // Calls f with the tree, which must be there.
  template <typename F>
  auto WithData(F f) const {
    switch (signal) {
      case Signal::kTraces: return f(*traces);
      case Signal::kMetrics: return f(*metrics);
      default: return f(*logs);
    }
  }
};

size_t WireSize(const WireBytes& wire) {
  size_t n = 0;
  for (const Buffer& b : wire) n += b.bytes.size();
  return n;
}

Batch Batch::FromWire(Signal signal, WireBytes wire) {
  auto payload = std::make_shared<Payload>();
  payload->signal = signal;
  payload->wire = std::move(wire);
  return Batch(std::move(payload));
}

Batch Batch::FromWire(Signal signal, WireBytes wire, size_t records) {
  Batch out = FromWire(signal, std::move(wire));
  out.payload_->skimmed = records;
  return out;
}

Batch Batch::FromLogs(std::unique_ptr<LogsData> data) {
  auto payload = std::make_shared<Payload>();
  payload->signal = Signal::kLogs;
  payload->logs = std::move(data);
  return Batch(std::move(payload));
}

Batch Batch::FromTraces(std::unique_ptr<TracesData> data) {
  auto payload = std::make_shared<Payload>();
  payload->signal = Signal::kTraces;
  payload->traces = std::move(data);
  return Batch(std::move(payload));
}

Batch Batch::FromMetrics(std::unique_ptr<MetricsData> data) {
  auto payload = std::make_shared<Payload>();
  payload->signal = Signal::kMetrics;
  payload->metrics = std::move(data);
  return Batch(std::move(payload));
}

Signal Batch::signal() const { return payload_->signal; }

absl::StatusOr<size_t> Batch::CountRecords() const {
  Payload& p = *payload_;
  if (p.has_data()) return p.WithData([](const auto& data) { return CountIn(data); });
  if (!p.skimmed) p.skimmed = SkimRecords(p.signal, *p.wire);
  return *p.skimmed;
}

size_t Batch::records() const {
  absl::StatusOr<size_t> n = CountRecords();
  return n.ok() ? *n : 0;
}

size_t Batch::wire_size() const { return WireSize(wire()); }

size_t Batch::memory_size() const {
  const Payload& p = *payload_;
  size_t n = sizeof(Payload);
  if (p.wire) n += WireSize(*p.wire);
  if (p.has_data()) n += p.WithData([](const auto& data) { return data.arena.bytes_reserved(); });
  return n;
}

absl::Status Batch::Decode() const {
  Payload& p = *payload_;
  if (p.has_data()) return absl::OkStatus();
  Buffer bytes = Flatten(*p.wire);
  auto decode = [&bytes](auto& member) -> absl::Status {
    using Data = typename std::remove_reference_t<decltype(member)>::element_type;
    auto data = std::make_unique<Data>();
    OTELPIPE_RETURN_IF_ERROR(DecodeProto(bytes, *data));
    member = std::move(data);
    return absl::OkStatus();
  };
  switch (p.signal) {
    case Signal::kTraces: return decode(p.traces);
    case Signal::kMetrics: return decode(p.metrics);
    default: return decode(p.logs);
  }
}

absl::Status Batch::Unshare() {
  if (payload_.use_count() > 1) {
    auto own = std::make_shared<Payload>();
    own->signal = payload_->signal;
    if (payload_->has_data()) {
      // The copy's texts live in the old tree's arena and buffers.
      auto copy = [this](const auto& from) {
        auto data = internal::CloneData(from);
        data->arena.KeepAlive(payload_);
        return data;
      };
      if (payload_->logs) own->logs = copy(*payload_->logs);
      if (payload_->traces) own->traces = copy(*payload_->traces);
      if (payload_->metrics) own->metrics = copy(*payload_->metrics);
    } else {
      own->wire = payload_->wire;
    }
    payload_ = std::move(own);
  }
  OTELPIPE_RETURN_IF_ERROR(Decode());
  payload_->wire.reset();
  payload_->skimmed.reset();
  return absl::OkStatus();
}

absl::StatusOr<const LogsData*> Batch::ReadLogs() const {
  OTELPIPE_RETURN_IF_ERROR(Decode());
  return payload_->logs.get();
}
absl::StatusOr<const TracesData*> Batch::ReadTraces() const {
  OTELPIPE_RETURN_IF_ERROR(Decode());
  return payload_->traces.get();
}
absl::StatusOr<const MetricsData*> Batch::ReadMetrics() const {
  OTELPIPE_RETURN_IF_ERROR(Decode());
  return payload_->metrics.get();
}

absl::StatusOr<LogsData*> Batch::EditLogs() {
  OTELPIPE_RETURN_IF_ERROR(Unshare());
  return payload_->logs.get();
}
absl::StatusOr<TracesData*> Batch::EditTraces() {
  OTELPIPE_RETURN_IF_ERROR(Unshare());
  return payload_->traces.get();
}
absl::StatusOr<MetricsData*> Batch::EditMetrics() {
  OTELPIPE_RETURN_IF_ERROR(Unshare());
  return payload_->metrics.get();
}

const WireBytes& Batch::wire() const {
  Payload& p = *payload_;
  if (!p.wire) p.wire = p.WithData([](const auto& data) { return internal::EncodeWire(data); });
  return *p.wire;
}

bool Batch::has_wire() const { return payload_->wire.has_value(); }

Batch Batch::Share() const {
  Batch other{payload_};
  other.client_ = client_;
  return other;
}

}  // namespace otelpipe
