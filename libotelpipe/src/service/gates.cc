#include "otelpipe/gates.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {

const std::vector<FeatureGate>& FeatureGates() {
  static const std::vector<FeatureGate> gates = {
      {"confighttp.framedSnappy", "Alpha", false, "Snappy bodies over HTTP use the framed format"},
      {"confmap.enableMergeAppendOption", "Alpha", false, "Lists of components are appended when configurations are merged"},
      {"exporter.PersistRequestContext", "Alpha", false, "Persistent queues keep client metadata"},
      {"filelog.allowFileDeletion", "Alpha", false, "Allows delete_after_read"},
      {"filelog.allowHeaderMetadataParsing", "Beta", true, "Allows the header option"},
      {"filelog.decompressFingerprint", "Alpha", false, "Fingerprints of compressed files are of their content",
       "fingerprints of compressed files are of the bytes as stored"},
      {"filelog.mtimeSortType", "Alpha", false, "Allows ordering by modification time"},
      {"logs.assignKeys", "Beta", true, "Allows the assign_keys operator", "the operator is always there"},
      {"logs.jsonParserArray", "Beta", true, "Allows the json_array_parser operator", "the operator is always there"},
      {"otelcol.printInitialConfig", "Alpha", false, "Allows the print-initial-config command"},
      {"parser.uri.ecscompliant", "Alpha", false, "uri_parser uses the names of the Elastic Common Schema"},
      {"service.AllowNoPipelines", "Alpha", false, "Allows a service without pipelines"},
      {"service.profilesSupport", "Alpha", false, "Allows pipelines of profiles", "there are no profiles"},
      {"stanza.synchronousLogEmitter", "Alpha", false, "Log batches are handed over at the end of each read",
       "batches are always handed over at the end of each read"},
      {"telemetry.UseLocalHostAsDefaultMetricsAddress", "Beta", true, "Own metrics listen on localhost by default"},
      {"telemetry.newPipelineTelemetry", "Alpha", false, "Counts items produced and consumed by each component",
       "these counters do not exist"},
  };
  return gates;
}

bool GateEnabled(const std::map<std::string, bool>& gates, std::string_view id) {
  auto it = gates.find(std::string(id));
  if (it != gates.end()) return it->second;
  for (const FeatureGate& g : FeatureGates()) {
    if (g.id == id) return g.enabled;
  }
  return false;
}

absl::Status ParseFeatureGates(std::string_view list, std::map<std::string, bool>& gates) {
  for (absl::string_view part : absl::StrSplit(A(list), ',', absl::SkipWhitespace())) {
    part = absl::StripAsciiWhitespace(part);
    bool on = true;
    if (absl::ConsumePrefix(&part, "-")) {
      on = false;
    } else {
      absl::ConsumePrefix(&part, "+");
    }
    const FeatureGate* gate = nullptr;
    for (const FeatureGate& g : FeatureGates()) {
      if (g.id == S(part)) gate = &g;
    }
    if (gate == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "no such feature gate \"", part, "\". valid gates: [",
          absl::StrJoin(FeatureGates(), " ", [](std::string* out, const FeatureGate& g) { out->append(g.id); }), "]"));
    }
    if (gate->stage == "Stable" && !on) {
      return absl::InvalidArgumentError(absl::StrCat("feature gate \"", part, "\" is stable, can not be disabled"));
    }
    gates[std::string(gate->id)] = on;
  }
  return absl::OkStatus();
}

}  // namespace otelpipe
