#include "inspect/match.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "inspect/flat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/text.h"
#include "otelpipe/regex/pattern.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe::inspect {
namespace {

constexpr std::string_view kMatches = "$matches";

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text, false);
  return out;
}

// As JSON on one line, as far as it goes.
std::string TextOf(const ConfigNode& node) {
  if (node.is_map()) {
    std::string out = "{";
    for (const ConfigNode::Entry& e : node.entries) absl::StrAppend(&out, out.size() > 1 ? "," : "", Quoted(e.key), ":", TextOf(e.value));
    return out + "}";
  }
  if (node.is_list()) {
    std::string out = "[";
    for (const ConfigNode& item : node.items) absl::StrAppend(&out, out.size() > 1 ? "," : "", TextOf(item));
    return out + "]";
  }
  if (node.is_null()) return "null";
  return node.kind == ConfigNode::Kind::kString || node.kind == ConfigNode::Kind::kTimestamp ? Quoted(node.text) : node.text;
}

class Matcher {
 public:
  Matcher(bool exact, std::vector<Difference>& out) : exact_(exact), out_(out) {}

  void MatchValue(const ConfigNode& want, const Value* got, const std::string& path) {
    const bool there = got != nullptr && !got->is_empty();
    if (want.is_null()) {
      if (there) Differs(want, path, "nothing", got);
      return;
    }
    if (!there) return Differs(want, path, TextOf(want), nullptr);
    if (want.is_map() && want.entries.size() == 1 && want.entries[0].key == kMatches) return Pattern(want.entries[0].value, *got, path);
    if (want.is_map()) {
      if (!got->is_map()) return Differs(want, path, TextOf(want), got);
      return MatchMap(want, got->map(), path);
    }
    if (want.is_list()) {
      if (!got->is_list() || got->list().size() != want.items.size()) return Differs(want, path, TextOf(want), got);
      uint32_t i = 0;
      for (const Value& item : got->list()) {
        MatchValue(want.items[i], &item, absl::StrCat(path, "[", i, "]"));
        ++i;
      }
      return;
    }
    if (!Same(want, *got)) Differs(want, path, TextOf(want), got);
  }

  void MatchMap(const ConfigNode& want, const Map& got, const std::string& path) {
    for (const ConfigNode::Entry& e : want.entries) MatchValue(e.value, got.Find(e.key), PathOf(path, e.key));
    if (!exact_) return;
    for (const KeyValue& kv : got) {
      if (want.Find(kv.key) == nullptr) out_.push_back({want.location, PathOf(path, kv.key), absl::StrCat("not expected, got ", JsonOf(kv.value))});
    }
  }

  void Text(const ConfigNode& want, const std::string& path, std::string_view got) {
    const Value value = got.empty() ? Value() : Value::Str(got);
    if (want.kind == ConfigNode::Kind::kString && want.text.empty() && got.empty()) return;
    MatchValue(want, &value, path);
  }

 private:
  static bool Same(const ConfigNode& want, const Value& got) {
    switch (want.kind) {
      case ConfigNode::Kind::kBool: return got.kind() == ValueKind::kBool && got.boolean() == want.boolean;
      case ConfigNode::Kind::kInt:
        if (got.kind() == ValueKind::kInt) return !want.is_unsigned && got.integer() == want.integer;
        return got.kind() == ValueKind::kDouble && got.number() == want.number;
      case ConfigNode::Kind::kFloat: return got.kind() == ValueKind::kDouble && got.number() == want.number;
      default: return got.is_string() ? got.string() == want.text : got.kind() == ValueKind::kBytes && JsonOf(got) == Quoted(want.text);
    }
  }

  void Pattern(const ConfigNode& want, const Value& got, const std::string& path) {
    absl::StatusOr<std::shared_ptr<const regex::Pattern>> pattern = regex::Pattern::Compile(want.text);
    if (!pattern.ok()) {
      out_.push_back({want.location, path, std::string(S(pattern.status().message()))});
    } else if (!(*pattern)->PartialMatch(got.is_string() ? got.string() : std::string_view(JsonOf(got)))) {
      Differs(want, path, absl::StrCat("a match of ", want.text), &got);
    }
  }

