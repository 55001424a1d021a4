// The blocks `timestamp`, `severity`, `trace` and `scope_name`.
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/loop.h"
#include "otelpipe/operator/parser.h"
#include "otelpipe/timeparse/severity.h"
#include "otelpipe/timeparse/time_layout.h"

namespace otelpipe {
namespace {

using timeparse::SeverityMapping;
using timeparse::TimeLayout;
using timeparse::Timestamp;

absl::Status MissingField(const FieldPath& path) {
  return absl::InvalidArgumentError(
      WithDetails("log entry does not have the expected parse_from field", {{"parse_from", path.ToString()}}));
}

// The text the reference's general formatting shows for a value.
std::string GoText(const Value& value) {
  if (value.is_empty()) return "<nil>";
  return value.AsString();
}

class TimeReader final : public EntryReader {
 public:
  TimeReader(FieldPath from, TimeLayout layout) : from_(std::move(from)), layout_(std::move(layout)) {}

  absl::Status Read(Entry& entry) override {
    const Value* value = from_.Get(entry);
    if (value == nullptr) return MissingField(from_);
    absl::StatusOr<Timestamp> time = Parse(*value);
    if (!time.ok()) return time.status();
    entry.timestamp = EntryTime{time->seconds, time->nanos, !time->is_go_zero()};
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Timestamp> Parse(const Value& value) const {
    if (layout_.is_native()) {
      if (!IsTime(value)) {
        return absl::InvalidArgumentError(absl::StrCat("native time.Time field required, but found ", GoText(value),
                                                       " of type ", A(GoTypeName(value))));
      }
      EntryTime t = TimeFromValue(value);
      return layout_.ParseNative(t.set ? Timestamp{t.seconds, t.nanos} : Timestamp::GoZero());
    }
    switch (value.kind()) {
      case ValueKind::kString: return layout_.Parse(value.string());
      case ValueKind::kBytes:
        if (!IsTime(value)) return layout_.Parse(value.string());
        break;
      case ValueKind::kInt:
        if (value.tag() != kTagDuration) return layout_.ParseInt(value.integer(), GoTypeName(value));
        break;
      case ValueKind::kDouble: return layout_.ParseDouble(value.number());
      default: break;
    }
    return absl::InvalidArgumentError(absl::StrCat("type ", A(GoTypeName(value)), " cannot be parsed as a time"));
  }

  FieldPath from_;
  TimeLayout layout_;
};

class SeverityReader final : public EntryReader {
 public:
  SeverityReader(FieldPath from, SeverityMapping mapping, bool overwrite_text)
      : from_(std::move(from)), mapping_(std::move(mapping)), overwrite_text_(overwrite_text) {}

  absl::Status Read(Entry& entry) override {
    const Value* value = from_.Get(entry);
    if (value == nullptr) return MissingField(from_);
    int number = 0;
    std::string_view text;
    switch (value->kind()) {
      case ValueKind::kString:
        number = mapping_.NumberForText(value->string());
        text = value->string();
        break;
      case ValueKind::kBytes:
        if (IsTime(*value)) return WrongType(*value);
        number = mapping_.NumberForText(value->string());
        text = value->string();
        break;
      case ValueKind::kInt:
        if (value->tag() != kTagNone) return WrongType(*value);
        number = mapping_.NumberForInt(value->integer());
        text = entry.arena->Copy(std::to_string(value->integer()));
        break;
      case ValueKind::kDouble: {
        absl::StatusOr<SeverityMapping::Result> found = mapping_.LookupDouble(value->number());
        if (!found.ok()) return Annotate(found.status(), "parse: ");
        number = found->number;
        text = entry.arena->Copy(found->text);
        break;
      }
      default: return WrongType(*value);
    }
    entry.severity = number;
    entry.severity_text = overwrite_text_ && number != 0 ? timeparse::SeverityShortName(number) : text;
    return absl::OkStatus();
  }

 private:
  static absl::Status WrongType(const Value& value) {
    return absl::InvalidArgumentError(absl::StrCat("parse: type ", A(GoTypeName(value)), " cannot be a severity"));
  }

