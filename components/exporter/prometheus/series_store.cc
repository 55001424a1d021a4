#include "exporter/prometheus/series_store.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "otelpipe/base/strings.h"
#include "shared/exposition/names.h"

namespace otelpipe::prometheus {
namespace {

constexpr int32_t kDelta = 1;
constexpr int32_t kCumulative = 2;
constexpr uint32_t kNoRecordedValue = 1;

// Length first, so that no two lists of parts look the same.
void AppendPart(std::string& key, std::string_view part) {
  const auto size = static_cast<uint32_t>(part.size());
  key.append(reinterpret_cast<const char*>(&size), sizeof size).append(part);
}

void AppendPart(std::string& key, const Value& value) {
  const size_t at = key.size();
  key.append(sizeof(uint32_t), '\0');
  value.AppendString(key);
  const auto size = static_cast<uint32_t>(key.size() - at - sizeof(uint32_t));
  std::memcpy(key.data() + at, &size, sizeof size);
}

void AppendSorted(std::string& key, std::vector<const KeyValue*>& entries) {
  auto by_key = [](const KeyValue* a, const KeyValue* b) { return a->key < b->key; };
  if (!std::is_sorted(entries.begin(), entries.end(), by_key)) std::stable_sort(entries.begin(), entries.end(), by_key);
  const auto size = static_cast<uint32_t>(entries.size());
  key.append(reinterpret_cast<const char*>(&size), sizeof size);
  for (const KeyValue* kv : entries) {
    AppendPart(key, kv->key);
    AppendPart(key, kv->value);
  }
}

std::string UnixText(uint64_t nanos) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixNanos(static_cast<int64_t>(nanos)),
                          absl::UTCTimeZone());
}

// As client libraries sort the series of a family: by number of labels, then by their values.
bool BeforeInFamily(const exposition::LabelPairs& a, const exposition::LabelPairs& b) {
  if (a.size() != b.size()) return a.size() < b.size();
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].second != b[i].second) return a[i].second < b[i].second;
  }
  return false;
}

// Whether the metadata says that Prometheus did not know the type.
bool IsUnknown(const Metric& m) {
  const Value* type = m.metadata.Find("prometheus.type");
  return type != nullptr && type->is_string() && type->string() == "unknown";
}

std::string UpperName(exposition::Type type) { return absl::AsciiStrToUpper(A(exposition::TypeName(type))); }

}  // namespace

struct SeriesStore::Origin {
  const Map* resource;
  const Scope* scope;
  std::string_view schema_url;
  std::shared_ptr<const Target> target;
  int64_t now;
};

void SeriesStore::Add(const MetricsData& data, int64_t now) {
  for (const ResourceMetrics& r : data.resources) {
    Origin origin{&r.resource.attributes, nullptr, "", TargetOf(r.resource.attributes), now};
    for (const ScopeMetrics& s : r.scopes) {
      origin.scope = &s.scope;
      origin.schema_url = s.schema_url;
      for (const Metric& m : s.records) AddMetric(m, origin);
    }
  }
}

void SeriesStore::AddMetric(const Metric& m, const Origin& origin) {
  switch (m.type) {
    case MetricType::kGauge:
      return AddPoints(m, m.number_points, origin);
    case MetricType::kSum:
      // A delta that may fall has no Prometheus form.
      if (m.aggregation_temporality == kCumulative || (m.aggregation_temporality == kDelta && m.is_monotonic)) {
        AddPoints(m, m.number_points, origin);
      }
      return;
    case MetricType::kHistogram:
      if (m.aggregation_temporality == kCumulative || m.aggregation_temporality == kDelta) {
        AddPoints(m, m.histogram_points, origin);
      }
      return;
    case MetricType::kSummary:
      return AddPoints(m, m.summary_points, origin);
    case MetricType::kExponentialHistogram:
    case MetricType::kNone:
      log_.Error(
          "failed to translate metric",
          {{"data_type", m.type == MetricType::kNone ? "Empty" : "ExponentialHistogram"}, {"metric_name", m.name}});
      return;
  }
}

template <typename Point>
void SeriesStore::AddPoints(const Metric& m, const Vec<Point>& points, const Origin& origin) {
  for (const Point& p : points) {
    const std::string& key = KeyOf(m, p.attributes, origin);
    auto it = series_.find(key);
    if ((p.flags & kNoRecordedValue) != 0) {
      // The reference stops here too, whatever comes after.
      if (it != series_.end()) {
        series_.erase(it);
        arranged_ = false;
      }
      return;
    }
    bool redraw = false;
    if (it == series_.end()) {
      it = series_.emplace(key, std::make_unique<Series>()).first;
      Series& s = *it->second;
      s.name = m.name;
      s.type = m.type;
      s.order = next_order_++;
      s.attributes = LabelsOf(p.attributes, origin);
      s.Take(p);
      redraw = true;
    } else if (!Update(*it->second, m, p)) {
      continue;
    }
    Series& s = *it->second;
    s.updated = origin.now;
    const bool unknown = IsUnknown(m);
    redraw |= s.description != m.description || s.unit != m.unit || s.monotonic != m.is_monotonic ||
              s.unknown != unknown || s.target != origin.target;
    if (!redraw) continue;
    s.description = m.description;
    s.unit = m.unit;
    s.monotonic = m.is_monotonic;
    s.unknown = unknown;
    s.target = origin.target;
    s.Render(options_.naming);
    arranged_ = false;
  }
}

