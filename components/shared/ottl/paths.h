// The paths of each context: what can be read and set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "shared/ottl/ast.h"
#include "shared/ottl/context.h"
#include "shared/ottl/values.h"

namespace otelpipe::ottl {

// One path: `name` is what stands behind the context, with dots.
struct PathRow {
  std::string_view name;
  Value (*get)(Item& item, Arena& arena) = nullptr;
  // Null when the reference takes nothing there that a statement can make.
  absl::Status (*set)(Item& item, Arena& arena, const Value& value) = nullptr;
  // For paths that are maps and may be indexed.
  Map& (*map)(Item& item) = nullptr;
};
// Null for a path that is not known. `context` is what the path begins with: log, span, spanevent, metric, datapoint, scope, resource.
const PathRow* FindPathRow(std::string_view context, std::string_view name);
const PathRow* FindSpanRow(std::string_view context, std::string_view name);    // span, spanevent
const PathRow* FindMetricRow(std::string_view context, std::string_view name);  // metric, datapoint

// A resolved path. `set` is null when the path cannot be set.
struct Path {
  Getter get;
  Setter set;
};
// `keys` are resolved by the caller: those of the last field. `kind` is the context of the statement. InvalidArgument in the reference's words.
struct PathNames {
  std::string context;  // may be empty: the context of the statement
  std::vector<std::string> names;
  std::string text;  // as written
};
// One member of a span's trace state.
Path TraceState(std::string_view key);
absl::StatusOr<Path> ResolvePath(const PathNames& path, Keys keys, ContextKind kind);

// Whether paths of a statement may begin with `context`.
bool KnowsContext(ContextKind kind, std::string_view context);
// The names for messages, the statement's own context first.
std::vector<std::string_view> ContextNames(ContextKind kind);

// The number of SEVERITY_NUMBER_WARN and the like, if the context knows it.
std::optional<int64_t> FindEnum(std::string_view name, ContextKind kind);

// --- parts of rows
template <size_t N>
Value IdHex(const std::array<uint8_t, N>& bytes, Arena& arena) {
  static constexpr char kDigits[] = "0123456789abcdef";
  char text[2 * N];
  for (size_t i = 0; i < N; ++i) {
    text[2 * i] = kDigits[bytes[i] >> 4];
    text[2 * i + 1] = kDigits[bytes[i] & 15];
  }
  return Value::Str(arena.Copy(std::string_view(text, 2 * N)));
}
template <size_t N>
Value IdValue(const std::array<uint8_t, N>& bytes) {
  Value v = Value::Bytes(std::string_view(reinterpret_cast<const char*>(bytes.data()), N));
  v.set_tag(N == 16 ? kTagTraceId : kTagSpanId);
  return v;
}
template <size_t N>
absl::Status SetId(std::array<uint8_t, N>& to, const Value& v) {
  if (v.tag() == (N == 16 ? kTagTraceId : kTagSpanId) && v.string().size() == N) std::memmove(to.data(), v.string().data(), N);
  return absl::OkStatus();
}
// From hex text. InvalidArgument `trace ids must be 32 hex characters`.
absl::Status SetIdHex(std::array<uint8_t, 16>& to, const Value& v);
absl::Status SetIdHex(std::array<uint8_t, 8>& to, const Value& v);

inline Value NanosValue(uint64_t nanos) { return Value::Int(static_cast<int64_t>(nanos)); }
inline Value TimeOf(uint64_t nanos) { return TimeValue(static_cast<int64_t>(nanos)); }
inline absl::Status SetText(std::string_view& to, const Value& v) {
  if (v.is_string()) to = v.string();
  return absl::OkStatus();
}
template <typename T>
absl::Status SetNumber(T& to, const Value& v) {
  if (v.kind() == ValueKind::kInt && IsPlain(v)) to = static_cast<T>(v.integer());
  return absl::OkStatus();
}
inline absl::Status SetTime(uint64_t& to, const Value& v) {
  if (v.tag() == kTagTime) to = static_cast<uint64_t>(v.integer());
  return absl::OkStatus();
}
inline Value MapValue(Map& map) { return Value::OfMap(&map); }
inline Value CountValue(size_t n) {
  Value v = Value::Int(static_cast<int64_t>(n));
  v.set_tag(kTagCount);
  return v;
}

}  // namespace otelpipe::ottl
