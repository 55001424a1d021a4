#include "service/settings.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "config/text.h"
#include "otelpipe/base/strings.h"
#include "service/old_spellings.h"
#include "service/reference_types.h"

namespace otelpipe {
namespace {

constexpr ComponentKind kSections[] = {ComponentKind::kReceiver, ComponentKind::kProcessor, ComponentKind::kExporter,
                                       ComponentKind::kConnector, ComponentKind::kExtension};

// --- service.telemetry.logs
struct SamplingBlock {
  bool enabled = true;
  absl::Duration tick = absl::Seconds(10);
  int64_t initial = 10;
  int64_t thereafter = 100;
  static void Describe(Fields<SamplingBlock>& f) {
    f.Optional("enabled", &SamplingBlock::enabled, "Thin out repeated lines.");
    f.Optional("tick", &SamplingBlock::tick, "Window of counting.");
    f.Optional("initial", &SamplingBlock::initial, "Equal lines that pass in a window.");
    f.Optional("thereafter", &SamplingBlock::thereafter, "Then every so-manieth passes.");
  }
};

// A level; null is what zero means in the reference: info for lines, basic for metrics.
struct LineLevel {
  std::string name = "info";
};
struct MeasureLevel {
  std::string name = "normal";
};
std::string DecodeLevel(const ConfigNode& node, std::string null, const std::vector<std::string>& names, std::string_view what, DecodeContext& context) {
  if (node.is_null()) return null;
  std::string text;
  const size_t errors = context.error_count();
  DecodeField(node, text, context);
  if (context.error_count() != errors) return null;
  const std::string folded = absl::AsciiStrToLower(text);
  if (std::find(names.begin(), names.end(), folded) != names.end()) return folded;
  context.Error(node, absl::StrCat(A(what), "\"", text, "\""), absl::StrCat("use one of ", absl::StrJoin(names, " ")));
  return null;
}
void DecodeField(const ConfigNode& node, LineLevel& out, DecodeContext& context) {
  if (node.kind == ConfigNode::Kind::kString && node.text.empty()) return;
  out.name = DecodeLevel(node, "info", {"debug", "info", "warn", "error", "dpanic", "panic", "fatal"}, "unrecognized level: ", context);
}
void DecodeField(const ConfigNode& node, MeasureLevel& out, DecodeContext& context) {
  out.name = DecodeLevel(node, "basic", {"none", "basic", "normal", "detailed"}, "unknown metrics level ", context);
}

struct LogsBlock {
  LineLevel level;
  std::string encoding = "console";
  bool development = false;
  bool disable_caller = false;
  bool disable_stacktrace = false;
  SamplingBlock sampling;
  std::vector<std::string> output_paths = {"stderr"};
  std::vector<std::string> error_output_paths = {"stderr"};
  std::map<std::string, ConfigNode> initial_fields;
  std::optional<ConfigNode> processors;
  bool disable_zap_resource = false;
  static void Describe(Fields<LogsBlock>& f) {
    f.Optional("level", &LogsBlock::level, "The least severe lines that are written.");
    f.OneOf("encoding", &LogsBlock::encoding, {"console", "json"},
            "failed to create logger: no encoder registered for name ", "console or json.");
    f.Ignored("development", "stack traces of Go have no counterpart");
    f.Optional("disable_caller", &LogsBlock::disable_caller, "Leave out the source place.");
    f.Ignored("disable_stacktrace", "stack traces of Go have no counterpart");
    f.Optional("sampling", &LogsBlock::sampling, "Thinning of repeated lines.");
    f.Optional("output_paths", &LogsBlock::output_paths, "stderr, stdout or files.");
    f.Ignored("error_output_paths", "errors of the logger itself do not occur");
    f.Optional("initial_fields", &LogsBlock::initial_fields, "Fields added to every line.");
    f.Optional("processors", &LogsBlock::processors, "Who else gets the lines: batch or simple, to otlp or console.");
    f.Optional("disable_zap_resource", &LogsBlock::disable_zap_resource, "Leave the resource out of the lines.");
  }
};

struct MetricsBlock {
  MeasureLevel level;
  std::optional<ConfigNode> readers;
  std::string address;
  std::optional<ConfigNode> views;
  static void Describe(Fields<MetricsBlock>& f) {
    f.Optional("level", &MetricsBlock::level, "How much is measured.");
    f.Optional("readers", &MetricsBlock::readers, "Who reads the metrics.");
    f.Optional("address", &MetricsBlock::address, "Older form of a pull reader: host:port.");
    f.Optional("views", &MetricsBlock::views, "Renames, drops and trims metrics.");
  }
};

struct TracesBlock {
  MeasureLevel level;
  std::vector<std::string> propagators;
  std::optional<ConfigNode> processors;
  std::optional<ConfigNode> sampler, limits;
  static void Describe(Fields<TracesBlock>& f) {
    f.Optional("level", &TracesBlock::level, "How much is traced.");
    f.Optional("propagators", &TracesBlock::propagators, "How spans name their parents: tracecontext, b3.");
    f.Optional("processors", &TracesBlock::processors, "Who gets the spans: a warning tells that there are none.");
    f.Optional("sampler", &TracesBlock::sampler, "Which spans are kept: there are none.");
    f.Optional("limits", &TracesBlock::limits, "How large a span may be: there are none.");
    f.Validate([](const TracesBlock& t) {
      for (const std::string& p : t.propagators) {
        if (p != "tracecontext" && p != "b3") {
          return absl::InvalidArgumentError("failed to create tracer provider: unsupported trace propagator");
        }
      }
      return absl::OkStatus();
    });
  }
};

struct TelemetryBlock {
  LogsBlock logs;
  MetricsBlock metrics;
  TracesBlock traces;
  std::map<std::string, ConfigNode> resource;
  static void Describe(Fields<TelemetryBlock>& f) {
    f.Optional("logs", &TelemetryBlock::logs, "Our own log lines.");
    f.Optional("metrics", &TelemetryBlock::metrics, "Our own metrics.");
    f.Optional("traces", &TelemetryBlock::traces, "Spans of our own work: a warning tells that there are none.");
    f.Optional("resource", &TelemetryBlock::resource, "Attributes that name this instance.");
  }
};

// --- pipelines
// A list of component ids that keeps the place of each.
struct ReferenceList {
  std::vector<Reference> references;
  bool broken = false;  // was no list, or had items that were no ids: reported
};
void DecodeField(const ConfigNode& node, ReferenceList& out, DecodeContext& context) {
  if (node.is_null()) return;
  if (!node.is_list()) {
    out.broken = true;
    context.Error(node, absl::StrCat("source data must be an array or slice, got ",
                                     node.is_map() ? absl::string_view("map") : A(node.TypeName())),
                  "write [a, b]");
    return;
  }
  for (size_t i = 0; i < node.items.size(); ++i) {
    DecodeContext::In in(context, i);
    ComponentId id;
    const size_t before = context.error_count();
    otelpipe::DecodeField(node.items[i], id, context);
    if (context.error_count() == before) {
      out.references.push_back({id, node.items[i].location});
    } else {
      out.broken = true;
    }
  }
}

struct PipelineBlock {
  ReferenceList receivers;
  ReferenceList processors;
  ReferenceList exporters;
  static void Describe(Fields<PipelineBlock>& f) {
    f.Optional("receivers", &PipelineBlock::receivers, "Where batches come from.");
    f.Optional("processors", &PipelineBlock::processors, "What happens to them, in this order.");
    f.Optional("exporters", &PipelineBlock::exporters, "Where they go.");
  }
};

struct ServiceBlock {
  TelemetryBlock telemetry;
  ReferenceList extensions;
  ConfigNode pipelines;
  static void Describe(Fields<ServiceBlock>& f) {
    f.Optional("telemetry", &ServiceBlock::telemetry, "What the service says about itself.");
    f.Optional("extensions", &ServiceBlock::extensions, "Extensions to start.");
    f.Optional("pipelines", &ServiceBlock::pipelines, "The pipelines, by id.");
  }
};

LogLevel LevelOf(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "info") return LogLevel::kInfo;
  if (name == "warn") return LogLevel::kWarn;
  // Nothing here is more severe than an error: with dpanic, panic and fatal no line passes.
  return name == "error" ? LogLevel::kError : static_cast<LogLevel>(static_cast<int>(LogLevel::kError) + 1);
}

std::string QuotedJson(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    } else {
      absl::StrAppendFormat(&out, "\\u%04x", c);
    }
  }
  return out + "\"";
}

