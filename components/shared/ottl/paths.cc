#include "shared/ottl/paths.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/text.h"

namespace otelpipe::ottl {
namespace {

constexpr std::array<std::string_view, 7> kContexts = {"log", "span", "spanevent", "metric", "datapoint", "scope", "resource"};

absl::Status SetMapOf(Map& to, Arena& arena, const Value& v) {
  StoreMap(v, to, arena);
  return absl::OkStatus();
}

constexpr PathRow kResource[] = {
    {"attributes", [](Item& i, Arena&) { return MapValue(i.resource->attributes); },
     [](Item& i, Arena& a, const Value& v) { return SetMapOf(i.resource->attributes, a, v); },
     [](Item& i) -> Map& { return i.resource->attributes; }},
    {"schema_url", [](Item& i, Arena&) { return Value::Str(*i.resource_schema_url); },
     [](Item& i, Arena&, const Value& v) { return SetText(*i.resource_schema_url, v); }},
    {"dropped_attributes_count", [](Item& i, Arena&) { return Value::Int(i.resource->dropped_attributes_count); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.resource->dropped_attributes_count, v); }},
};
constexpr PathRow kScope[] = {
    {"attributes", [](Item& i, Arena&) { return MapValue(i.scope->attributes); },
     [](Item& i, Arena& a, const Value& v) { return SetMapOf(i.scope->attributes, a, v); },
     [](Item& i) -> Map& { return i.scope->attributes; }},
    {"name", [](Item& i, Arena&) { return Value::Str(i.scope->name); },
     [](Item& i, Arena&, const Value& v) { return SetText(i.scope->name, v); }},
    {"version", [](Item& i, Arena&) { return Value::Str(i.scope->version); },
     [](Item& i, Arena&, const Value& v) { return SetText(i.scope->version, v); }},
    {"schema_url", [](Item& i, Arena&) { return Value::Str(*i.scope_schema_url); },
     [](Item& i, Arena&, const Value& v) { return SetText(*i.scope_schema_url, v); }},
    {"dropped_attributes_count", [](Item& i, Arena&) { return Value::Int(i.scope->dropped_attributes_count); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.scope->dropped_attributes_count, v); }},
};

absl::Status SetBody(Item& i, Arena& arena, const Value& v) {
  if (IsPlain(v)) i.log->body = Storable(v, arena);
  return absl::OkStatus();
}
constexpr PathRow kLog[] = {
    {"attributes", [](Item& i, Arena&) { return MapValue(i.log->attributes); },
     [](Item& i, Arena& a, const Value& v) { return SetMapOf(i.log->attributes, a, v); },
     [](Item& i) -> Map& { return i.log->attributes; }},
    {"body", [](Item& i, Arena&) { return i.log->body; }, SetBody},
    {"body.string",
     [](Item& i, Arena& arena) { return i.log->body.is_string() ? i.log->body : Value::Str(arena.Copy(i.log->body.AsString())); },
     [](Item& i, Arena&, const Value& v) {
       if (v.is_string()) i.log->body = Value::Str(v.string());
       return absl::OkStatus();
     }},
    {"severity_number", [](Item& i, Arena&) { return Value::Int(i.log->severity_number); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.log->severity_number, v); }},
    {"severity_text", [](Item& i, Arena&) { return Value::Str(i.log->severity_text); },
     [](Item& i, Arena&, const Value& v) { return SetText(i.log->severity_text, v); }},
    {"time_unix_nano", [](Item& i, Arena&) { return NanosValue(i.log->time_unix_nano); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.log->time_unix_nano, v); }},
    {"observed_time_unix_nano", [](Item& i, Arena&) { return NanosValue(i.log->observed_time_unix_nano); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.log->observed_time_unix_nano, v); }},
    {"time", [](Item& i, Arena&) { return TimeOf(i.log->time_unix_nano); },
     [](Item& i, Arena&, const Value& v) { return SetTime(i.log->time_unix_nano, v); }},
    {"observed_time", [](Item& i, Arena&) { return TimeOf(i.log->observed_time_unix_nano); },
     [](Item& i, Arena&, const Value& v) { return SetTime(i.log->observed_time_unix_nano, v); }},
    {"flags", [](Item& i, Arena&) { return Value::Int(i.log->flags); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.log->flags, v); }},
    {"event_name", [](Item& i, Arena&) { return Value::Str(i.log->event_name); },
     [](Item& i, Arena&, const Value& v) { return SetText(i.log->event_name, v); }},
    {"dropped_attributes_count", [](Item& i, Arena&) { return Value::Int(i.log->dropped_attributes_count); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.log->dropped_attributes_count, v); }},
    {"trace_id", [](Item& i, Arena&) { return IdValue(i.log->trace_id.bytes); },
     [](Item& i, Arena&, const Value& v) { return SetId(i.log->trace_id.bytes, v); }},
    {"trace_id.string", [](Item& i, Arena& arena) { return IdHex(i.log->trace_id.bytes, arena); },
     [](Item& i, Arena&, const Value& v) { return SetIdHex(i.log->trace_id.bytes, v); }},
    {"span_id", [](Item& i, Arena&) { return IdValue(i.log->span_id.bytes); },
     [](Item& i, Arena&, const Value& v) { return SetId(i.log->span_id.bytes, v); }},
    {"span_id.string", [](Item& i, Arena& arena) { return IdHex(i.log->span_id.bytes, arena); },
     [](Item& i, Arena&, const Value& v) { return SetIdHex(i.log->span_id.bytes, v); }},
};

