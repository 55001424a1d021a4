// Views: renames, drops and trims the service's own metrics, `service.telemetry.metrics.views`.
//
//   - {selector: {instrument_name: "otelcol_process_*"}, stream: {aggregation: {drop: {}}}}
//   - {selector: {instrument_name: otelcol_exporter_sent_spans}, stream: {name: spans_sent, attribute_keys: {excluded: [exporter]}}}
//
// Each view that selects an instrument makes a stream of it; an instrument that none selects stays as it is. Points that become equal are added up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "extension/telemetry_metrics/process_stats.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/component/telemetry.h"

namespace otelpipe::own_metrics {

struct ViewSelector {
  std::string instrument_name;  // `*` stands for any text, `?` for one character
  std::string instrument_type;
  std::string unit, meter_name, meter_version, meter_schema_url;
  static void Describe(Fields<ViewSelector>& f);
};
struct ViewAggregation {
  struct Nothing {
    static void Describe(Fields<Nothing>&) {}
  };
  std::optional<Nothing> default_, drop;
  static void Describe(Fields<ViewAggregation>& f);
};
struct ViewAttributes {
  std::vector<std::string> included;  // empty: all
  std::vector<std::string> excluded;
  static void Describe(Fields<ViewAttributes>& f);
};
struct ViewStream {
  std::string name, description;  // empty: as they are
  std::optional<ViewAggregation> aggregation;
  std::optional<ViewAttributes> attribute_keys;
  static void Describe(Fields<ViewStream>& f);
};
struct View {
  std::optional<ViewSelector> selector;
  std::optional<ViewStream> stream;
  static void Describe(Fields<View>& f);
};

void ApplyViews(const std::vector<View>& views, std::vector<MetricSample>& samples, std::vector<ProcessSample>& process);

}  // namespace otelpipe::own_metrics
