#include "shared/own_telemetry/console.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/text.h"

namespace otelpipe::own_telemetry {
namespace {

// JSON as Go's encoder indents it: empty lists and objects on one line.
class Writer {
 public:
  Writer(std::string& out, std::string_view indent) : out_(out), indent_(indent) {}

  void Open(char bracket) {
    out_ += bracket;
    ++depth_;
    first_ = true;
  }
  void Close(char bracket) {
    --depth_;
    if (!first_) NewLine();
    out_ += bracket;
    first_ = false;
  }
  void Key(std::string_view key) {
    Next();
    Quote(key);
    out_ += ": ";
  }
  void Next() {
    if (!first_) out_ += ',';
    first_ = false;
    NewLine();
  }
  void Raw(std::string_view text) { out_ += text; }
  void Quote(std::string_view text) { AppendJsonString(out_, text); }
  void Text(std::string_view key, std::string_view value) {
    Key(key);
    Quote(value);
  }
  template <typename N>
  void Number(std::string_view key, N value) {
    Key(key);
    absl::StrAppend(&out_, value);
  }
  void Time(std::string_view key, uint64_t nanos) {
    Key(key);
    Quote(S(absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixNanos(static_cast<int64_t>(nanos)), absl::UTCTimeZone())));
  }

 private:
  void NewLine() {
    out_ += '\n';
    for (int i = 0; i < depth_; ++i) out_ += indent_;
  }
  std::string& out_;
  const std::string_view indent_;
  int depth_ = 0;
  bool first_ = true;
};

enum class Style { kAttribute, kLog };  // how types are named: STRING, INT64; or String, Int64

std::string_view TypeName(const Value& v, Style style) {
  const bool log = style == Style::kLog;
  switch (v.kind()) {
    case ValueKind::kString: return log ? "String" : "STRING";
    case ValueKind::kBool: return log ? "Bool" : "BOOL";
    case ValueKind::kInt: return log ? "Int64" : "INT64";
    case ValueKind::kDouble: return log ? "Float64" : "FLOAT64";
    case ValueKind::kBytes: return log ? "Bytes" : "BYTES";
    case ValueKind::kList: return log ? "Slice" : "SLICE";
    case ValueKind::kMap: return log ? "Map" : "MAP";
    case ValueKind::kEmpty: break;
  }
  return log ? "Empty" : "EMPTY";
}

void WriteMap(Writer& w, const Map& map, Style style);

void WriteValue(Writer& w, const Value& v, Style style) {
  w.Open('{');
  w.Text("Type", TypeName(v, style));
  w.Key("Value");
  switch (v.kind()) {
    case ValueKind::kBool: w.Raw(v.boolean() ? "true" : "false"); break;
    case ValueKind::kInt: w.Raw(S(absl::StrCat(v.integer()))); break;
    case ValueKind::kDouble: std::isfinite(v.number()) ? w.Raw(v.AsString()) : w.Quote(v.AsString()); break;
    case ValueKind::kList:
      w.Open('[');
      for (const Value& item : v.list()) {
        w.Next();
        WriteValue(w, item, style);
      }
      w.Close(']');
      break;
    case ValueKind::kMap: WriteMap(w, v.map(), style); break;
    case ValueKind::kEmpty: w.Raw("null"); break;
    case ValueKind::kString:
    case ValueKind::kBytes: w.Quote(v.AsString()); break;
  }
  w.Close('}');
}

void WriteMap(Writer& w, const Map& map, Style style) {
  w.Open('[');
  for (const KeyValue& kv : map) {
    w.Next();
    w.Open('{');
    w.Text("Key", kv.key);
    w.Key("Value");
    WriteValue(w, kv.value, style);
    w.Close('}');
  }
  w.Close(']');
}

void WriteAttributes(Writer& w, std::string_view key, const Map& map, Style style) {
  w.Key(key);
  if (map.empty()) return w.Raw(style == Style::kLog ? "[]" : "null");
  WriteMap(w, map, style);
}

void WriteScope(Writer& w, const Scope& scope, std::string_view schema_url) {
  w.Key("Scope");
  w.Open('{');
  w.Text("Name", scope.name);
  w.Text("Version", scope.version);
  w.Text("SchemaURL", schema_url);
  WriteAttributes(w, "Attributes", scope.attributes, Style::kAttribute);
  w.Close('}');
}

template <typename Point>
void WritePointHead(Writer& w, const Point& p) {
  w.Key("Attributes");
  WriteMap(w, p.attributes, Style::kAttribute);
  w.Time("StartTime", p.start_time_unix_nano);
  w.Time("Time", p.time_unix_nano);
}

void WriteMetric(Writer& w, const Metric& m) {
  w.Open('{');
  w.Text("Name", m.name);
  w.Text("Description", m.description);
  w.Text("Unit", m.unit);
  w.Key("Data");
  w.Open('{');
  w.Key("DataPoints");
  w.Open('[');
  for (const NumberDataPoint& p : m.number_points) {
    w.Next();
    w.Open('{');
    WritePointHead(w, p);
    w.Key("Value");
    w.Raw((p.value_kind == NumberKind::kInt ? Value::Int(p.as_int) : Value::Double(p.as_double)).AsString());
    w.Close('}');
  }
  for (const HistogramDataPoint& p : m.histogram_points) {
    w.Next();
    w.Open('{');
    WritePointHead(w, p);
    w.Number("Count", p.count);
    w.Key("Bounds");
    w.Open('[');
    for (const double b : p.explicit_bounds) {
      w.Next();
      w.Raw(Value::Double(b).AsString());
    }
    w.Close(']');
    w.Key("BucketCounts");
    w.Open('[');
    for (const uint64_t n : p.bucket_counts) {
      w.Next();
      w.Raw(S(absl::StrCat(n)));
    }
    w.Close(']');
    w.Key("Sum");
    w.Raw(Value::Double(p.sum).AsString());
    w.Close('}');
  }
  w.Close(']');
  if (m.type != MetricType::kGauge) {
    w.Text("Temporality", m.aggregation_temporality == 1 ? "DeltaTemporality" : "CumulativeTemporality");
    if (m.type == MetricType::kSum) {
      w.Key("IsMonotonic");
      w.Raw(m.is_monotonic ? "true" : "false");
    }
  }
  w.Close('}');
  w.Close('}');
}

}  // namespace