  void Differs(const ConfigNode& want, const std::string& path, const std::string& text, const Value* got) {
    out_.push_back({want.location, path, absl::StrCat("want ", text, ", got ", got == nullptr || got->is_empty() ? "nothing" : JsonOf(*got))});
  }

  bool exact_;
  std::vector<Difference>& out_;
};

void MatchTime(const ConfigNode& want, uint64_t got, std::vector<Difference>& out) {
  const std::string shown = got == 0 ? "nothing" : timeparse::FormatRfc3339(timeparse::Timestamp::FromUnixNanos(static_cast<int64_t>(got)));
  absl::Time time;
  std::string problem;
  if (want.is_null()) {
    if (got != 0) out.push_back({want.location, "timestamp", absl::StrCat("want nothing, got ", shown)});
    return;
  }
  if (want.kind == ConfigNode::Kind::kInt) {
    time = absl::FromUnixNanos(want.integer);
  } else if (!absl::ParseTime(absl::RFC3339_full, want.text, &time, &problem)) {
    out.push_back({want.location, "timestamp", absl::StrCat("want ", want.text, ", which is not a time such as 2026-01-02T15:04:05.6Z")});
    return;
  }
  if (got == 0 || absl::ToUnixNanos(time) != static_cast<int64_t>(got)) {
    out.push_back({want.location, "timestamp", absl::StrCat("want ", want.text, ", got ", shown)});
  }
}

template <typename Id>
std::string HexOf(const Id& id) {
  std::string out;
  if (!id.empty()) AppendHex(out, id);
  return out;
}

}  // namespace

std::vector<Difference> Match(const ConfigNode& want, const Resource& resource, const Scope& scope, const LogRecord& record, bool exact) {
  std::vector<Difference> out;
  Matcher matcher(exact, out);
  // Looked at when it is named, and with `exact` also when it is not: then it should not be there.
  const ConfigNode nothing = [&] {
    ConfigNode n;
    n.location = want.location;
    return n;
  }();
  auto want_of = [&](const char* key) -> const ConfigNode* {
    const ConfigNode* node = want.Find(key);
    return node != nullptr ? node : exact ? &nothing : nullptr;
  };
  if (const ConfigNode* w = want_of("timestamp")) MatchTime(*w, record.time_unix_nano, out);
  if (const ConfigNode* w = want_of("severity_number")) {
    const Value number = record.severity_number == 0 ? Value() : Value::Int(record.severity_number);
    if (w->kind != ConfigNode::Kind::kInt || w->integer != record.severity_number) matcher.MatchValue(*w, &number, "severity_number");
  }
  if (const ConfigNode* w = want_of("severity_text")) matcher.Text(*w, "severity_text", record.severity_text);
  if (const ConfigNode* w = want_of("body")) matcher.MatchValue(*w, &record.body, "body");
  for (const auto& [key, map] : {std::pair<const char*, const Map*>{"attributes", &record.attributes}, {"resource", &resource.attributes}}) {
    const ConfigNode* w = want_of(key);
    if (w == nullptr) continue;
    if (w->is_null() && !map->empty()) {
      out.push_back({w->location, key, absl::StrCat("want nothing, got ", map->size(), map->size() == 1 ? " key" : " keys")});
    } else if (w->is_map()) {
      matcher.MatchMap(*w, *map, key);
    }
  }
  if (const ConfigNode* w = want_of("scope_name")) matcher.Text(*w, "scope_name", scope.name);
  if (const ConfigNode* w = want_of("trace_id")) matcher.Text(*w, "trace_id", HexOf(record.trace_id));
  if (const ConfigNode* w = want_of("span_id")) matcher.Text(*w, "span_id", HexOf(record.span_id));
  if (const ConfigNode* w = want_of("trace_flags")) {
    const Value flags = record.flags == 0 ? Value() : Value::Int(record.flags);
    if (w->kind != ConfigNode::Kind::kInt || w->integer != record.flags) matcher.MatchValue(*w, &flags, "trace_flags");
  }
  if (const ConfigNode* w = want_of("event_name")) matcher.Text(*w, "event_name", record.event_name);
  return out;
}

}  // namespace otelpipe::inspect
