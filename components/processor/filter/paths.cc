#include "processor/filter/paths.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/text.h"

namespace otelpipe::filter {
namespace {

constexpr std::array<std::string_view, 5> kContexts = {"log", "span", "spanevent", "metric", "datapoint"};

std::string_view ContextOf(ItemKind kind) { return kContexts[static_cast<size_t>(kind)]; }

using Plain = Value (*)(const Item& item, Arena& arena);

template <size_t N>
Value Hex(const std::array<uint8_t, N>& bytes, Arena& arena) {
  std::string text;
  AppendHex(text, std::string_view(reinterpret_cast<const char*>(bytes.data()), N));
  return Value::Str(arena.Copy(text));
}
template <size_t N>
Value Raw(const std::array<uint8_t, N>& bytes) {
  return Value::Bytes(std::string_view(reinterpret_cast<const char*>(bytes.data()), N));
}
// Conditions only read, so the map may be shown as a value.
Value MapValue(const Map& map) { return Value::OfMap(const_cast<Map*>(&map)); }
Value Time(uint64_t nanos) { return Value::Int(static_cast<int64_t>(nanos)); }

std::string_view SpanKindText(int32_t kind) {
  static constexpr std::array<std::string_view, 6> kNames = {"Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"};
  return kind >= 0 && kind < 6 ? kNames[static_cast<size_t>(kind)] : std::string_view("");
}

struct Named {
  std::string_view name;
  Plain get;
  Quantity quantity = Quantity::kPlain;
};

constexpr Named kResource[] = {
    {"attributes", [](const Item& i, Arena&) { return MapValue(i.resource->attributes); }},
    {"schema_url", [](const Item& i, Arena&) { return Value::Str(i.resource_schema_url); }},
    {"dropped_attributes_count", [](const Item& i, Arena&) { return Value::Int(i.resource->dropped_attributes_count); }},
};
constexpr Named kScope[] = {
    {"attributes", [](const Item& i, Arena&) { return MapValue(i.scope->attributes); }},
    {"name", [](const Item& i, Arena&) { return Value::Str(i.scope->name); }},
    {"version", [](const Item& i, Arena&) { return Value::Str(i.scope->version); }},
    {"schema_url", [](const Item& i, Arena&) { return Value::Str(i.scope_schema_url); }},
    {"dropped_attributes_count", [](const Item& i, Arena&) { return Value::Int(i.scope->dropped_attributes_count); }},
};
constexpr Named kLog[] = {
    {"attributes", [](const Item& i, Arena&) { return MapValue(i.log->attributes); }},
    {"body", [](const Item& i, Arena&) { return i.log->body; }},
    {"body.string",
     [](const Item& i, Arena& arena) {
       return i.log->body.is_string() ? i.log->body : Value::Str(arena.Copy(i.log->body.AsString()));
     }},
    {"severity_number", [](const Item& i, Arena&) { return Value::Int(i.log->severity_number); }},
    {"severity_text", [](const Item& i, Arena&) { return Value::Str(i.log->severity_text); }},
    {"time_unix_nano", [](const Item& i, Arena&) { return Time(i.log->time_unix_nano); }},
    {"observed_time_unix_nano", [](const Item& i, Arena&) { return Time(i.log->observed_time_unix_nano); }},
    {"time", [](const Item& i, Arena&) { return Time(i.log->time_unix_nano); }, Quantity::kTime},
    {"observed_time", [](const Item& i, Arena&) { return Time(i.log->observed_time_unix_nano); }, Quantity::kTime},
    {"flags", [](const Item& i, Arena&) { return Value::Int(i.log->flags); }},
    {"event_name", [](const Item& i, Arena&) { return Value::Str(i.log->event_name); }},
    {"dropped_attributes_count", [](const Item& i, Arena&) { return Value::Int(i.log->dropped_attributes_count); }},
    {"trace_id", [](const Item& i, Arena&) { return Raw(i.log->trace_id.bytes); }},
    {"trace_id.string", [](const Item& i, Arena& arena) { return Hex(i.log->trace_id.bytes, arena); }},
    {"span_id", [](const Item& i, Arena&) { return Raw(i.log->span_id.bytes); }},
    {"span_id.string", [](const Item& i, Arena& arena) { return Hex(i.log->span_id.bytes, arena); }},
};
constexpr Named kSpan[] = {
    {"attributes", [](const Item& i, Arena&) { return MapValue(i.span->attributes); }},
    {"name", [](const Item& i, Arena&) { return Value::Str(i.span->name); }},
    {"kind", [](const Item& i, Arena&) { return Value::Int(i.span->kind); }},
    {"kind.string", [](const Item& i, Arena&) { return Value::Str(SpanKindText(i.span->kind)); }},
    {"status.code", [](const Item& i, Arena&) { return Value::Int(i.span->status_code); }},
    {"status.message", [](const Item& i, Arena&) { return Value::Str(i.span->status_message); }},
    {"start_time_unix_nano", [](const Item& i, Arena&) { return Time(i.span->start_time_unix_nano); }},
    {"end_time_unix_nano", [](const Item& i, Arena&) { return Time(i.span->end_time_unix_nano); }},
    {"start_time", [](const Item& i, Arena&) { return Time(i.span->start_time_unix_nano); }, Quantity::kTime},
    {"end_time", [](const Item& i, Arena&) { return Time(i.span->end_time_unix_nano); }, Quantity::kTime},
    {"trace_state", [](const Item& i, Arena&) { return Value::Str(i.span->trace_state); }},
    {"dropped_attributes_count", [](const Item& i, Arena&) { return Value::Int(i.span->dropped_attributes_count); }},
    {"dropped_events_count", [](const Item& i, Arena&) { return Value::Int(i.span->dropped_events_count); }},
    {"dropped_links_count", [](const Item& i, Arena&) { return Value::Int(i.span->dropped_links_count); }},
    {"trace_id", [](const Item& i, Arena&) { return Raw(i.span->trace_id.bytes); }},
    {"trace_id.string", [](const Item& i, Arena& arena) { return Hex(i.span->trace_id.bytes, arena); }},
    {"span_id", [](const Item& i, Arena&) { return Raw(i.span->span_id.bytes); }},
    {"span_id.string", [](const Item& i, Arena& arena) { return Hex(i.span->span_id.bytes, arena); }},
    {"parent_span_id", [](const Item& i, Arena&) { return Raw(i.span->parent_span_id.bytes); }},
    {"parent_span_id.string", [](const Item& i, Arena& arena) { return Hex(i.span->parent_span_id.bytes, arena); }},
};
constexpr Named kSpanEvent[] = {
    {"attributes", [](const Item& i, Arena&) { return MapValue(i.event->attributes); }},
    {"name", [](const Item& i, Arena&) { return Value::Str(i.event->name); }},
    {"time_unix_nano", [](const Item& i, Arena&) { return Time(i.event->time_unix_nano); }},
    {"time", [](const Item& i, Arena&) { return Time(i.event->time_unix_nano); }, Quantity::kTime},
    {"dropped_attributes_count", [](const Item& i, Arena&) { return Value::Int(i.event->dropped_attributes_count); }},
};
constexpr Named kMetric[] = {
    {"name", [](const Item& i, Arena&) { return Value::Str(i.metric->name); }},
    {"description", [](const Item& i, Arena&) { return Value::Str(i.metric->description); }},
    {"unit", [](const Item& i, Arena&) { return Value::Str(i.metric->unit); }},
    {"type", [](const Item& i, Arena&) { return Value::Int(static_cast<int64_t>(i.metric->type)); }},
    {"metadata", [](const Item& i, Arena&) { return MapValue(i.metric->metadata); }},
    {"aggregation_temporality",
     [](const Item& i, Arena&) {
       const MetricType t = i.metric->type;
       const bool has = t == MetricType::kSum || t == MetricType::kHistogram || t == MetricType::kExponentialHistogram;
       return has ? Value::Int(i.metric->aggregation_temporality) : Value();
     }},
    {"is_monotonic",
     [](const Item& i, Arena&) { return i.metric->type == MetricType::kSum ? Value::Bool(i.metric->is_monotonic) : Value(); }},
};

// `f` of the point that the item is.
template <typename F>
auto OfPoint(const Item& i, F f) {
  if (i.number != nullptr) return f(*i.number);
  if (i.histogram != nullptr) return f(*i.histogram);
  if (i.exponential != nullptr) return f(*i.exponential);
  return f(*i.summary);
}
constexpr Named kDataPoint[] = {
    {"attributes", [](const Item& i, Arena&) { return OfPoint(i, [](const auto& p) { return MapValue(p.attributes); }); }},
    {"start_time_unix_nano", [](const Item& i, Arena&) { return OfPoint(i, [](const auto& p) { return Time(p.start_time_unix_nano); }); }},
    {"time_unix_nano", [](const Item& i, Arena&) { return OfPoint(i, [](const auto& p) { return Time(p.time_unix_nano); }); }},
    {"start_time", [](const Item& i, Arena&) { return OfPoint(i, [](const auto& p) { return Time(p.start_time_unix_nano); }); }, Quantity::kTime},
    {"time", [](const Item& i, Arena&) { return OfPoint(i, [](const auto& p) { return Time(p.time_unix_nano); }); }, Quantity::kTime},
    {"flags", [](const Item& i, Arena&) { return OfPoint(i, [](const auto& p) { return Value::Int(p.flags); }); }},
    {"value_int", [](const Item& i, Arena&) { return i.number != nullptr ? Value::Int(i.number->as_int) : Value(); }},
    {"value_double", [](const Item& i, Arena&) { return i.number != nullptr ? Value::Double(i.number->as_double) : Value(); }},
    {"count",
     [](const Item& i, Arena&) {
       return OfPoint(i, [](const auto& p) {
         if constexpr (requires { p.count; }) return Value::Int(static_cast<int64_t>(p.count));
         return Value();
       });
     }},
    {"sum",
     [](const Item& i, Arena&) {
       return OfPoint(i, [](const auto& p) {
         if constexpr (requires { p.sum; }) return Value::Double(p.sum);
         return Value();
       });
     }},
    {"scale", [](const Item& i, Arena&) { return i.exponential != nullptr ? Value::Int(i.exponential->scale) : Value(); }},
    {"zero_count",
     [](const Item& i, Arena&) {
       return i.exponential != nullptr ? Value::Int(static_cast<int64_t>(i.exponential->zero_count)) : Value();
     }},
};

template <size_t N>
const Named* FindIn(const Named (&table)[N], std::string_view name) {
  for (const Named& row : table) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

const Named* FindIn(std::string_view context, std::string_view name) {
  if (context == "resource") return FindIn(kResource, name);
  if (context == "scope" || context == "instrumentation_scope") return FindIn(kScope, name);
  if (context == "log") return FindIn(kLog, name);
  if (context == "span") return FindIn(kSpan, name);
  if (context == "spanevent") return FindIn(kSpanEvent, name);
  if (context == "metric") return FindIn(kMetric, name);
  if (context == "datapoint") return FindIn(kDataPoint, name);
  return nullptr;
}

bool MayUse(std::string_view context, ItemKind kind) {
  return context == "resource" || context == "scope" || context == "instrumentation_scope" || context == ContextOf(kind) ||
         (kind == ItemKind::kSpanEvent && context == "span") || (kind == ItemKind::kDataPoint && context == "metric");
}

}  // namespace

absl::StatusOr<Value> Index(Value value, const std::vector<Path::Key>& keys) {
  for (const Path::Key& key : keys) {
    if (value.is_map() && !key.is_index) {
      const Value* found = value.map().Find(key.text);
      if (found == nullptr) return Value();
      value = *found;
    } else if (value.is_list() && key.is_index) {
      if (key.index < 0 || key.index >= static_cast<int64_t>(value.list().size())) {
        return absl::OutOfRangeError(absl::StrCat("index ", key.index, " out of bounds"));
      }
      value = value.list()[static_cast<size_t>(key.index)];
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("type ", A(KindName(value)), " does not support ", key.is_index ? "int" : "string", " indexing"));
    }
  }
  return value;
}

std::string_view KindName(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kEmpty: return "nil";
    case ValueKind::kString: return "string";
    case ValueKind::kBool: return "bool";
    case ValueKind::kInt: return "int64";
    case ValueKind::kDouble: return "float64";
    case ValueKind::kBytes: return "[]byte";
    case ValueKind::kList: return "pcommon.Slice";
    case ValueKind::kMap: return "pcommon.Map";
  }
  return "";
}

