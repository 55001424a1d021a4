// Counts records by hopping from length to length over the pieces of a message.
#include <algorithm>

#include "otelpipe/pdata/codec.h"
#include "pdata/wire_reader.h"

namespace otelpipe {
namespace internal {
namespace {

// A position in a message that lies in pieces. Positions are counted from the message's first byte.
class Cursor {
 public:
  explicit Cursor(const WireBytes& wire) : wire_(wire) {
    if (!wire_.empty()) Enter(0);
  }

  uint64_t position() const { return start_ + static_cast<uint64_t>(p_ - piece_); }

  uint64_t Varint() {
    if (p_ != end_ && static_cast<signed char>(*p_) >= 0) return static_cast<unsigned char>(*p_++);
    if (end_ - p_ >= 10) return protozero::decode_varint(&p_, end_);
    return SlowVarint();
  }
  // Hops over consecutive occurrences of a length-delimited field whose one-byte tag is `tag`, as long as they lie whole in
  // this piece and before position `end`; returns how many. What it cannot judge is left to the caller.
  //
  // Each hop depends on the length before it, and the bytes are cold when they come from another core: without help the
  // processor waits for memory once per record. Records of a list are seldom far apart, so the lines ahead are asked for early.
  size_t HopFields(char tag, uint64_t end) {
    const char* const limit = piece_ + std::min<uint64_t>(end - start_, static_cast<uint64_t>(end_ - piece_));
    const char* p = p_;
    const char* ahead = p;
    size_t hops = 0;
    while (limit - p > 10 && *p == tag) {
      const char* q = p + 1;
      uint64_t size = static_cast<unsigned char>(*q++);
      if (size >= 0x80) {
        const uint64_t high = static_cast<unsigned char>(*q++);
        if (high >= 0x80) break;  // 16 KiB and more: rare, and then the hop is not what costs
        size = (size & 0x7F) | high << 7;
      }
      if (size > static_cast<uint64_t>(limit - q)) break;
      p = q + size;
      ++hops;
      const char* const window = std::min(p + kPrefetchWindow, limit);
      for (ahead = std::max(ahead, p); ahead < window; ahead += kCacheLine) __builtin_prefetch(ahead);
    }
    p_ = p;
    return hops;
  }
  void Skip(uint64_t n) {
    while (n > static_cast<uint64_t>(end_ - p_)) {
      n -= static_cast<uint64_t>(end_ - p_);
      NextPiece();
    }
    p_ += n;
  }

 private:
  static constexpr ptrdiff_t kCacheLine = 64;
  static constexpr ptrdiff_t kPrefetchWindow = 2048;

  void Enter(size_t i) {
    index_ = i;
    piece_ = p_ = wire_[i].bytes.data();
    end_ = p_ + wire_[i].bytes.size();
  }
  void NextPiece() {
    if (index_ + 1 >= wire_.size()) ThrowWireError("unexpected EOF");
    start_ += static_cast<uint64_t>(end_ - piece_);
    Enter(index_ + 1);
  }
  uint64_t SlowVarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      while (p_ == end_) NextPiece();
      auto b = static_cast<unsigned char>(*p_++);
      value |= uint64_t{b & 0x7Fu} << shift;
      if (b < 0x80) return value;
    }
    ThrowWireError("proto: integer overflow");
  }

  const WireBytes& wire_;
  size_t index_ = 0;
  const char* p_ = nullptr;
  const char* end_ = nullptr;
  const char* piece_ = nullptr;
  uint64_t start_ = 0;  // position of piece_
};

// The fields of one message: field numbers, and for length-delimited ones where they end.
class Skimmer {
 public:
  Skimmer(Cursor& in, uint64_t end, const char* message) : in_(in), end_(end), message_(message) {}

  bool Next() {
    if (in_.position() >= end_) {
      if (in_.position() > end_) ThrowWireError("unexpected EOF");
      return false;
    }
    uint64_t tag = in_.Varint();
    type_ = static_cast<uint32_t>(tag & 7);
    field_ = static_cast<uint32_t>(tag >> 3);
    if (type_ == kEndGroup || static_cast<int32_t>(field_) <= 0) ThrowIllegalTag(message_, tag);
    return true;
  }
  uint32_t field() const { return field_; }