// A value as JSON; keys of maps are sorted, as in the reference.
std::string JsonText(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::kNull: return "null";
    case ConfigNode::Kind::kBool: return node.boolean ? "true" : "false";
    case ConfigNode::Kind::kInt:
      return node.is_unsigned ? std::to_string(static_cast<uint64_t>(node.integer)) : std::to_string(node.integer);
    case ConfigNode::Kind::kFloat: return std::isfinite(node.number) ? internal::FormatFloat(node.number) : QuotedJson(node.text);
    case ConfigNode::Kind::kList: {
      std::string out = "[";
      for (const ConfigNode& item : node.items) absl::StrAppend(&out, out.size() > 1 ? "," : "", JsonText(item));
      return out + "]";
    }
    case ConfigNode::Kind::kMap: {
      std::map<std::string_view, const ConfigNode*> sorted;
      for (const ConfigNode::Entry& entry : node.entries) sorted[entry.key] = &entry.value;
      std::string out = "{";
      for (const auto& [key, value] : sorted) {
        absl::StrAppend(&out, out.size() > 1 ? "," : "", QuotedJson(key), ":", JsonText(*value));
      }
      return out + "}";
    }
    case ConfigNode::Kind::kString:
    case ConfigNode::Kind::kTimestamp: break;
  }
  return QuotedJson(node.text);
}

