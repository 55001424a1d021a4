#include "commands.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/schema.h"
#include "otelpipe/config.h"
#include "otelpipe/gates.h"
#include "otelpipe/operator/operator.h"
#include "otelpipe/service.h"
#include "otelpipe/version.h"

namespace otelpipe::agent {
namespace {

void Print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace

absl::StatusOr<Config> LoadConfig(const Options& options) {
  if (options.configs.empty() && options.sets.empty()) {
    return absl::InvalidArgumentError("at least one config flag must be provided");
  }
  LoadOptions load;
  load.sets = options.sets;
  auto append = options.gates.find("confmap.enableMergeAppendOption");
  load.append_lists = append != options.gates.end() && append->second;
  return Config::Load(options.configs, load);
}

int ValidateCommand(const Options& options, const Registry& registry) {
  absl::StatusOr<Config> config = LoadConfig(options);
  if (!config.ok()) return Fail(S(config.status().message()));
  ServiceOptions service;
  service.gates = options.gates;
  service.strict = options.strict;
  std::string errors;
  for (const ConfigError& e : Validate(*config, registry, service)) {
    if (e.warning) {
      std::fprintf(stderr, "%s\n", absl::StrCat("warning: ", e.ToString()).c_str());
    } else {
      absl::StrAppend(&errors, errors.empty() ? "" : "\n", e.ToString());
    }
  }
  return errors.empty() ? 0 : Fail(errors);
}

namespace {

// `otelpipe components --schema receiver/otlp`, or one object of all by name.
int SchemaCommand(const std::string& what, const Registry& registry) {
  std::string all;
  auto add = [&](const std::string& name, const std::vector<FieldInfo>& fields) {
    if (what == "all") absl::StrAppend(&all, all.empty() ? "" : ",\n", "\"", name, "\":", JsonSchema(fields));
    if (what == name) all = JsonSchema(fields);
  };
  for (ComponentKind kind : {ComponentKind::kReceiver, ComponentKind::kProcessor, ComponentKind::kExporter,
                             ComponentKind::kConnector, ComponentKind::kExtension}) {
    for (const ComponentFactory* f : registry.All(kind)) add(absl::StrCat(A(KindName(kind)), "/", f->type), f->fields);
  }
  for (const std::string& type : registry.OperatorTypes()) {
    add(absl::StrCat("operator/", type), registry.FindOperator(type)->Describe());
  }
  if (all.empty()) return Fail(absl::StrCat("no component \"", what, "\"; name it like receiver/otlp, see `otelpipe components`"));
  Print(what == "all" ? absl::StrCat("{", all, "}\n") : absl::StrCat(all, "\n"));
  return 0;
}

}  // namespace

int ComponentsCommand(const Options& options, const Registry& registry) {
  if (!options.schema.empty()) return SchemaCommand(options.schema, registry);
  std::string out = absl::StrCat("buildinfo:\n    command: otelpipe\n    description: OpenTelemetry-Collector-compatible agent\n",
                                 "    version: ", OTELPIPE_VERSION, "\n");
  for (ComponentKind kind : {ComponentKind::kReceiver, ComponentKind::kProcessor, ComponentKind::kExporter,
                             ComponentKind::kConnector, ComponentKind::kExtension}) {
    absl::StrAppend(&out, A(KindSection(kind)), ":\n");
    for (const ComponentFactory* f : registry.All(kind)) {
      absl::StrAppend(&out, "    - name: ", f->type, "\n      module: otelpipe ", OTELPIPE_VERSION, "\n      stability:\n");
      std::string level = f->stability;
      if (!level.empty()) level[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(level[0])));
      if (kind == ComponentKind::kExtension) {
        absl::StrAppend(&out, "        extension: ", level, "\n");
        continue;
      }
      for (Signal from : {Signal::kLogs, Signal::kMetrics, Signal::kTraces}) {
        const bool has = std::count(f->signals.begin(), f->signals.end(), from) > 0;
        if (kind != ComponentKind::kConnector) {
          absl::StrAppend(&out, "        ", A(SignalName(from)), ": ", has ? level : "Undefined", "\n");
          continue;
        }
        for (Signal to : {Signal::kLogs, Signal::kMetrics, Signal::kTraces}) {
          absl::StrAppend(&out, "        ", A(SignalName(from)), "-to-", A(SignalName(to)), ": ", has && from == to ? level : "Undefined", "\n");
        }
      }
    }
  }
  absl::StrAppend(&out, "operators:\n");
  for (const std::string& type : registry.OperatorTypes()) absl::StrAppend(&out, "    - name: ", type, "\n");
  out += "providers:\n";
  for (const char* scheme : {"env", "file", "yaml"}) {
    absl::StrAppend(&out, "    - scheme: ", scheme, "\n      module: otelpipe ", OTELPIPE_VERSION, "\n");
  }
  Print(out);
  return 0;
}

int FeatureGateCommand(const Options& options) {
  auto enabled = [&](const FeatureGate& g) {
    auto it = options.gates.find(std::string(g.id));
    return it == options.gates.end() ? g.enabled : it->second;
  };
  if (options.arguments.empty()) {
    std::printf("%-50s %-8s %-8s %s\n", "ID", "Enabled", "Stage", "Description");
    for (const FeatureGate& g : FeatureGates()) {
      std::printf("%-50.*s %-8s %-8.*s %.*s\n", static_cast<int>(g.id.size()), g.id.data(), enabled(g) ? "true" : "false",
                  static_cast<int>(g.stage.size()), g.stage.data(), static_cast<int>(g.description.size()),
                  g.description.data());
    }
    return 0;
  }
  for (const FeatureGate& g : FeatureGates()) {
    if (g.id != options.arguments[0]) continue;
    Print(absl::StrCat("Feature: ", A(g.id), "\nEnabled: ", enabled(g) ? "true" : "false", "\nStage: ", A(g.stage),
                       "\nDescription: ", A(g.description), "\n"));
    return 0;
  }
  return Fail(absl::StrCat("feature \"", options.arguments[0], "\" not found"));
}

int PrintConfigCommand(const Options& options) {
  absl::StatusOr<Config> config = LoadConfig(options);
  if (!config.ok()) return Fail(S(config.status().message()));
  Print(config->root().ToYaml());
  return 0;
}

int PrintInitialConfigCommand(const Options& options) {
  if (!GateEnabled(options.gates, "otelcol.printInitialConfig")) {
    return Fail(
        "print-initial-config is currently experimental, use the otelcol.printInitialConfig feature gate to enable this command");
  }
  const int code = PrintConfigCommand(options);
  if (code == 0) Print("\n");
  return code;
}

}  // namespace otelpipe::agent
