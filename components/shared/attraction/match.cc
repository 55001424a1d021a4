#include "shared/attraction/match.h"

#include <algorithm>
#include <charconv>

#include "otelpipe/base/status_macros.h"
#include "shared/attraction/literal.h"

namespace otelpipe::attraction {
namespace {

constexpr std::string_view kSpanKinds[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                           "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};

absl::Status Fail(std::string text) { return absl::InvalidArgumentError(text); }

absl::Status UnknownMatchType(std::string_view match_type) {
  return Fail("unrecognized match_type: '" + std::string(match_type) + "', valid types are: [regexp strict]");
}

std::string_view KindText(ValueKind kind) {
  switch (kind) {
    case ValueKind::kEmpty: return "Empty";
    case ValueKind::kString: return "Str";
    case ValueKind::kBool: return "Bool";
    case ValueKind::kInt: return "Int";
    case ValueKind::kDouble: return "Double";
    case ValueKind::kBytes: return "Bytes";
    case ValueKind::kList: return "Slice";
    case ValueKind::kMap: return "Map";
  }
  return "";
}

// The text a regular expression sees; false for kinds that never match. Doubles are written without an exponent.
bool ScalarText(const Value& value, std::string& scratch, std::string_view& out) {
  switch (value.kind()) {
    case ValueKind::kString:
      out = value.string();
      return true;
    case ValueKind::kBool:
      out = value.boolean() ? "true" : "false";
      return true;
    case ValueKind::kInt:
      scratch = std::to_string(value.integer());
      out = scratch;
      return true;
    case ValueKind::kDouble: {
      const double d = value.number();
      if (d != d) {
        out = "NaN";
      } else if (d - d != 0) {
        out = d > 0 ? "+Inf" : "-Inf";
      } else {
        scratch.resize(512);
        auto [end, error] = std::to_chars(scratch.data(), scratch.data() + scratch.size(), d, std::chars_format::fixed);
        if (error != std::errc()) return false;
        scratch.resize(static_cast<size_t>(end - scratch.data()));
        out = scratch;
      }
      return true;
    }
    default:
      return false;
  }
}

absl::Status CompileTexts(const MatchConfig& config, const std::vector<std::string>& texts, std::string_view what,
                          std::optional<TextSet>& out) {
  if (texts.empty()) return absl::OkStatus();
  auto set = TextSet::Compile(config.match_type, texts);
  if (!set.ok()) return Annotate(set.status(), "error creating " + std::string(what) + " filters: ");
  out = *std::move(set);
  return absl::OkStatus();
}

}  // namespace

void MatchAttributeConfig::Describe(Fields<MatchAttributeConfig>& f) {
  f.Optional("key", &MatchAttributeConfig::key, "The attribute.");
  f.Optional("value", &MatchAttributeConfig::value, "Its value; absent: any value.");
}

void MatchLibraryConfig::Describe(Fields<MatchLibraryConfig>& f) {
  f.Optional("name", &MatchLibraryConfig::name, "Name of the instrumentation scope.");
  f.Optional("version", &MatchLibraryConfig::version, "Its version; absent: any version.");
}

void MatchSeverityConfig::Describe(Fields<MatchSeverityConfig>& f) {
  f.Optional("min", &MatchSeverityConfig::min, "Lowest severity number that matches.");
  f.Optional("match_undefined", &MatchSeverityConfig::match_undefined, "Whether records without a severity number match.");
}

void MatchCacheConfig::Describe(Fields<MatchCacheConfig>& f) {
  f.Optional("cacheenabled", &MatchCacheConfig::cacheenabled, "No effect: results need no cache here.");
  f.Optional("cachemaxnumentries", &MatchCacheConfig::cachemaxnumentries, "No effect.");
}

void MatchConfig::Describe(Fields<MatchConfig>& f) {
  f.Optional("match_type", &MatchConfig::match_type, "strict or regexp.");
  f.Optional("regexp", &MatchConfig::regexp, "Settings of match_type regexp.");
  f.Optional("services", &MatchConfig::services, "Spans: service names.");
  f.Optional("span_names", &MatchConfig::span_names, "Spans: names.");
  f.Optional("span_kinds", &MatchConfig::span_kinds, "Spans: kinds, as SPAN_KIND_SERVER.");
  f.Optional("log_bodies", &MatchConfig::log_bodies, "Logs: bodies, in their text form.");
  f.Optional("log_severity_texts", &MatchConfig::log_severity_texts, "Logs: severity texts.");
  f.Optional("log_severity_number", &MatchConfig::log_severity_number, "Logs: lowest severity number.");
  f.Optional("metric_names", &MatchConfig::metric_names, "Metrics: names.");
  f.Optional("attributes", &MatchConfig::attributes, "Attributes of the item, all of which must match.");
  f.Optional("resources", &MatchConfig::resources, "Attributes of the resource, all of which must match.");
  f.Optional("libraries", &MatchConfig::libraries, "Instrumentation scopes, all of which must match.");
}

absl::StatusOr<TextSet> TextSet::Compile(std::string_view match_type, const std::vector<std::string>& texts) {
  TextSet out;
  if (match_type == "strict") {
    out.strict_ = texts;
  } else if (match_type == "regexp") {
    for (const std::string& text : texts) {
      OTELPIPE_ASSIGN_OR_RETURN(auto pattern, regex::Pattern::Compile(text));
      out.patterns_.push_back(std::move(pattern));
    }
  } else {
    return UnknownMatchType(match_type);
  }
  return out;
}

bool TextSet::Matches(std::string_view text) const {
  return std::any_of(strict_.begin(), strict_.end(), [&](const std::string& s) { return s == text; }) ||
         std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& p) { return p->PartialMatch(text); });
}