class Decoder {
 public:
  Decoder(const Registry& registry, std::vector<ConfigError>& errors) : registry_(registry), errors_(errors) {}

  Settings Run(const ConfigNode& root, bool may_have_no_pipeline) {
    out_.plan.may_have_no_pipeline = may_have_no_pipeline;
    out_.plan.pipelines_at = root.location;
    if (root.is_null() || (root.is_map() && root.entries.empty())) {
      Error(root.location, "", "empty configuration file", "a pipeline needs receivers, exporters and service.pipelines");
      out_.plan.may_have_no_pipeline = true;
      return std::move(out_);
    }
    if (!root.is_map()) {
      Error(root.location, "", absl::StrCat("retrieved value (type=", A(root.TypeName()), ") cannot be used as a Conf"));
      out_.plan.may_have_no_pipeline = true;
      return std::move(out_);
    }
    for (const ConfigNode::Entry& entry : root.entries) {
      bool known = entry.key == "service";
      for (ComponentKind kind : kSections) known |= entry.key == KindSection(kind);
      if (!known) {
        Error(entry.key_location, entry.key, absl::StrCat("'' has invalid keys: ", entry.key),
              "top level keys are receivers, processors, exporters, connectors, extensions, service");
      }
    }
    for (ComponentKind kind : kSections) DecodeSection(kind, root.Find(KindSection(kind)));
    DecodeService(root.Find("service"));
    bool nothing = true;
    for (ComponentKind kind : kSections) nothing = nothing && IsEmpty(root.Find(KindSection(kind)));
    if (nothing) {
      Error(root.location, "", "empty configuration file", "a pipeline needs receivers, exporters and service.pipelines");
      out_.plan.may_have_no_pipeline = true;  // said once
    } else if (!may_have_no_pipeline) {
      for (ComponentKind kind : {ComponentKind::kReceiver, ComponentKind::kExporter}) {
        const ConfigNode* section = root.Find(KindSection(kind));
        if (!IsEmpty(section)) continue;
        Error(section != nullptr ? section->location : root.location, std::string(KindSection(kind)),
              absl::StrCat("no ", A(KindName(kind)), " configuration specified in config"));
      }
    }
    return std::move(out_);
  }

 private:
  void Error(const Location& location, std::string path, std::string message, std::string_view hint = "") {
    errors_.push_back({location, std::move(path), std::move(message), std::string(hint)});
  }

  static bool IsEmpty(const ConfigNode* section) {
    return section == nullptr || section->is_null() || (section->is_map() && section->entries.empty());
  }