bool SeriesStore::Update(Series& s, const Metric& m, const NumberDataPoint& p) {
  if (p.time_unix_nano < s.time) return false;
  if (m.type == MetricType::kSum && m.aggregation_temporality == kDelta && p.start_time_unix_nano == s.time) {
    s.Accumulate(p);
  } else {
    s.Take(p);
  }
  return true;
}

bool SeriesStore::Update(Series& s, const Metric& m, const HistogramDataPoint& p) {
  if (m.aggregation_temporality == kCumulative) {
    if (p.time_unix_nano < s.time) return false;
    s.Take(p);
    return true;
  }
  if (p.start_time_unix_nano == s.time) {
    s.Accumulate(p);
    return true;
  }
  log_.Warn("Misaligned starting timestamps", {{"ip_start_time", UnixText(p.start_time_unix_nano)},
                                               {"pp_start_time", UnixText(s.start)},
                                               {"pp_timestamp", UnixText(s.time)},
                                               {"ip_timestamp", UnixText(p.time_unix_nano)}});
  if (p.start_time_unix_nano < s.time) {
    log_.Warn("Dropped misaligned histogram datapoint", {{"metric_name", m.name}});
    return false;
  }
  s.Take(p);  // the sender began anew
  return true;
}

bool SeriesStore::Update(Series& s, const Metric&, const SummaryDataPoint& p) {
  if (p.time_unix_nano < s.time) return false;
  s.Take(p);
  return true;
}

void SeriesStore::GatherAttributes(const Map& attributes, const Origin& origin,
                                   std::vector<const KeyValue*>& out) const {
  out.clear();
  for (const KeyValue& kv : attributes) {
    // The resource's value wins where both have the key.
    if (!options_.resource_labels || origin.resource->Find(kv.key) == nullptr) out.push_back(&kv);
  }
  if (options_.resource_labels) {
    for (const KeyValue& kv : *origin.resource) out.push_back(&kv);
  }
}

const std::string& SeriesStore::KeyOf(const Metric& m, const Map& attributes, const Origin& origin) {
  key_.clear();
  key_ += static_cast<char>(m.type);
  AppendPart(key_, m.name);
  AppendPart(key_, origin.scope->name);
  AppendPart(key_, origin.scope->version);
  AppendPart(key_, origin.schema_url);
  sorted_.clear();
  for (const KeyValue& kv : origin.scope->attributes) sorted_.push_back(&kv);
  AppendSorted(key_, sorted_);
  GatherAttributes(attributes, origin, sorted_);
  AppendSorted(key_, sorted_);
  AppendPart(key_, origin.target->job.value_or(""));
  AppendPart(key_, origin.target->instance.value_or(""));
  return key_;
}

exposition::LabelPairs SeriesStore::LabelsOf(const Map& attributes, const Origin& origin) const {
  exposition::LabelPairs out;
  std::vector<const KeyValue*> all;
  GatherAttributes(attributes, origin, all);
  for (const KeyValue* kv : all) out.emplace_back(exposition::LabelName(kv->key), kv->value.AsString());
  for (const KeyValue& kv : origin.scope->attributes) {
    out.emplace_back(exposition::LabelName("otel_scope_" + std::string(kv.key)), kv.value.AsString());
  }
  out.emplace_back("otel_scope_name", origin.scope->name);
  out.emplace_back("otel_scope_version", origin.scope->version);
  out.emplace_back("otel_scope_schema_url", origin.schema_url);
  return out;
}

std::shared_ptr<const Target> SeriesStore::TargetOf(const Map& resource) {
  std::string key;
  for (const KeyValue& kv : resource) {
    AppendPart(key, kv.key);
    AppendPart(key, kv.value);
  }
  std::shared_ptr<const Target>& target = targets_[key];
  if (target == nullptr) target = std::make_shared<const Target>(MakeTarget(resource));
  return target;
}

