// Paths of spans and their events.
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "shared/ottl/paths.h"

namespace otelpipe::ottl {
namespace {

constexpr std::array<std::string_view, 6> kKinds = {"Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"};
constexpr std::array<std::string_view, 6> kOldKinds = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                                       "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};

Value KindText(const std::array<std::string_view, 6>& names, int32_t kind) {
  return Value::Str(kind >= 0 && kind < 6 ? names[static_cast<size_t>(kind)] : std::string_view(""));
}
absl::Status SetKindText(const std::array<std::string_view, 6>& names, Item& i, const Value& v, const char* what) {
  if (!v.is_string()) return absl::OkStatus();
  for (size_t n = 0; n < names.size(); ++n) {
    if (names[n] != v.string()) continue;
    i.span->kind = static_cast<int32_t>(n);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown span kind ", what, ", ", A(v.string())));
}

// Keys and values of the members of a trace state, by the W3C's grammar.
bool GoodStateKey(std::string_view key) {
  auto good = [](std::string_view part, size_t most, bool digit_first) {
    if (part.empty() || part.size() > most) return false;
    for (size_t i = 0; i < part.size(); ++i) {
      const char c = part[i];
      const bool small = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
      if (!small && !(digit && (i > 0 || digit_first)) && !(i > 0 && (c == '_' || c == '-' || c == '*' || c == '/'))) return false;
    }
    return true;
  };
  const size_t at = key.find('@');
  if (at == std::string_view::npos) return good(key, 256, false);
  return good(key.substr(0, at), 241, true) && good(key.substr(at + 1), 14, false);
}
bool GoodStateValue(std::string_view value) {
  if (value.empty() || value.size() > 256 || value.back() == ' ') return false;
  for (char c : value) {
    if (c < 0x20 || c > 0x7e || c == ',' || c == '=') return false;
  }
  return true;
}

constexpr PathRow kSpan[] = {
    {"attributes", [](Item& i, Arena&) { return MapValue(i.span->attributes); },
     [](Item& i, Arena& a, const Value& v) { return StoreMap(v, i.span->attributes, a), absl::OkStatus(); },
     [](Item& i) -> Map& { return i.span->attributes; }},
    {"name", [](Item& i, Arena&) { return Value::Str(i.span->name); },
     [](Item& i, Arena&, const Value& v) { return SetText(i.span->name, v); }},
    {"kind", [](Item& i, Arena&) { return Value::Int(i.span->kind); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.span->kind, v); }},
    {"kind.string", [](Item& i, Arena&) { return KindText(kKinds, i.span->kind); },
     [](Item& i, Arena&, const Value& v) { return SetKindText(kKinds, i, v, "string"); }},
    {"kind.deprecated_string", [](Item& i, Arena&) { return KindText(kOldKinds, i.span->kind); },
     [](Item& i, Arena&, const Value& v) { return SetKindText(kOldKinds, i, v, "deprecated string"); }},
    {"status.code", [](Item& i, Arena&) { return Value::Int(i.span->status_code); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.span->status_code, v); }},
    {"status.message", [](Item& i, Arena&) { return Value::Str(i.span->status_message); },
     [](Item& i, Arena&, const Value& v) { return SetText(i.span->status_message, v); }},
    {"start_time_unix_nano", [](Item& i, Arena&) { return NanosValue(i.span->start_time_unix_nano); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.span->start_time_unix_nano, v); }},
    {"end_time_unix_nano", [](Item& i, Arena&) { return NanosValue(i.span->end_time_unix_nano); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.span->end_time_unix_nano, v); }},
    {"start_time", [](Item& i, Arena&) { return TimeOf(i.span->start_time_unix_nano); },
     [](Item& i, Arena&, const Value& v) { return SetTime(i.span->start_time_unix_nano, v); }},
    {"end_time", [](Item& i, Arena&) { return TimeOf(i.span->end_time_unix_nano); },
     [](Item& i, Arena&, const Value& v) { return SetTime(i.span->end_time_unix_nano, v); }},
    {"trace_state", [](Item& i, Arena&) { return Value::Str(i.span->trace_state); },
     [](Item& i, Arena&, const Value& v) { return SetText(i.span->trace_state, v); }},
    {"dropped_attributes_count", [](Item& i, Arena&) { return Value::Int(i.span->dropped_attributes_count); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.span->dropped_attributes_count, v); }},
    {"dropped_events_count", [](Item& i, Arena&) { return Value::Int(i.span->dropped_events_count); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.span->dropped_events_count, v); }},
    {"dropped_links_count", [](Item& i, Arena&) { return Value::Int(i.span->dropped_links_count); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.span->dropped_links_count, v); }},
    {"trace_id", [](Item& i, Arena&) { return IdValue(i.span->trace_id.bytes); },
     [](Item& i, Arena&, const Value& v) { return SetId(i.span->trace_id.bytes, v); }},
    {"trace_id.string", [](Item& i, Arena& arena) { return IdHex(i.span->trace_id.bytes, arena); },
     [](Item& i, Arena&, const Value& v) { return SetIdHex(i.span->trace_id.bytes, v); }},
    {"span_id", [](Item& i, Arena&) { return IdValue(i.span->span_id.bytes); },
     [](Item& i, Arena&, const Value& v) { return SetId(i.span->span_id.bytes, v); }},
    {"span_id.string", [](Item& i, Arena& arena) { return IdHex(i.span->span_id.bytes, arena); },
     [](Item& i, Arena&, const Value& v) { return SetIdHex(i.span->span_id.bytes, v); }},
    {"parent_span_id", [](Item& i, Arena&) { return IdValue(i.span->parent_span_id.bytes); },
     [](Item& i, Arena&, const Value& v) { return SetId(i.span->parent_span_id.bytes, v); }},
    {"parent_span_id.string", [](Item& i, Arena& arena) { return IdHex(i.span->parent_span_id.bytes, arena); },
     [](Item& i, Arena&, const Value& v) { return SetIdHex(i.span->parent_span_id.bytes, v); }},
    {"events", [](Item& i, Arena&) { return CountValue(i.span->events.size()); }},
    {"links", [](Item& i, Arena&) { return CountValue(i.span->links.size()); }},
};
constexpr PathRow kSpanEvent[] = {
    {"attributes", [](Item& i, Arena&) { return MapValue(i.event->attributes); },
     [](Item& i, Arena& a, const Value& v) { return StoreMap(v, i.event->attributes, a), absl::OkStatus(); },
     [](Item& i) -> Map& { return i.event->attributes; }},
    {"name", [](Item& i, Arena&) { return Value::Str(i.event->name); },
     [](Item& i, Arena&, const Value& v) { return SetText(i.event->name, v); }},
    {"time_unix_nano", [](Item& i, Arena&) { return NanosValue(i.event->time_unix_nano); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.event->time_unix_nano, v); }},
    {"time", [](Item& i, Arena&) { return TimeOf(i.event->time_unix_nano); },
     [](Item& i, Arena&, const Value& v) { return SetTime(i.event->time_unix_nano, v); }},
    {"dropped_attributes_count", [](Item& i, Arena&) { return Value::Int(i.event->dropped_attributes_count); },
     [](Item& i, Arena&, const Value& v) { return SetNumber(i.event->dropped_attributes_count, v); }},
};