  void DecodeSection(ComponentKind kind, const ConfigNode* section) {
    if (section == nullptr || section->is_null()) return;
    const std::string name(KindSection(kind));
    if (!section->is_map()) {
      Error(section->location, name,
            absl::StrCat("'", name, "' expected a map or struct, got \"",
                         section->is_list() ? absl::string_view("slice") : A(section->TypeName()), "\""));
      return;
    }
    std::vector<PlannedComponent>& list = out_.plan.components[kind];
    for (const ConfigNode::Entry& entry : section->entries) {
      absl::StatusOr<ComponentId> id = ComponentId::Parse(entry.key);
      if (!id.ok()) {
        Error(entry.key_location, absl::StrCat(name, "::", entry.key),
              absl::StrCat("'", name, "' ", id.status().message()));
        continue;
      }
      if (out_.plan.Find(kind, *id) != nullptr) {
        Error(entry.key_location, absl::StrCat(name, "::", entry.key),
              absl::StrCat("duplicate name \"", id->ToString(), "\" after unmarshaling ", id->ToString()));
        continue;
      }
      PlannedComponent planned;
      planned.id = *id;
      planned.location = entry.key_location;
      planned.factory = registry_.Find(kind, id->type);
      if (planned.factory == nullptr) {
        planned.usable = false;
        ReportUnknownType(kind, name, *id, entry.key_location);
      } else {
        const std::string subject = absl::StrCat("\"", id->ToString(), "\" ", A(KindName(kind)));
        DecodeContext context(&errors_, absl::StrCat(name, "::", id->ToString()), subject);
        context.registry = &registry_;
        NoticeOldName(kind, *id, entry.key_location);
        const size_t before = RealErrors();
        const size_t errors_before = errors_.size();
        if (!entry.value.is_null() && !entry.value.is_map()) {
          context.Error(entry.value, absl::StrCat("'[", id->ToString(),
                                                  "]' expected type 'map[string]interface {}', got unconvertible type '",
                                                  A(entry.value.TypeName()), "'"));
        } else {
          ConfigNode modern = entry.value;
          const bool changed = RewriteOldSpellings(kind, id->type, absl::StrCat(name, "::", id->ToString()), modern, errors_);
          const size_t first = errors_.size();
          planned.config = planned.factory->decode(changed ? modern : entry.value, context);
          AdviseOldSpellings(kind, id->type, first, errors_);
        }
        planned.usable = RealErrors() == before || OnlyUnknownKeys(errors_before, &planned.partial);
        if (planned.config == nullptr) planned.usable = false;
      }
      list.push_back(std::move(planned));
    }
  }

  size_t RealErrors() const {
    return static_cast<size_t>(
        std::count_if(errors_.begin(), errors_.end(), [](const ConfigError& e) { return !e.warning; }));
  }

  // A component whose only mistakes are keys nobody knows and values of the wrong type is built all the same, to find the mistakes in its patterns and expressions
  // too. `wrong_type` tells that there are such values.
  bool OnlyUnknownKeys(size_t from, bool* wrong_type) const {
    return std::all_of(errors_.begin() + static_cast<std::ptrdiff_t>(from), errors_.end(), [&](const ConfigError& e) {
      if (e.warning || e.message.find("has invalid keys: ") != std::string::npos) return true;
      *wrong_type = true;
      return e.message.find("got unconvertible type '") != std::string::npos;
    });
  }

  // Names that the reference has left. The other aliases are later names of the same, no reason to speak.
  void NoticeOldName(ComponentKind kind, const ComponentId& id, const Location& at) {
    if (kind == ComponentKind::kExporter && id.type == "logging") {
      errors_.push_back({at, absl::StrCat("exporters::", id.ToString()),
                         "the logging exporter has been deprecated, use the debug exporter instead",
                         "write debug, with verbosity instead of loglevel", true});
    }
    if (kind == ComponentKind::kExtension && id.type == "memory_ballast") {
      errors_.push_back({at, absl::StrCat("extensions::", id.ToString()), "the reference has removed memory_ballast; it has no effect",
                         "remove it; the memory_limiter processor bounds memory", true});
    }
  }