  FieldPath from_;
  SeverityMapping mapping_;
  bool overwrite_text_;
};

absl::Status NotASeverity(const ConfigNode& node) {
  return ConfigErrorAt(node.location, "mapping", absl::StrCat("type ", A(node.TypeName()), " cannot be parsed as a severity"),
                       "use a text, an integer, {min: 1, max: 2} or a list of these");
}

absl::Status AddMapping(SeverityMapping& mapping, int number, const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::kInt: mapping.AddInt(number, node.integer); return absl::OkStatus();
    case ConfigNode::Kind::kString: mapping.Add(number, node.text); return absl::OkStatus();
    case ConfigNode::Kind::kMap: {
      const ConfigNode* min = node.Find("min");
      const ConfigNode* max = node.Find("max");
      if (min == nullptr || max == nullptr || min->kind != ConfigNode::Kind::kInt || max->kind != ConfigNode::Kind::kInt) {
        return NotASeverity(node);
      }
      mapping.AddRange(number, min->integer, max->integer);
      return absl::OkStatus();
    }
    case ConfigNode::Kind::kList:
      for (const ConfigNode& item : node.items) OTELPIPE_RETURN_IF_ERROR(AddMapping(mapping, number, item));
      return absl::OkStatus();
    default: return NotASeverity(node);
  }
}

absl::Status DecodeHexText(std::string_view text, std::string& out) {
  auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  for (char c : text) {
    if (digit(c) >= 0) continue;
    auto byte = static_cast<unsigned char>(c);
    std::string message = "encoding/hex: invalid byte: U+00";
    message += "0123456789ABCDEF"[byte >> 4];
    message += "0123456789ABCDEF"[byte & 15];
    if (byte >= 0x20 && byte < 0x7f) message += std::string(" '") + c + "'";
    if (byte >= 0xa1 && byte != 0xad) {
      message += " '";
      message += static_cast<char>(0xc0 | (byte >> 6));
      message += static_cast<char>(0x80 | (byte & 0x3f));
      message += "'";
    }
    return absl::InvalidArgumentError(message);
  }
  if (text.size() % 2 != 0) return absl::InvalidArgumentError("encoding/hex: odd length hex string");
  out.clear();
  for (size_t i = 0; i < text.size(); i += 2) out += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  return absl::OkStatus();
}

class TraceReader final : public EntryReader {
 public:
  explicit TraceReader(const TraceConfig& config)
      : span_{config.span_id.parse_from, "span_id", &Entry::span_id},
        flags_{config.trace_flags.parse_from, "trace_flags", &Entry::trace_flags},
        trace_{config.trace_id.parse_from, "trace_id", &Entry::trace_id} {
    for (Member* m : {&span_, &flags_, &trace_}) {
      if (!m->from.is_set()) m->from = *FieldPath::Parse(absl::StrCat("body.", A(m->name)).c_str());
    }
  }

  absl::Status Read(Entry& entry) override {
    std::vector<std::pair<std::string_view, std::string>> failed;  // in order of names
    for (const Member* m : {&span_, &flags_, &trace_}) {
      const Value* value = m->from.Get(entry);
      if (value == nullptr) {
        entry.*(m->target) = {};
        continue;
      }
      std::string bytes;
      absl::Status status = DecodeHexText(value->is_string() ? value->string() : GoText(*value), bytes);
      if (status.ok()) {
        entry.*(m->target) = entry.arena->Copy(bytes);
      } else {
        failed.emplace_back(m->name, std::string(S(status.message())));
      }
    }
    if (failed.empty()) return absl::OkStatus();
    std::string all = "Error decoding traces for logs: {";
    for (size_t i = 0; i < failed.size(); ++i) {
      std::string one = WithDetails("", {{failed[i].first, failed[i].second}});  // ": {...}"
      absl::StrAppend(&all, i == 0 ? "" : ",", one.substr(3, one.size() - 4));
    }
    return absl::InvalidArgumentError(all + "}");
  }

 private:
  struct Member {
    FieldPath from;
    std::string_view name;
    std::string_view Entry::*target;
  };
  Member span_, flags_, trace_;
};

class ScopeNameReader final : public EntryReader {
 public:
  explicit ScopeNameReader(FieldPath from) : from_(std::move(from)) {}
  absl::Status Read(Entry& entry) override {
    const Value* value = from_.Get(entry);
    if (value == nullptr) return MissingField(from_);
    if (!value->is_string()) {
      return absl::InvalidArgumentError(
          WithDetails("parse_from field does not contain a string", {{"parse_from", from_.ToString()}}));
    }
    entry.scope_name = value->string();
    return absl::OkStatus();
  }

