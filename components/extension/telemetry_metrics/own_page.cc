#include "extension/telemetry_metrics/own_page.h"

#include <algorithm>
#include <map>
#include <set>

#include "shared/exposition/names.h"

namespace otelpipe::own_metrics {
namespace {

using exposition::LabelPairs;
using exposition::Type;

struct Line {
  std::string labels;
  double value = 0;
  Histogram::Snapshot histogram;
};
struct Family {
  std::string help;
  Type type;
  std::vector<Line> lines;
};

class PageBuilder {
 public:
  explicit PageBuilder(const ReaderOptions& options) : options_(options) {}

  void Add(std::string_view name, std::string_view unit, Type type, std::string_view help, const Labels& labels,
           std::string_view scope, Line line) {
    line.labels = LabelText(labels, scope);
    Put(exposition::OwnMetricName(name, unit, type == Type::kCounter, options_.with_units, options_.with_type_suffix),
        type, help, std::move(line));
  }
  // A metric whose name and labels are the same for every reader.
  void AddPlain(std::string name, Type type, std::string_view help, LabelPairs labels, double value) {
    std::sort(labels.begin(), labels.end());
    Put(std::move(name), type, help, {exposition::RenderLabels(labels), value, {}});
  }

  std::string Finish() {
    exposition::Page page(exposition::Format::kText, 8192);
    for (auto& [name, family] : families_) {
      std::stable_sort(family.lines.begin(), family.lines.end(),
                       [](const Line& a, const Line& b) { return a.labels < b.labels; });
      page.Family(name, family.help, family.type);
      for (const Line& line : family.lines) {
        if (family.type == Type::kHistogram) {
          WriteHistogram(page, line);
        } else {
          page.Value(line.labels, line.value);
        }
      }
    }
    return page.Finish();
  }

 private:
  void Put(std::string name, Type type, std::string_view help, Line line) {
    Family& family = families_.try_emplace(std::move(name), Family{std::string(help), type, {}}).first->second;
    if (family.type == type) family.lines.push_back(std::move(line));
  }

  std::string LabelText(const Labels& labels, std::string_view scope) const {
    LabelPairs all;
    std::set<std::string> names;
    auto add = [&](std::string_view name, std::string_view value) {
      std::string escaped = exposition::EscapeLabelName(name);
      if (names.insert(escaped).second) all.emplace_back(std::move(escaped), value);
    };
    for (const auto& [name, value] : labels) add(name, value);
    if (options_.with_scope) {
      add("otel_scope_name", scope);
      add("otel_scope_schema_url", "");
      add("otel_scope_version", "");
    }
    for (const auto& [name, value] : options_.resource_labels) add(name, value);
    std::sort(all.begin(), all.end());
    return exposition::RenderLabels(all);
  }

  static void WriteHistogram(exposition::Page& page, const Line& line) {
    std::vector<exposition::Bucket> buckets;
    uint64_t cumulative = 0;
    for (size_t i = 0; i < line.histogram.bounds.size(); ++i) {
      cumulative += line.histogram.counts[i];
      buckets.push_back({line.histogram.bounds[i], cumulative, nullptr});
    }
    page.Histogram(line.labels, buckets, line.histogram.count, line.histogram.sum);
  }

  const ReaderOptions& options_;
  std::map<std::string, Family> families_;
};

// The counter that counts whenever this one could: refused items come with accepted ones.
std::string PartnerName(const std::string& name) {
  static constexpr std::pair<std::string_view, std::string_view> kPartners[] = {
      {"_refused_", "_accepted_"}, {"_send_failed_", "_sent_"}, {"_outgoing_", "_incoming_"}};
  for (const auto& [part, partner] : kPartners) {
    const size_t at = name.find(part);
    if (at != name.npos) return std::string(name).replace(at, part.size(), partner);
  }
  return "";
}

}  // namespace

bool ShownAtLevel(std::string_view name, std::string_view level) {
  if (level == "none") return false;
  if (level == "basic") return !name.starts_with("otelcol_processor_batch_");
  return level == "detailed" || name != "otelcol_processor_batch_batch_send_size_bytes";
}

std::string OwnPage(const std::vector<MetricSample>& samples, const std::vector<ProcessSample>& process,
                    const std::vector<std::pair<std::string, std::string>>& resource, std::string_view level,
                    const ReaderOptions& options) {
  std::set<std::pair<std::string, Labels>> counted;
  for (const MetricSample& s : samples) {
    if (s.type == MetricSample::Type::kCounter && s.value != 0) counted.emplace(s.name, s.labels);
  }
  PageBuilder page(options);
  for (const MetricSample& s : samples) {
    if (!ShownAtLevel(s.name, level)) continue;
    Line line;
    line.value = static_cast<double>(s.value);
    Type type = Type::kGauge;
    if (s.type == MetricSample::Type::kCounter) {
      type = Type::kCounter;
      if (s.value == 0 && counted.count({PartnerName(s.name), s.labels}) == 0) continue;
    } else if (s.type == MetricSample::Type::kHistogram) {
      type = Type::kHistogram;
      if (s.histogram.count == 0) continue;
      line.histogram = s.histogram;
    }
    page.Add(s.name, s.unit, type, s.help, s.labels, s.scope, std::move(line));
  }
  for (const ProcessSample& p : process) {
    page.Add(p.name, p.unit, p.counter ? Type::kCounter : Type::kGauge, p.help, {}, kProcessScope, {"", p.value, {}});
  }
  for (const char* cause : {"encoding", "gathering"}) {
    page.AddPlain("promhttp_metric_handler_errors_total", Type::kCounter, "Pages that could not be made, by cause.",
                  {{"cause", cause}}, 0);
  }
  LabelPairs target;
  for (const auto& [name, value] : resource) target.emplace_back(exposition::EscapeLabelName(name), value);
  page.AddPlain("target_info", Type::kGauge, "Target metadata", std::move(target), 1);
  return page.Finish();
}

}  // namespace otelpipe::own_metrics