template <size_t N>
const PathRow* FindIn(const PathRow (&table)[N], std::string_view name) {
  for (const PathRow& row : table) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

template <size_t N>
absl::Status SetHexOf(std::array<uint8_t, N>& to, const Value& v, const char* what) {
  if (!v.is_string()) return absl::OkStatus();
  if (v.string().size() != 2 * N) return absl::InvalidArgumentError(absl::StrCat(what, " ids must be ", 2 * N, " hex characters"));
  std::array<uint8_t, N> id;
  if (!DecodeHex(v.string(), id.data(), N)) return absl::InvalidArgumentError(absl::StrCat("invalid hex in ", what, " id"));
  to = id;
  return absl::OkStatus();
}

absl::Status Unknown(std::string_view segment, std::string_view path, std::string_view context) {
  return absl::InvalidArgumentError(absl::StrCat("segment \"", A(segment), "\" from path \"", A(path),
                                                 "\" is not a valid path nor a valid OTTL keyword for the ", A(context), " context"));
}

// What the reference has and we have not.
bool KnownElsewhere(std::string_view context, std::string_view name) {
  return (context == "span" && name == "status") ||
         (context == "datapoint" && (name == "exemplars" || name == "positive" || name == "negative" || name == "quantile_values"));
}

Map& CacheOf(Item& item, Arena& arena) {
  if (item.cache == nullptr) item.cache = arena.New<Map>();
  return *item.cache;
}

Path Cache(Keys keys) {
  Path out;
  if (keys.empty()) {
    out.get = [](Item& i, Arena& a) -> absl::StatusOr<Value> { return MapValue(CacheOf(i, a)); };
    out.set = [](Item& i, Arena& a, const Value& v) { return SetMapOf(CacheOf(i, a), a, v); };
    return out;
  }
  out.get = [keys](Item& i, Arena& a) { return GetKeyed(CacheOf(i, a), keys, i, a); };
  out.set = [keys](Item& i, Arena& a, const Value& v) { return SetKeyed(CacheOf(i, a), keys, i, a, v); };
  return out;
}

absl::Status NotIndexable(const Value& body) {
  return absl::InvalidArgumentError(absl::StrCat("log bodies of type ", A(KindName(body)), " cannot be indexed"));
}
Path Body(Keys keys) {
  Path out;
  out.get = [keys](Item& i, Arena& a) -> absl::StatusOr<Value> {
    const Value& body = i.log->body;
    if (body.is_map()) return GetKeyed(body.map(), keys, i, a);
    if (body.is_list()) return GetIndexed(body, keys, 0, i, a);
    return NotIndexable(body);
  };
  out.set = [keys](Item& i, Arena& a, const Value& v) -> absl::Status {
    const Value& body = i.log->body;
    if (body.is_map()) return SetKeyed(body.map(), keys, i, a, v);
    if (body.is_list()) return SetIndexed(body.list(), keys, i, a, v);
    return NotIndexable(body);
  };
  return out;
}

}  // namespace

absl::Status SetIdHex(std::array<uint8_t, 16>& to, const Value& v) { return SetHexOf(to, v, "trace"); }
absl::Status SetIdHex(std::array<uint8_t, 8>& to, const Value& v) { return SetHexOf(to, v, "span"); }

std::string_view ContextName(ContextKind kind) { return kContexts[static_cast<size_t>(kind)]; }
std::optional<ContextKind> FindContext(std::string_view name) {
  if (name == "instrumentation_scope") return ContextKind::kScope;
  for (size_t i = 0; i < kContexts.size(); ++i) {
    if (kContexts[i] == name) return static_cast<ContextKind>(i);
  }
  return std::nullopt;
}

std::vector<std::string_view> ContextNames(ContextKind kind) {
  std::vector<std::string_view> out = {ContextName(kind)};
  if (kind == ContextKind::kSpanEvent) out.push_back("span");
  if (kind == ContextKind::kDataPoint) out.push_back("metric");
  if (kind != ContextKind::kResource && kind != ContextKind::kScope) out.push_back("scope");
  if (kind != ContextKind::kResource) {
    out.push_back("instrumentation_scope");
    out.push_back("resource");
  }
  return out;
}
bool KnowsContext(ContextKind kind, std::string_view context) {
  const auto names = ContextNames(kind);
  return std::find(names.begin(), names.end(), context) != names.end();
}