absl::StatusOr<Argument> ResolvePath(const Path& path, ItemKind kind) {
  std::vector<std::string_view> names(path.names.begin(), path.names.end());
  std::string_view context = ContextOf(kind);
  // A metric has no field that is called like a context, and neither has any other.
  if (names.size() > 1 && MayUse(names[0], kind)) {
    context = names[0];
    names.erase(names.begin());
  }
  std::string joined;
  for (std::string_view name : names) absl::StrAppend(&joined, joined.empty() ? "" : ".", A(name));
  const Named* found = FindIn(context, joined);
  if (found == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("segment \"", A(names[0]), "\" from path \"", path.text,
                                                   "\" is not a valid path nor a valid OTTL keyword for the ", A(context),
                                                   " context, or is not supported"));
  }
  Argument out;
  out.quantity = found->quantity;
  const Plain plain = found->get;
  if (path.keys.empty()) {
    out.get = [plain](const Item& item, Arena& arena) -> absl::StatusOr<Value> { return plain(item, arena); };
    return out;
  }
  if (joined != "attributes" && joined != "body" && joined != "metadata") {
    return absl::InvalidArgumentError(absl::StrCat("path \"", path.text, "\" cannot be indexed"));
  }
  if (path.keys[0].is_index && joined != "body") {
    return absl::InvalidArgumentError(absl::StrCat("path \"", path.text, "\": a map is indexed by a text"));
  }
  out.get = [plain, keys = path.keys](const Item& item, Arena& arena) -> absl::StatusOr<Value> { return Index(plain(item, arena), keys); };
  return out;
}