 private:
  FieldPath from_;
};

}  // namespace

void TimeConfig::Describe(Fields<TimeConfig>& f) {
  f.Optional("parse_from", &TimeConfig::parse_from, "Field that holds the time; required.");
  f.Optional("layout", &TimeConfig::layout, "How the time is written; required unless layout_type is native.");
  f.Optional("layout_type", &TimeConfig::layout_type, "Language of the layout: strptime, gotime, epoch or native.");
  f.Optional("location", &TimeConfig::location, "Time zone of values that name none: an IANA name, UTC or Local.");
}

void SeverityConfig::Describe(Fields<SeverityConfig>& f) {
  f.Optional("parse_from", &SeverityConfig::parse_from, "Field that holds the severity; required.");
  f.Optional("preset", &SeverityConfig::preset, "Values known beforehand: default, otel or none.");
  f.Optional("mapping", &SeverityConfig::mapping,
             "Severity name to value, list of values, range {min, max}, or 2xx to 5xx; wins over the preset.");
  f.Optional("overwrite_text", &SeverityConfig::overwrite_text, "Set the severity text to the standard name.");
}

void TraceFieldConfig::Describe(Fields<TraceFieldConfig>& f) {
  f.Optional("parse_from", &TraceFieldConfig::parse_from, "Field that holds the value in hexadecimal.");
}

void TraceConfig::Describe(Fields<TraceConfig>& f) {
  f.Optional("trace_id", &TraceConfig::trace_id, "Where the trace id is; body.trace_id when unset.");
  f.Optional("span_id", &TraceConfig::span_id, "Where the span id is; body.span_id when unset.");
  f.Optional("trace_flags", &TraceConfig::trace_flags, "Where the flags are; body.trace_flags when unset.");
}

void ScopeNameConfig::Describe(Fields<ScopeNameConfig>& f) {
  f.Optional("parse_from", &ScopeNameConfig::parse_from, "Field that holds the scope name; required.");
}

absl::StatusOr<std::unique_ptr<EntryReader>> MakeTimeReader(const TimeConfig& config, const OperatorContext& context) {
  if (!config.parse_from.is_set()) return absl::InvalidArgumentError("missing required parameter 'parse_from'");
  TimeLayout::Settings settings;
  settings.layout = config.layout;
  settings.layout_type = config.layout_type;
  settings.location = config.location;
  if (Loop* loop = context.loop; loop != nullptr) {
    settings.now = [loop] { return Timestamp::FromUnixNanos(absl::ToUnixNanos(loop->Now())); };
  }
  absl::StatusOr<TimeLayout> layout = TimeLayout::Compile(settings);
  if (!layout.ok()) return layout.status();
  return std::make_unique<TimeReader>(config.parse_from, *std::move(layout));
}

absl::StatusOr<std::unique_ptr<EntryReader>> MakeSeverityReader(const SeverityConfig& config) {
  if (!config.parse_from.is_set()) return absl::InvalidArgumentError("missing required field 'parse_from'");
  SeverityMapping mapping = SeverityMapping::ForPreset(config.preset);
  if (config.mapping.is_map()) {
    std::vector<ConfigError> errors;
    for (const ConfigNode::Entry& e : config.mapping.entries) {
      AppendMistakes(errors, AddMapping(mapping, SeverityMapping::NumberOf(e.key), e.value));
    }
    if (!errors.empty()) return ConfigErrorsToStatus(errors);
  } else if (!config.mapping.is_null()) {
    return ConfigErrorAt(config.mapping.location, "mapping",
                         absl::StrCat("'mapping' expected a map, got '", A(config.mapping.TypeName()), "'"));
  }
  return std::make_unique<SeverityReader>(config.parse_from, std::move(mapping), config.overwrite_text);
}

absl::StatusOr<std::unique_ptr<EntryReader>> MakeTraceReader(const TraceConfig& config) {
  return std::make_unique<TraceReader>(config);
}

absl::StatusOr<std::unique_ptr<EntryReader>> MakeScopeNameReader(const ScopeNameConfig& config) {
  if (!config.parse_from.is_set()) return absl::InvalidArgumentError("missing required field 'parse_from'");
  return std::make_unique<ScopeNameReader>(config.parse_from);
}

}  // namespace otelpipe