const PathRow* FindPathRow(std::string_view context, std::string_view name) {
  if (context == "resource") return FindIn(kResource, name);
  if (context == "scope" || context == "instrumentation_scope") return FindIn(kScope, name);
  if (context == "log") return FindIn(kLog, name);
  if (context == "span" || context == "spanevent") return FindSpanRow(context, name);
  return FindMetricRow(context, name);
}

absl::StatusOr<Path> ResolvePath(const PathNames& path, Keys keys, ContextKind kind) {
  const std::string_view context = path.context.empty() ? ContextName(kind) : std::string_view(path.context);
  std::string joined;
  for (const std::string& name : path.names) absl::StrAppend(&joined, joined.empty() ? "" : ".", name);
  if (path.names[0] == "cache") {
    if (FindContext(context) != kind) {
      return absl::InvalidArgumentError(absl::StrCat("access to cache must be performed using the same statement's context, please replace \"",
                                                     path.text, "\" with \"", A(ContextName(kind)), ".cache\""));
    }
    if (path.names.size() == 1) return Cache(std::move(keys));
  }
  const PathRow* row = FindPathRow(context, joined);
  if (row == nullptr && path.names.size() > 1 && FindPathRow(context, path.names[0]) != nullptr) {
    const PathRow* first = FindPathRow(context, path.names[0]);
    if (first->map != nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("the path section \"", path.names[1],
                                                     "\" was not used by the context - this likely means you are using extra path sections"));
    }
    return Unknown(path.names[1], path.text, context);
  }
  if (row == nullptr && KnownElsewhere(context, path.names[0])) {
    if (path.names.size() > 1) return Unknown(path.names[1], path.text, context);
    return absl::UnimplementedError(absl::StrCat("path \"", path.text, "\" is not supported yet"));
  }
  if (row == nullptr) return Unknown(path.names[0], path.text, context);
  if (keys.empty()) {
    Path out;
    out.get = [get = row->get](Item& i, Arena& a) -> absl::StatusOr<Value> { return get(i, a); };
    if (row->set != nullptr) out.set = row->set;
    return out;
  }
  if (joined == "body") return Body(std::move(keys));
  if (row->map == nullptr) {
    if (joined == "trace_state" && keys.size() != 1) return absl::InvalidArgumentError("must provide exactly 1 key when accessing trace_state");
    if (joined == "trace_state" && keys[0].kind == Key::kText) return TraceState(keys[0].text);
    if (joined == "trace_state") return absl::InvalidArgumentError("trace_state indexing type must be a string");
    return absl::InvalidArgumentError(
        absl::StrCat("the keys indexing \"", path.names.back(),
                     "\" were not used by the context - this likely means you are trying to index a path that does not support indexing"));
  }
  Path out;
  if (keys.size() == 1 && keys[0].kind == Key::kText) {
    // What most statements do, without a detour.
    out.get = [map = row->map, key = keys[0].text](Item& i, Arena&) -> absl::StatusOr<Value> {
      const Value* found = map(i).Find(key);
      return found == nullptr ? Value() : *found;
    };
    out.set = [map = row->map, key = keys[0].text](Item& i, Arena& a, const Value& v) {
      map(i).Set(a, key, Storable(v, a));
      return absl::OkStatus();
    };
    return out;
  }
  out.get = [map = row->map, keys](Item& i, Arena& a) { return GetKeyed(map(i), keys, i, a); };
  out.set = [map = row->map, keys](Item& i, Arena& a, const Value& v) { return SetKeyed(map(i), keys, i, a, v); };
  return out;
}

std::optional<int64_t> FindEnum(std::string_view name, ContextKind kind) {
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
    case ContextKind::kLog:
      return find("SEVERITY_NUMBER_",
                  {"UNSPECIFIED", "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4", "INFO", "INFO2",
                   "INFO3", "INFO4", "WARN", "WARN2", "WARN3", "WARN4", "ERROR", "ERROR2", "ERROR3", "ERROR4", "FATAL", "FATAL2",
                   "FATAL3", "FATAL4"});
    case ContextKind::kSpan:
    case ContextKind::kSpanEvent:
      if (auto found = find("SPAN_KIND_", {"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"})) return found;
      return find("STATUS_CODE_", {"UNSET", "OK", "ERROR"});
    case ContextKind::kDataPoint:
      if (auto found = find("FLAG_", {"NONE", "NO_RECORDED_VALUE"})) return found;
      [[fallthrough]];
    case ContextKind::kMetric:
      if (auto found = find("AGGREGATION_TEMPORALITY_", {"UNSPECIFIED", "DELTA", "CUMULATIVE"})) return found;
      return find("METRIC_DATA_TYPE_", {"NONE", "GAUGE", "SUM", "HISTOGRAM", "EXPONENTIAL_HISTOGRAM", "SUMMARY"});
    case ContextKind::kScope:
    case ContextKind::kResource: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace otelpipe::ottl