absl::StatusOr<AttributeSet> AttributeSet::Compile(std::string_view match_type,
                                                   const std::vector<MatchAttributeConfig>& attributes) {
  AttributeSet out;
  out.values_ = std::make_shared<Arena>();
  for (const MatchAttributeConfig& attribute : attributes) {
    if (attribute.key.empty()) return Fail("can't have empty key in the list of attributes");
    Entry entry;
    entry.key = attribute.key;
    if (!attribute.value.is_null()) {
      OTELPIPE_ASSIGN_OR_RETURN(Value value, ToValue(attribute.value, *out.values_));
      if (match_type == "regexp") {
        if (!value.is_string()) {
          return Fail("match_type=regexp for \"" + attribute.key + "\" only supports Str, but found " +
                      std::string(KindText(value.kind())));
        }
        OTELPIPE_ASSIGN_OR_RETURN(entry.pattern, regex::Pattern::Compile(value.string()));
      } else if (match_type == "strict") {
        entry.has_value = true;
        entry.value = value;
      } else {
        return UnknownMatchType(match_type);
      }
    }
    out.entries_.push_back(std::move(entry));
  }
  return out;
}

bool AttributeSet::Matches(const Map& attributes) const {
  if (attributes.empty()) return false;
  std::string scratch;
  for (const Entry& entry : entries_) {
    const Value* value = attributes.Find(entry.key);
    if (value == nullptr) return false;
    if (entry.pattern) {
      std::string_view text;
      if (!ScalarText(*value, scratch, text) || !entry.pattern->PartialMatch(text)) return false;
    } else if (entry.has_value && !Equal(*value, entry.value)) {
      return false;
    }
  }
  return true;
}