void SeriesStore::Expire(int64_t limit) {
  const size_t removed = std::erase_if(series_, [limit](const auto& entry) { return entry.second->updated < limit; });
  if (removed > 0) {
    // families_ points to series that are gone.
    families_.clear();
    arranged_ = false;
  }
  std::erase_if(targets_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

void SeriesStore::Complain(LogLevel level, std::string message, std::vector<LogField> fields) {
  complaints_.push_back({level, std::move(message), std::move(fields)});
}

void SeriesStore::Arrange() {
  arranged_ = true;
  families_.clear();
  complaints_.clear();
  std::vector<const Series*> all;
  all.reserve(series_.size());
  for (const auto& [key, s] : series_) all.push_back(s.get());
  std::sort(all.begin(), all.end(), [](const Series* a, const Series* b) { return a->order < b->order; });

  std::string info_name = exposition::CleanName(options_.naming.name_space);
  info_name += info_name.empty() ? "target_info" : "_target_info";
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Series* s : all) {
    const Target& t = *s->target;
    if (t.info.empty() || !seen.emplace(*t.job, *t.instance).second) continue;
    if (!t.problem.empty()) {
      Complain(LogLevel::kError, absl::StrCat("failed to convert metric target_info: ", t.problem));
      continue;
    }
    Family& family =
        families_.try_emplace(info_name, Family{"Target metadata", exposition::Type::kGauge, 0, {}, {}}).first->second;
    family.targets.push_back(&t);
  }

  std::map<std::string_view, std::set<std::string_view>> shown;  // label texts of each family
  for (const Series* s : all) {
    if (!s->problem.empty()) {
      Complain(LogLevel::kError, absl::StrCat("failed to convert metric ", s->name, ": ", s->problem));
      continue;
    }
    const auto& [help, type] = definitions_.try_emplace(s->family, s->description, s->shown_as).first->second;
    auto it = families_.try_emplace(s->family, Family{help, type, s->order + 1, {}, {}}).first;
    Family& family = it->second;
    if (family.type != s->shown_as) {
      Complain(LogLevel::kError,
               absl::StrCat("failed to convert metric ", s->name,
                            ": instrument type conflict, using existing type definition. instrument: ", s->family,
                            ", existing: ", UpperName(family.type), ", dropped: ", UpperName(s->shown_as)));
      continue;
    }
    if (family.help != s->description) {
      Complain(LogLevel::kInfo, "Instrument description conflict, using existing",
               {{"instrument", s->family}, {"existing", family.help}, {"dropped", s->description}});
    }
    if (!shown[it->first].insert(s->label_text).second) {
      Complain(LogLevel::kError,
               absl::StrCat("failed to convert metric ", s->name, ": collected metric \"", s->family, "\" { ",
                            s->label_text, " } was collected before with the same name and label values"));
      continue;
    }
    family.series.push_back(s);
  }
  std::erase_if(definitions_, [this](const auto& definition) {
    auto family = families_.find(definition.first);
    if (family == families_.end()) return true;
    if (!family->second.series.empty()) return false;
    arranged_ = false;  // only series of another type are left: they are shown from the next page on
    return true;
  });
  DropCollisions();
  for (auto& [name, family] : families_) {
    std::stable_sort(family.series.begin(), family.series.end(),
                     [](const Series* a, const Series* b) { return BeforeInFamily(a->labels, b->labels); });
    std::stable_sort(family.targets.begin(), family.targets.end(),
                     [](const Target* a, const Target* b) { return BeforeInFamily(a->info, b->info); });
  }
}

// `lat` as histogram writes lat_count too: a metric of that name would spoil the page. The one that came first stays.
void SeriesStore::DropCollisions() {
  std::set<std::string> dropped;
  for (const auto& [name, family] : families_) {
    if (family.type != exposition::Type::kHistogram && family.type != exposition::Type::kSummary) continue;
    for (const char* suffix : {"_bucket", "_sum", "_count"}) {
      if (suffix[1] == 'b' && family.type == exposition::Type::kSummary) continue;
      auto other = families_.find(name + suffix);
      if (other == families_.end()) continue;
      const bool other_came_first = other->second.order < family.order;
      dropped.insert(other_came_first ? name : other->first);
      Complain(LogLevel::kError, absl::StrCat("failed to convert metric ", other_came_first ? name : other->first,
                                              ": collected metric named \"", other_came_first ? name : other->first,
                                              "\" collides with previously collected metric named \"",
                                              other_came_first ? other->first : name, "\""));
    }
  }
  // Nor may two names be one on the page.
  std::map<std::string, std::string> shown;
  for (const auto& [name, family] : families_) {
    auto [it, inserted] = shown.try_emplace(exposition::EscapeMetricName(name), name);
    if (inserted || dropped.count(name) != 0) continue;
    dropped.insert(name);
    Complain(LogLevel::kError, absl::StrCat("failed to convert metric ", name, ": it is shown by the name of \"",
                                            it->second, "\""));
  }
  for (const std::string& name : dropped) families_.erase(name);
}

std::string SeriesStore::Write(exposition::Format format, bool timestamps) {
  if (!arranged_) Arrange();
  for (const Complaint& c : complaints_) log_.Log(c.level, c.message, c.fields);
  exposition::Page page(format, last_page_size_ + last_page_size_ / 8 + 256);
  for (const auto& [name, family] : families_) {
    if (family.series.empty() && family.targets.empty()) continue;
    page.Family(name, family.help, family.type);
    for (const Target* t : family.targets) page.Value(exposition::RenderLabels(t->info), 1);
    for (const Series* s : family.series) s->Write(page, timestamps);
  }
  std::string out = page.Finish();
  last_page_size_ = out.size();
  return out;
}

}  // namespace otelpipe::prometheus
