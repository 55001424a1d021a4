#include "extension/telemetry_metrics/views.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "extension/telemetry_metrics/own_page.h"

namespace otelpipe::own_metrics {
namespace {

bool Has(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool IsPattern(std::string_view text) { return text.find_first_of("*?") != text.npos; }

// Linear: goes back to the last `*` only.
bool MatchesPattern(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = pattern.npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

struct Instrument {
  std::string_view name, type, unit, scope;
};

// The kinds of the reference's instruments, as far as ours do not tell them apart.
std::string_view TypeOf(const MetricSample& s) {
  if (s.type == MetricSample::Type::kCounter) return "counter";
  if (s.type == MetricSample::Type::kHistogram) return "histogram";
  if (s.name == "otelcol_processor_batch_metadata_cardinality") return "observable_up_down_counter";
  if (absl::StartsWith(s.name, "otelcol_fileconsumer_")) return "up_down_counter";
  return "observable_gauge";
}

bool Selects(const ViewSelector& s, const Instrument& i) {
  return (s.instrument_name.empty() || MatchesPattern(s.instrument_name, i.name)) && (s.instrument_type.empty() || s.instrument_type == i.type) &&
         (s.unit.empty() || s.unit == i.unit) && (s.meter_name.empty() || s.meter_name == i.scope) && s.meter_version.empty() &&
         s.meter_schema_url.empty();
}

bool Drops(const View& v) { return v.stream && v.stream->aggregation && v.stream->aggregation->drop; }

template <typename Sample>
Sample Renamed(const View& v, Sample sample) {
  if (v.stream && !v.stream->name.empty()) sample.name = v.stream->name;
  if (v.stream && !v.stream->description.empty()) sample.help = v.stream->description;
  return sample;
}

void Trim(const View& v, Labels& labels) {
  if (!v.stream || !v.stream->attribute_keys) return;
  const ViewAttributes& keys = *v.stream->attribute_keys;
  std::erase_if(labels, [&](const auto& label) {
    return Has(keys.excluded, label.first) || (!keys.included.empty() && !Has(keys.included, label.first));
  });
}

void AddUp(MetricSample& to, const MetricSample& from) {
  to.value += from.value;
  if (to.histogram.counts.size() != from.histogram.counts.size()) return;
  for (size_t i = 0; i < to.histogram.counts.size(); ++i) to.histogram.counts[i] += from.histogram.counts[i];
  to.histogram.sum += from.histogram.sum;
  to.histogram.count += from.histogram.count;
}

}  // namespace

void ViewSelector::Describe(Fields<ViewSelector>& f) {
  using C = ViewSelector;
  f.Optional("instrument_name", &C::instrument_name, "Name of the metric; `*` stands for any text, `?` for one character.");
  f.OneOf("instrument_type", &C::instrument_type,
          {"", "counter", "histogram", "observable_counter", "observable_gauge", "observable_up_down_counter", "up_down_counter"},
          "instrument_type: invalid value ", "Kind of the instrument.");
  f.Optional("unit", &C::unit, "Its unit.");
  f.Optional("meter_name", &C::meter_name, "Its scope.");
  f.Optional("meter_version", &C::meter_version, "Version of the scope.");
  f.Optional("meter_schema_url", &C::meter_schema_url, "Schema URL of the scope.");
  f.Validate([](const C& c) {
    return c.instrument_name.empty() && c.instrument_type.empty() && c.unit.empty() && c.meter_name.empty() && c.meter_version.empty() &&
                   c.meter_schema_url.empty()
               ? absl::InvalidArgumentError("view_selector: empty selector not supporter")
               : absl::OkStatus();
  });
}

void ViewAggregation::Describe(Fields<ViewAggregation>& f) {
  f.Optional("default", &ViewAggregation::default_, "As it is.");
  f.Optional("drop", &ViewAggregation::drop, "The metric is left out.");
  for (const char* key : {"explicit_bucket_histogram", "base2_exponential_bucket_histogram"}) f.Unsupported(key, "histograms have fixed bounds");
  for (const char* key : {"sum", "last_value"}) f.Unsupported(key, "an instrument has one way to be summed up");
}

void ViewAttributes::Describe(Fields<ViewAttributes>& f) {
  f.Optional("included", &ViewAttributes::included, "Attributes that stay; empty: all.");
  f.Optional("excluded", &ViewAttributes::excluded, "Attributes that go.");
  f.Validate([](const ViewAttributes& c) -> absl::Status {
    for (const std::string& name : c.excluded) {
      if (Has(c.included, name)) return absl::InvalidArgumentError(absl::StrCat("attribute cannot be in both include and exclude list: ", name));
    }
    return absl::OkStatus();
  });
}

void ViewStream::Describe(Fields<ViewStream>& f) {
  f.Optional("name", &ViewStream::name, "New name.");
  f.Optional("description", &ViewStream::description, "New help text.");
  f.Optional("aggregation", &ViewStream::aggregation, "`drop: {}` leaves the metric out.");
  f.Optional("attribute_keys", &ViewStream::attribute_keys, "Which attributes stay; points that become equal are added up.");
}

void View::Describe(Fields<View>& f) {
  f.Optional("selector", &View::selector, "Which metrics.");
  f.Optional("stream", &View::stream, "What becomes of them.");
  f.Validate([](const View& v) -> absl::Status {
    if (!v.selector) return absl::InvalidArgumentError("view: no selector provided");
    // The reference logs an error and leaves the metrics as they are.
    if (v.stream && !v.stream->name.empty() && IsPattern(v.selector->instrument_name)) {
      return absl::InvalidArgumentError(absl::StrCat("view: one name for all of a pattern: ", v.stream->name));
    }
    return absl::OkStatus();
  });
}

void ApplyViews(const std::vector<View>& views, std::vector<MetricSample>& samples, std::vector<ProcessSample>& process) {
  if (views.empty()) return;
  std::vector<MetricSample> out;
  std::map<std::string, size_t> seen;
  auto put = [&](MetricSample sample) {
    std::string key = absl::StrCat(sample.scope, "\n", sample.name);
    for (const auto& [name, value] : sample.labels) absl::StrAppend(&key, "\n", name, "\n", value);
    const auto [at, fresh] = seen.emplace(std::move(key), out.size());
    if (fresh) {
      out.push_back(std::move(sample));
    } else if (out[at->second].type == sample.type) {
      AddUp(out[at->second], sample);
    }
  };
  for (MetricSample& s : samples) {
    bool selected = false;
    for (const View& v : views) {
      if (!Selects(*v.selector, {s.name, TypeOf(s), s.unit, s.scope})) continue;
      selected = true;
      if (Drops(v)) continue;
      MetricSample stream = Renamed(v, s);
      Trim(v, stream.labels);
      put(std::move(stream));
    }
    if (!selected) put(std::move(s));
  }
  samples = std::move(out);
  std::vector<ProcessSample> left;
  for (ProcessSample& s : process) {
    bool selected = false;
    for (const View& v : views) {
      if (!Selects(*v.selector, {s.name, s.counter ? "observable_counter" : "observable_gauge", s.unit, kProcessScope})) continue;
      selected = true;
      if (!Drops(v)) left.push_back(Renamed(v, s));
    }
    if (!selected) left.push_back(std::move(s));
  }
  process = std::move(left);
}

}  // namespace otelpipe::own_metrics