std::optional<int64_t> FindEnum(std::string_view name, ItemKind kind) {
  auto find = [&](std::string_view prefix, std::initializer_list<std::string_view> names) -> std::optional<int64_t> {
    if (!name.starts_with(prefix)) return std::nullopt;
    int64_t number = 0;
    for (std::string_view n : names) {
      if (name.substr(prefix.size()) == n) return number;
      ++number;
    }
    return std::nullopt;
  };
  switch (kind) {
    case ItemKind::kLog:
      return find("SEVERITY_NUMBER_",
                  {"UNSPECIFIED", "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4", "INFO", "INFO2",
                   "INFO3", "INFO4", "WARN", "WARN2", "WARN3", "WARN4", "ERROR", "ERROR2", "ERROR3", "ERROR4", "FATAL", "FATAL2",
                   "FATAL3", "FATAL4"});
    case ItemKind::kSpan:
    case ItemKind::kSpanEvent:
      if (auto found = find("SPAN_KIND_", {"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"})) return found;
      return find("STATUS_CODE_", {"UNSET", "OK", "ERROR"});
    case ItemKind::kDataPoint:
      if (auto found = find("FLAG_", {"NONE", "NO_RECORDED_VALUE"})) return found;
      [[fallthrough]];
    case ItemKind::kMetric:
      if (auto found = find("AGGREGATION_TEMPORALITY_", {"UNSPECIFIED", "DELTA", "CUMULATIVE"})) return found;
      return find("METRIC_DATA_TYPE_", {"NONE", "GAUGE", "SUM", "HISTOGRAM", "EXPONENTIAL_HISTOGRAM", "SUMMARY"});
  }
  return std::nullopt;
}

}  // namespace otelpipe::filter