struct Member {
  std::string_view key, value;
};
// The members of a W3C trace state; false for one that is not well formed.
bool ParseState(std::string_view text, std::vector<Member>& out) {
  while (!text.empty()) {
    const size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    while (!part.empty() && (part.front() == ' ' || part.front() == '\t')) part.remove_prefix(1);
    while (!part.empty() && (part.back() == ' ' || part.back() == '\t')) part.remove_suffix(1);
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) return false;
    const Member member{part.substr(0, equals), part.substr(equals + 1)};
    if (!GoodStateKey(member.key) || !GoodStateValue(member.value) || out.size() == 32) return false;
    for (const Member& other : out) {
      if (other.key == member.key) return false;
    }
    out.push_back(member);
  }
  return true;
}

}  // namespace

Path TraceState(std::string_view key) {
  Path out;
  out.get = [key](Item& i, Arena&) -> absl::StatusOr<Value> {
    std::vector<Member> members;
    if (!ParseState(i.span->trace_state, members)) return Value();
    for (const Member& member : members) {
      if (member.key == key) return Value::Str(member.value);
    }
    return Value::Str("");
  };
  // What is set comes first. A key or value that the standard does not allow changes nothing, as in the reference.
  out.set = [key](Item& i, Arena& arena, const Value& v) {
    std::vector<Member> members;
    if (!v.is_string() || !GoodStateKey(key) || !GoodStateValue(v.string()) || !ParseState(i.span->trace_state, members)) return absl::OkStatus();
    std::string text = absl::StrCat(A(key), "=", A(v.string()));
    size_t count = 1;
    for (const Member& member : members) {
      if (member.key != key && count++ < 32) absl::StrAppend(&text, ",", A(member.key), "=", A(member.value));
    }
    i.span->trace_state = arena.Copy(text);
    return absl::OkStatus();
  };
  return out;
}

const PathRow* FindSpanRow(std::string_view context, std::string_view name) {
  if (context == "spanevent") {
    for (const PathRow& row : kSpanEvent) {
      if (row.name == name) return &row;
    }
    return nullptr;
  }
  for (const PathRow& row : kSpan) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace otelpipe::ottl
