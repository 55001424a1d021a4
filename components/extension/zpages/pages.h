// The HTML pages of zpages, as functions of what they show.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "otelpipe/component/component.h"

namespace otelpipe::zpages {

using Rows = std::vector<std::vector<std::string>>;

// A whole page: title, then tables and links in the order they are added.
class Html {
 public:
  explicit Html(std::string_view title);
  Html& Heading(std::string_view text);
  Html& Text(std::string_view text);
  // `header` may be empty: then the first column names the row.
  Html& Table(const std::vector<std::string>& header, const Rows& rows);
  Html& Link(std::string_view path, std::string_view text);
  std::string Finish();

 private:
  std::string out_;
};

// & < > " ' as entities.
std::string Escape(std::string_view text);

struct ServiceFacts {
  std::string name, version, started, uptime;
};
std::string ServicePage(const ServiceFacts& facts);
std::string PipelinePage(const std::vector<PipelineInfo>& pipelines);
std::string ExtensionPage(const std::vector<std::string>& ids);
struct GateRow {
  std::string id, description, stage;
  bool enabled;
};
std::string FeaturePage(const std::vector<GateRow>& gates);
std::string TracePage();
// {"cmdline": [...], "otelcol": {metric: value}, ...}: counters and gauges by name and labels.
std::string VariablesJson(const std::vector<std::string>& command, const std::vector<MetricSample>& samples);

}  // namespace otelpipe::zpages
