#include <ctime>

#include "exporter/debug/text.h"
#include "exporter/debug/text_inl.h"

namespace otelpipe::debug_text {
namespace {

void SpacedAttributes(Lines& out, const Map& map) {
  for (const KeyValue& kv : map) out.Put(" ").Put(kv.key).Put("=").PutValue(kv.value);
}

void Record(Lines& out, const LogRecord& record) {
  out.PutValue(record.body);
  // The space after the body stands without attributes, too.
  if (record.attributes.empty()) out.Put(" ");
  SpacedAttributes(out, record.attributes);
  out.End();
}

void Record(Lines& out, const Span& span) {
  out.Put(span.name).Put(" ").PutId(span.trace_id).Put(" ").PutId(span.span_id);
  SpacedAttributes(out, span.attributes);
  out.End();
}

void PointName(Lines& out, const Metric& metric, const Map& attributes) {
  out.Put(metric.name).Put("{");
  bool first = true;
  for (const KeyValue& kv : attributes) {
    if (!first) out.Put(",");
    first = false;
    out.Put(kv.key).Put("=").PutValue(kv.value);
  }
  out.Put("}");
}

template <typename Point>
void CountAndSum(Lines& out, const Point& point) {
  out.Put(" count=").Put(point.count);
  if (point.has_sum) out.Put(" sum=").PutShort(point.sum);
  if (point.has_min) out.Put(" min=").PutShort(point.min);
  if (point.has_max) out.Put(" max=").PutShort(point.max);
}

void Record(Lines& out, const Metric& metric) {
  for (const NumberDataPoint& point : metric.number_points) {
    PointName(out, metric, point.attributes);
    out.Put(" ");
    if (point.value_kind == NumberKind::kInt) out.PutInt(point.as_int);
    if (point.value_kind == NumberKind::kDouble) out.PutShort(point.as_double);
    out.End();
  }
  for (const HistogramDataPoint& point : metric.histogram_points) {
    PointName(out, metric, point.attributes);
    CountAndSum(out, point);
    for (size_t i = 0; i < point.bucket_counts.size(); ++i) {
      out.Put(" ");
      if (i < point.explicit_bounds.size()) out.Put("le").PutShort(point.explicit_bounds[i]).Put("=");
      out.Put(point.bucket_counts[i]);
    }
    out.End();
  }
  for (const ExponentialHistogramDataPoint& point : metric.exponential_points) {
    PointName(out, metric, point.attributes);
    CountAndSum(out, point);
    out.End();
  }
  for (const SummaryDataPoint& point : metric.summary_points) {
    PointName(out, metric, point.attributes);
    out.Put(" count=").Put(point.count).Put(" sum=").PutFixed(point.sum);
    for (const QuantileValue& q : point.quantile_values) out.Put(" q").PutShort(q.quantile).Put("=").PutShort(q.value);
    out.End();
  }
}

template <typename Data>
std::string Tree(const Data& data, std::string_view resource_title, std::string_view scope_title) {
  std::string text;
  Lines out(text);
  for (size_t i = 0; i < data.resources.size(); ++i) {
    const auto& resource = data.resources[i];
    out.Put(resource_title).Put(" #").Put(i);
    if (!resource.schema_url.empty()) out.Put(" [").Put(resource.schema_url).Put("]");
    SpacedAttributes(out, resource.resource.attributes);
    out.End();
    for (const auto& scope : resource.scopes) {
      // The reference counts resources here, not scopes.
      out.Put(scope_title).Put(" #").Put(i);
      if (!scope.scope.name.empty() || !scope.scope.version.empty()) out.Put(" ").Put(scope.scope.name);
      if (!scope.scope.version.empty()) out.Put("@").Put(scope.scope.version);
      if (!scope.schema_url.empty()) out.Put(" [").Put(scope.schema_url).Put("]");
      SpacedAttributes(out, scope.scope.attributes);
      out.End();
      for (const auto& record : scope.records) Record(out, record);
    }
  }
  return text;
}

}  // namespace

void AppendTime(std::string& out, uint64_t unix_nanos) {
  int64_t nanos = static_cast<int64_t>(unix_nanos);
  int64_t seconds = nanos / 1000000000;
  int64_t fraction = nanos % 1000000000;
  if (fraction < 0) {
    fraction += 1000000000;
    --seconds;
  }
  std::time_t time = seconds;
  std::tm utc{};
  gmtime_r(&time, &utc);
  char buffer[32];
  out.append(buffer, std::strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M:%S", &utc));
  if (fraction != 0) {
    char digits[9];
    for (int i = 8; i >= 0; --i) {
      digits[i] = static_cast<char>('0' + fraction % 10);
      fraction /= 10;
    }
    size_t n = 9;
    while (digits[n - 1] == '0') --n;
    out += '.';
    out.append(digits, n);
  }
  out += " +0000 UTC";
}

std::string Normal(const LogsData& data) { return Tree(data, "ResourceLog", "ScopeLog"); }
std::string Normal(const TracesData& data) { return Tree(data, "ResourceTraces", "ScopeTraces"); }
std::string Normal(const MetricsData& data) { return Tree(data, "ResourceMetrics", "ScopeMetrics"); }

}  // namespace otelpipe::debug_text