std::string LogsAsJson(const LogsData& data) {
  std::string out;
  for (const ResourceLogs& resource : data.resources) {
    for (const ScopeLogs& scope : resource.scopes) {
      for (const LogRecord& r : scope.records) {
        Writer w(out, "\t");
        w.Open('{');
        w.Time("Timestamp", r.time_unix_nano);
        w.Time("ObservedTimestamp", r.observed_time_unix_nano);
        w.Number("Severity", r.severity_number);
        w.Text("SeverityText", r.severity_text);
        w.Key("Body");
        WriteValue(w, r.body, Style::kLog);
        WriteAttributes(w, "Attributes", r.attributes, Style::kLog);
        w.Text("TraceID", "00000000000000000000000000000000");
        w.Text("SpanID", "0000000000000000");
        w.Text("TraceFlags", "00");
        WriteAttributes(w, "Resource", resource.resource.attributes, Style::kAttribute);
        WriteScope(w, scope.scope, scope.schema_url);
        w.Number("DroppedAttributes", r.dropped_attributes_count);
        w.Close('}');
        out += '\n';
      }
    }
  }
  return out;
}

std::string MetricsAsJson(const MetricsData& data) {
  std::string out;
  for (const ResourceMetrics& resource : data.resources) {
    Writer w(out, "  ");
    w.Open('{');
    WriteAttributes(w, "Resource", resource.resource.attributes, Style::kAttribute);
    w.Key("ScopeMetrics");
    w.Open('[');
    for (const ScopeMetrics& scope : resource.scopes) {
      w.Next();
      w.Open('{');
      WriteScope(w, scope.scope, scope.schema_url);
      w.Key("Metrics");
      w.Open('[');
      for (const Metric& m : scope.records) {
        w.Next();
        WriteMetric(w, m);
      }
      w.Close(']');
      w.Close('}');
    }
    w.Close(']');
    w.Close('}');
    out += '\n';
  }
  return out;
}

void WriteToConsole(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace otelpipe::own_telemetry
