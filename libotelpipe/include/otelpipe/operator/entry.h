// Entry: one log line on its way through the operators of a receiver, before it becomes an OTLP log record.
//
// Values are pdata Values in the entry's arena. Operators tell apart kinds that OTLP merges; those travel in Value::tag() (ValueTag). Rules and
// names: the reference's entry model.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "otelpipe/pdata/arena.h"
#include "otelpipe/pdata/value.h"

namespace otelpipe {

// Tags of values inside operators. kNone on an integer means Go's `int`.
enum ValueTag : uint8_t {
  kTagNone = 0,
  kTagInt64 = 1,       // kInt: Go int64
  kTagTime = 2,        // kBytes holding a TimeValue (12 bytes); becomes text at the end of the chain
  kTagDuration = 3,    // kInt, nanoseconds; becomes text such as "1h0m0s"
  kTagStringList = 4,  // kList made by split()
  kTagRendered = 5,    // kString whose Go kind has no OTLP form; already the text that comes out
  // A string that lives as long as its file and is shared by all its lines: same address, same text. Parsers use it to
  // compute once per file what depends only on the file.
  kTagFileConstant = 6,
};

// A point in time: seconds since the epoch and nanoseconds. `set` is false for the zero time (year 1), which means unset.
struct EntryTime {
  int64_t seconds = 0;
  int32_t nanos = 0;
  bool set = false;
  // Nanoseconds since the epoch, wrapping as the reference's conversion does; 0 when unset.
  uint64_t UnixNanos() const {
    return set ? static_cast<uint64_t>(seconds) * 1000000000u + static_cast<uint64_t>(int64_t{nanos}) : 0;
  }
};

// The zero time of the reference, year 1: what `timestamp` is in expressions while it is unset.
inline constexpr int64_t kZeroTimeSeconds = -62135596800;

// Values of kind time (kTagTime) and back. `time.set` false is the zero time, in both directions.
Value TimeToValue(const EntryTime& time, Arena& arena);
EntryTime TimeFromValue(const Value& value);
inline bool IsTime(const Value& value) { return value.tag() == kTagTime && value.kind() == ValueKind::kBytes; }
// The reference's name of the kind in messages: "string", "int64", "map[string]interface {}", "<nil>".
std::string_view GoTypeName(const Value& value);

// A slice of input that is acknowledged as one. Every entry read from it holds a reference; when the last one is gone (delivered, or
// dropped on purpose) the slice is done. Loop thread only.
class AckToken {
 public:
  void Ref() { ++refs_; }
  // `delivered` false: at least one record was not taken and must be read again.
  void Unref(bool delivered = true) {
    failed_ |= !delivered;
    if (--refs_ == 0) Release(!failed_);
  }
  bool failed() const { return failed_; }

 protected:
  virtual ~AckToken() = default;
  // Called once, when the last reference is gone. Deletes the token.
  virtual void Release(bool delivered) = 0;

 private:
  int64_t refs_ = 0;
  bool failed_ = false;
};

// A counted reference to a token; null is allowed.
class AckRef {
 public:
  AckRef() = default;
  explicit AckRef(AckToken* token) : token_(token) {
    if (token_ != nullptr) token_->Ref();
  }
  AckRef(AckRef&& o) noexcept : token_(std::exchange(o.token_, nullptr)) {}
  AckRef& operator=(AckRef&& o) noexcept {
    if (this != &o) {
      Reset();
      token_ = std::exchange(o.token_, nullptr);
    }
    return *this;
  }
  ~AckRef() { Reset(); }
  AckRef Copy() const { return AckRef(token_); }
  AckToken* get() const { return token_; }
  void Reset(bool delivered = true) {
    if (token_ != nullptr) std::exchange(token_, nullptr)->Unref(delivered);
  }

 private:
  AckToken* token_ = nullptr;
};

struct Entry {
  Arena* arena = nullptr;  // of the batch under construction; all values live there
  uint64_t observed_unix_nano = 0;
  EntryTime timestamp;
  Value body;
  Map attributes;
  Map resource;
  bool has_attributes = false;  // false: the map is absent, not merely empty
  bool has_resource = false;
  int32_t severity = 0;
  std::string_view severity_text;
  std::string_view trace_id;  // raw bytes
  std::string_view span_id;
  std::string_view trace_flags;
  std::string_view scope_name;
  AckRef ack;
  // Set while the entry will be used again after Process returns (a router with several outputs): whoever wants to hold or send
  // it takes a copy instead of moving it away.
  bool keep = false;

  Entry() = default;
  Entry(Entry&&) = default;
  Entry& operator=(Entry&&) = default;
};

// A deep copy into `arena`. Texts stay views when it is the entry's own arena; else they are copied, except file constants when
// `intern` is given: those are interned and keep their tag. The copy shares the acknowledgement.
using InternFunction = std::function<std::string_view(std::string_view)>;
Entry Copy(const Entry& entry, Arena* arena, const InternFunction* intern = nullptr);

}  // namespace otelpipe