  // The end of the submessage that follows.
  uint64_t EnterMessage(const char* name) {
    if (type_ != kLength) ThrowWrongType(type_, name);
    uint64_t size = in_.Varint();
    uint64_t at = in_.position();
    if (at > end_ || size > end_ - at) ThrowWireError("unexpected EOF");
    return at + size;
  }
  void SkipMessage(const char* name) {
    uint64_t end = EnterMessage(name);
    in_.Skip(end - in_.position());
  }
  void Skip() {
    int depth = 0;
    uint32_t type = type_;
    for (;;) {
      switch (type) {
        case kVarint: in_.Varint(); break;
        case kFixed64: Advance(8); break;
        case kFixed32: Advance(4); break;
        case kLength: Advance(in_.Varint()); break;
        case kStartGroup: ++depth; break;
        case kEndGroup:
          if (depth == 0) ThrowWireError("proto: unexpected end of group");
          --depth;
          break;
        default: ThrowWireError("proto: illegal wireType " + std::to_string(type));
      }
      if (depth == 0) return;
      type = static_cast<uint32_t>(in_.Varint() & 7);
    }
  }

 private:
  void Advance(uint64_t n) {
    uint64_t at = in_.position();
    if (at > end_ || n > end_ - at) ThrowWireError("unexpected EOF");
    in_.Skip(n);
  }

  Cursor& in_;
  uint64_t end_;
  const char* message_;
  uint32_t field_ = 0;
  uint32_t type_ = 0;
};

size_t CountPoints(Cursor& in, uint64_t end) {
  size_t points = 0;
  Skimmer data(in, end, "Metric");
  while (data.Next()) {
    if (data.field() == 1) {
      data.SkipMessage("DataPoints");
      ++points;
    } else {
      data.Skip();
    }
  }
  return points;
}

size_t CountMetric(Cursor& in, uint64_t end) {
  size_t points = 0;  // of the last member of the oneof
  Skimmer metric(in, end, "Metric");
  while (metric.Next()) {
    switch (metric.field()) {
      case 5: points = CountPoints(in, metric.EnterMessage("Gauge")); break;
      case 7: points = CountPoints(in, metric.EnterMessage("Sum")); break;
      case 9: points = CountPoints(in, metric.EnterMessage("Histogram")); break;
      case 10: points = CountPoints(in, metric.EnterMessage("ExponentialHistogram")); break;
      case 11: points = CountPoints(in, metric.EnterMessage("Summary")); break;
      default: metric.Skip();
    }
  }
  return points;
}

size_t CountScope(Cursor& in, uint64_t end, Signal signal, const char* scope_name, const char* record_name) {
  size_t records = 0;
  Skimmer scope(in, end, scope_name);
  while (scope.Next()) {
    if (scope.field() != 2) {
      scope.Skip();
    } else if (signal == Signal::kMetrics) {
      records += CountMetric(in, scope.EnterMessage(record_name));
    } else {
      scope.SkipMessage(record_name);
      records += 1 + in.HopFields('\x12', end);  // 0x12: field 2, length-delimited
    }
  }
  return records;
}

size_t CountAll(Signal signal, const WireBytes& wire) {
  static constexpr struct {
    const char *request, *resource, *scope, *record;
  } kNames[] = {{"ExportTraceServiceRequest", "ResourceSpans", "ScopeSpans", "Spans"},
                {"ExportMetricsServiceRequest", "ResourceMetrics", "ScopeMetrics", "Metrics"},
                {"ExportLogsServiceRequest", "ResourceLogs", "ScopeLogs", "LogRecords"}};
  const auto& names = kNames[static_cast<size_t>(signal)];
  size_t total = 0;
  Cursor in(wire);
  Skimmer request(in, WireSize(wire), names.request);
  while (request.Next()) {
    if (request.field() != 1) {
      request.Skip();
      continue;
    }
    size_t records = 0, deprecated = 0;
    bool has_scopes = false;
    Skimmer resource(in, request.EnterMessage(names.resource), names.resource);
    while (resource.Next()) {
      if (resource.field() == 2) {
        has_scopes = true;
        records += CountScope(in, resource.EnterMessage(names.scope), signal, names.scope, names.record);
      } else if (resource.field() == 1000) {
        deprecated += CountScope(in, resource.EnterMessage(names.scope), signal, names.scope, names.record);
      } else {
        resource.Skip();
      }
    }
    total += has_scopes ? records : deprecated;  // as the decoder migrates the deprecated list
  }
  return total;
}

}  // namespace
}  // namespace internal

absl::StatusOr<size_t> SkimRecords(Signal signal, const WireBytes& wire) {
  try {
    return internal::CountAll(signal, wire);
  } catch (...) {
    return internal::StatusOfWireFailure();
  }
}

}  // namespace otelpipe