  void ReportUnknownType(ComponentKind kind, const std::string& section, const ComponentId& id, const Location& at) {
    const std::string what = absl::StrCat("'", section, "' unknown type: \"", id.type, "\" for id: \"", id.ToString(), "\"");
    if (const std::optional<ReferenceType> reference = FindReferenceType(kind, id.type)) {
      Error(at, absl::StrCat(section, "::", id.ToString()),
            absl::StrCat(what, ": the reference ", reference->removed ? "had" : "has", " the ", A(KindName(kind)), " \"", reference->type,
                         reference->removed ? "\" in earlier versions only" : "\", otelpipe does not have it yet"),
            reference->advice);
      return;
    }
    std::vector<std::string> known;
    for (const ComponentFactory* f : registry_.All(kind)) {
      known.push_back(f->type);
    }
    const std::string nearest = internal::Nearest(id.type, known);
    std::string hint = nearest.empty() ? "" : absl::StrCat("did you mean \"", nearest, "\"?");
    Error(at, absl::StrCat(section, "::", id.ToString()),
          absl::StrCat(what, " (valid values: [", absl::StrJoin(known, " "), "])"),
          hint);
  }

  void DecodeService(const ConfigNode* node) {
    if (node == nullptr) return;
    out_.plan.pipelines_at = node->location;
    if (node->is_null()) return;
    if (!node->is_map()) out_.plan.may_have_no_pipeline = true;  // the wrong type is told below
    ServiceBlock service;
    // The base path is empty so that the dotted path reads 'service.pipelines[logs]'.
    DecodeContext whole(&errors_, "", "");
    DecodeContext::In in(whole, "service");
    DecodeField(*node, service, whole);
    for (const Reference& r : service.extensions.references) out_.plan.extensions.push_back(r);
    DecodeTelemetry(service.telemetry, node->Find("telemetry"));
    if (service.pipelines.location.line > 0) out_.plan.pipelines_at = service.pipelines.location;
    if (service.pipelines.is_null()) return;
    DecodeContext::In in_pipelines(whole, "pipelines");
    if (!service.pipelines.is_map()) {
      whole.Error(service.pipelines, "expected a map or struct, got \"slice\"");
      return;
    }
    for (const ConfigNode::Entry& entry : service.pipelines.entries) DecodePipeline(entry, whole);
  }

  void DecodePipeline(const ConfigNode::Entry& entry, DecodeContext& context) {
    PlannedPipeline p;
    p.location = entry.key_location;
    absl::StatusOr<ComponentId> id = ComponentId::Parse(entry.key);
    if (!id.ok()) {
      context.ErrorAt(entry.key_location, S(id.status().message()));
      return;
    }
    p.name = id->ToString();
    bool known = false;
    for (Signal s : kAllSignals) {
      if (id->type == SignalName(s)) p.signal = s, known = true;
    }
    if (!known) {
      if (id->type == "profiles") {
        Error(entry.key_location, "service::pipelines",
              absl::StrCat("pipeline \"", entry.key,
                           "\": profiling signal support is at alpha level, gated under the \"service.profilesSupport\" "
                           "feature gate"),
              "profiles are not supported");
      } else {
        Error(entry.key_location, "service::pipelines",
              absl::StrCat("'service.pipelines' in \"", entry.key, "\" id: unknown pipeline signal: \"", id->type, "\""),
              "pipelines are traces, metrics or logs, with an optional /name");
      }
      return;
    }
    PipelineBlock block;
    auto in = DecodeContext::In::MapKey(context, entry.key);
    DecodeField(entry.value, block, context);
    p.receivers_reported = block.receivers.broken;
    p.exporters_reported = block.exporters.broken;
    p.receivers = std::move(block.receivers.references);
    p.processors = std::move(block.processors.references);
    p.exporters = std::move(block.exporters.references);
    out_.plan.pipelines.push_back(std::move(p));
  }