absl::Status Matcher::CompileShared(const MatchConfig& config) {
  for (const MatchLibraryConfig& library : config.libraries) {
    Library out;
    auto name = TextSet::Compile(config.match_type, {library.name});
    if (!name.ok()) return Annotate(name.status(), "error creating library name filters: ");
    out.name = *std::move(name);
    if (library.version) {
      auto version = TextSet::Compile(config.match_type, {*library.version});
      if (!version.ok()) return Annotate(version.status(), "error creating library version filters: ");
      out.version = *std::move(version);
    }
    libraries_.push_back(std::move(out));
  }
  if (!config.attributes.empty()) {
    auto set = AttributeSet::Compile(config.match_type, config.attributes);
    if (!set.ok()) return Annotate(set.status(), "error creating attribute filters: ");
    attributes_ = *std::move(set);
  }
  if (!config.resources.empty()) {
    auto set = AttributeSet::Compile(config.match_type, config.resources);
    if (!set.ok()) return Annotate(set.status(), "error creating resource filters: ");
    resources_ = *std::move(set);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Matcher>> Matcher::ForLogs(const MatchConfig& c) {
  if (!c.services.empty() || !c.span_names.empty() || !c.span_kinds.empty() || !c.metric_names.empty()) {
    return Fail("services, span_names, span_kinds and metric_names are not valid for log records");
  }
  if (c.attributes.empty() && c.libraries.empty() && c.resources.empty() && c.log_bodies.empty() &&
      c.log_severity_texts.empty() && !c.log_severity_number) {
    return Fail("at least one of \"attributes\", \"libraries\", \"span_kinds\", \"resources\", \"log_bodies\", "
                "\"log_severity_texts\" or \"log_severity_number\" field must be specified");
  }
  auto out = std::make_unique<Matcher>();
  OTELPIPE_RETURN_IF_ERROR(out->CompileShared(c));
  OTELPIPE_RETURN_IF_ERROR(CompileTexts(c, c.log_bodies, "log record body", out->bodies_));
  OTELPIPE_RETURN_IF_ERROR(CompileTexts(c, c.log_severity_texts, "log record severity text", out->severity_texts_));
  out->severity_ = c.log_severity_number;
  return out;
}

absl::StatusOr<std::unique_ptr<Matcher>> Matcher::ForSpans(const MatchConfig& c) {
  auto refuse = [](std::string_view key) { return Fail(std::string(key) + " should not be specified for trace spans"); };
  if (!c.log_bodies.empty()) return refuse("log_bodies");
  if (!c.log_severity_texts.empty()) return refuse("log_severity_texts");
  if (c.log_severity_number) return refuse("log_severity_number");
  if (!c.metric_names.empty()) return refuse("metric_names");
  if (c.services.empty() && c.span_names.empty() && c.attributes.empty() && c.libraries.empty() && c.resources.empty() &&
      c.span_kinds.empty()) {
    // The reference's words, which leave out half of the keys.
    return Fail("at least one of \"attributes\", \"libraries\",  or \"resources\" field must be specified");
  }
  if (c.match_type == "strict") {
    for (const std::string& kind : c.span_kinds) {
      if (std::find(std::begin(kSpanKinds) + 1, std::end(kSpanKinds), kind) == std::end(kSpanKinds)) {
        return Fail("span_kinds string must match one of the standard span kinds when match_type=strict: [     "
                    "SPAN_KIND_CLIENT SPAN_KIND_CONSUMER SPAN_KIND_INTERNAL SPAN_KIND_PRODUCER SPAN_KIND_SERVER]");
      }
    }
  }
  auto out = std::make_unique<Matcher>();
  OTELPIPE_RETURN_IF_ERROR(out->CompileShared(c));
  OTELPIPE_RETURN_IF_ERROR(CompileTexts(c, c.services, "service name", out->services_));
  OTELPIPE_RETURN_IF_ERROR(CompileTexts(c, c.span_names, "span name", out->span_names_));
  OTELPIPE_RETURN_IF_ERROR(CompileTexts(c, c.span_kinds, "span kind", out->span_kinds_));
  return out;
}

absl::StatusOr<std::unique_ptr<Matcher>> Matcher::ForMetrics(const MatchConfig& c) {
  if (!c.span_names.empty() || !c.span_kinds.empty() || !c.log_bodies.empty() || !c.log_severity_texts.empty() ||
      c.log_severity_number || !c.services.empty() || !c.attributes.empty() || !c.libraries.empty()) {
    return Fail("\"span_names\", \"span_kinds\", \"log_bodies\", \"log_severity_texts\", \"log_severity_number\", "
                "\"services\", \"attributes\" and \"libraries\" are not valid for metrics");
  }
  if (c.metric_names.empty() && c.resources.empty()) {
    return Fail("at least one of \"metric_names\" or \"resources\" field must be specified");
  }
  if (c.metric_names.empty()) return std::unique_ptr<Matcher>();
  auto out = std::make_unique<Matcher>();
  auto names = TextSet::Compile(c.match_type, c.metric_names);
  if (!names.ok()) return names.status();
  out->metric_names_ = *std::move(names);
  return out;
}

bool Matcher::MatchScope(const Resource& resource, const Scope& scope) const {
  if (services_) {
    const Value* name = resource.attributes.Find("service.name");
    if (!services_->Matches(name != nullptr ? name->AsString() : "<nil-service-name>")) return false;
  }
  for (const Library& library : libraries_) {
    if (!library.name.Matches(scope.name)) return false;
    if (library.version && !library.version->Matches(scope.version)) return false;
  }
  return !resources_ || resources_->Matches(resource.attributes);
}

bool Matcher::MatchLog(const LogRecord& record) const {
  if (severity_) {
    if (record.severity_number == 0 ? !severity_->match_undefined : record.severity_number < severity_->min) return false;
  }
  if (severity_texts_ && !severity_texts_->Matches(record.severity_text)) return false;
  if (bodies_) {
    std::string_view text;
    if (record.body.is_string()) {
      text = record.body.string();
    } else {
      scratch_.clear();
      record.body.AppendString(scratch_);
      text = scratch_;
    }
    if (!bodies_->Matches(text)) return false;
  }
  return !attributes_ || attributes_->Matches(record.attributes);
}

bool Matcher::MatchSpan(const Span& span) const {
  if (span_names_ && !span_names_->Matches(span.name)) return false;
  if (span_kinds_) {
    const bool known = span.kind >= 0 && span.kind < static_cast<int32_t>(std::size(kSpanKinds));
    if (!span_kinds_->Matches(known ? kSpanKinds[span.kind] : std::string_view())) return false;
  }
  return !attributes_ || attributes_->Matches(span.attributes);
}

bool Matcher::MatchMetric(const Metric& metric) const { return !metric_names_ || metric_names_->Matches(metric.name); }

}  // namespace otelpipe::attraction