  void DecodeTelemetry(const TelemetryBlock& t, const ConfigNode* node) {
    out_.logs.level = LevelOf(t.logs.level.name);
    out_.logs.json = t.logs.encoding == "json";
    out_.logs.disable_caller = t.logs.disable_caller;
    out_.logs.sampling = {t.logs.sampling.enabled, t.logs.sampling.tick, t.logs.sampling.initial, t.logs.sampling.thereafter};
    out_.logs.output_paths = t.logs.output_paths;
    for (const auto& [key, value] : t.logs.initial_fields) out_.logs.initial_fields.emplace_back(key, JsonText(value));
    out_.logs.without_resource = t.logs.disable_zap_resource;
    if (t.logs.processors) {
      out_.log_processors = *t.logs.processors;
      if (!t.logs.processors->is_list() && !t.logs.processors->is_null()) {
        Error(t.logs.processors->location, "service::telemetry::logs::processors",
              "'service.telemetry.logs.processors' source data must be an array or slice", "write - batch: {exporter: ...}");
      }
    }
    for (const auto& [key, given] : {std::pair{"processors", &t.traces.processors}, {"sampler", &t.traces.sampler}, {"limits", &t.traces.limits}}) {
      if (!*given || (*given)->is_null() || ((*given)->is_list() && (*given)->items.empty())) continue;
      errors_.push_back({(*given)->location, absl::StrCat("service::telemetry::traces::", key),
                         "has no effect: there are no spans of the service's own work", "its metrics and log lines tell what it does", true});
      break;  // once
    }
    out_.metrics.level = t.metrics.level.name;
    out_.metrics.address = t.metrics.address;
    if (t.metrics.readers.has_value()) {
      out_.metrics.readers_given = true;
      out_.metrics.readers = *t.metrics.readers;
      if (out_.metrics.level != "none" && t.metrics.readers->is_list() && t.metrics.readers->items.empty()) {
        Error(t.metrics.readers->location, "service::telemetry",
              "collector telemetry metrics reader should exist when metric level is not none");
      }
    }
    if (t.metrics.views && t.metrics.views->is_list() && !t.metrics.views->items.empty()) {
      if (t.metrics.level.name != "detailed") {
        Error(t.metrics.views->location, "service::telemetry",
              "service::telemetry::metrics::views can only be set when service::telemetry::metrics::level is detailed");
      }
    }
    if (t.metrics.views) out_.metrics.views = *t.metrics.views;
    if (node != nullptr && node->Find("metrics") != nullptr) {
      out_.metrics.location = node->Find("metrics")->location;
      if (!t.metrics.address.empty()) {
        errors_.push_back({node->Find("metrics")->location, "service::telemetry::metrics",
                           "address is an older form",
                           "use readers: [{pull: {exporter: {prometheus: {host: ..., port: ...}}}}]", true});
      }
    }
    for (const auto& [key, value] : t.resource) DecodeResourceEntry(key, value);
  }

  // An attribute of the resource, or one of the blocks that later versions of the reference have there.
  void DecodeResourceEntry(const std::string& key, const ConfigNode& value) {
    const std::string path = absl::StrCat("service::telemetry::resource::", key);
    if (key == "attributes" && value.is_list()) {
      for (const ConfigNode& item : value.items) {
        const ConfigNode* name = item.Find("name");
        if (name == nullptr || name->kind != ConfigNode::Kind::kString) {
          Error(item.location, path, "an attribute needs a name", "write - {name: host.name, value: node1}");
          continue;
        }
        const ConfigNode* text = item.Find("value");
        if (text == nullptr || text->is_null()) {
          out_.resource[name->text] = std::nullopt;
        } else if (text->is_list() || text->is_map()) {
          Error(text->location, path, "lists and maps are not supported as attributes of the resource", "write a text");
        } else {
          out_.resource[name->text] = text->text;
        }
      }
    } else if (key == "schema_url" || key == "detectors" || key == "attributes_list" || key == "detection/development") {
      if (value.is_map() || value.is_list() || key == "attributes_list") {
        Error(value.location, path, absl::StrCat("'service.telemetry.resource.", key, "' is not supported"), "write the attributes themselves");
      } else {
        out_.resource[key] = value.text;
      }
    } else if (value.is_null()) {
      out_.resource[key] = std::nullopt;
    } else if (value.kind == ConfigNode::Kind::kString || value.from_expansion) {
      out_.resource[key] = value.text;
    } else {
      Error(value.location, path,
            absl::StrCat("'service.telemetry.resource[", key, "]' expected type 'string', got unconvertible type '", A(value.TypeName()), "'"));
    }
  }

  const Registry& registry_;
  std::vector<ConfigError>& errors_;
  Settings out_;
};

}  // namespace

Settings DecodeSettings(const ConfigNode& root, const Registry& registry, bool may_have_no_pipeline, std::vector<ConfigError>& errors) {
  return Decoder(registry, errors).Run(root, may_have_no_pipeline);
}

}  // namespace otelpipe
